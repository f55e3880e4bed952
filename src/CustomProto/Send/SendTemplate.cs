using System.Runtime.InteropServices;
using CustomProto.Abi;
using CustomProto.Protocol;

namespace CustomProto.Send;

/// <summary>
/// The frame that the in-kernel sender completes: everything that is the same in all, zeros where they differ, and the sum over it.
/// </summary>
sealed class SendTemplate
{
    readonly SendConfig _config;

    /// <summary>The sum over all that doesn't vary, in words as they lie in memory.</summary>
    readonly uint _rest;

    /// <summary>Makes it.</summary>
    /// <param name="headers">The headers.</param>
    /// <param name="options">What varies.</param>
    /// <param name="interfaceIndex">The interface to leave by.</param>
    /// <param name="isPaced">Whether the program keeps the pace.</param>
    /// <param name="payload">The UDP payload, with room for the stamp at its end if there is one.</param>
    internal unsafe SendTemplate(in FrameHeaders headers, SendOptions options, int interfaceIndex, bool isPaced, ReadOnlySpan<byte> payload)
    {
        var variesPorts = options.SourcePortCount > 1;
        var type = options.TypeCycle.Count > 0 ? options.Protocol.Type : null;
        var frames = new FrameBuilder(variesPorts ? headers with { SourcePort = 0 } : headers);
        byte[] varied = [.. payload];
        var typeOffset = 0;
        if (type is not null)
        {
            options.Protocol.Write(type, varied, 0);
            typeOffset = type.Offset + (options.Protocol.ByteOrder == ByteOrder.BigEndian ? type.Width - 1 : 0);
        }

        if (options.Stamp)
        {
            varied.AsSpan(varied.Length - Stamps.Length).Clear();
        }

        Frame = new byte[frames.HeaderLength + varied.Length];
        frames.Build(Frame, varied, identification: 0);

        // The checksum of what is zero where packets differ is the sum of everything else, inverted.
        var udp = Frame.AsSpan(frames.UdpOffset);
        _rest = (ushort)~MemoryMarshal.Read<ushort>(udp[6..]);
        var length = Frame.Length - (options.Stamp ? Stamps.Length : 0);
        Layout = new SendLayout(
            Frame.Length,
            frames.UdpOffset,
            frames.HeaderLength + typeOffset,
            options.Stamp ? length : 0,
            length - SendLimit.Block);

        var isUpperInMemory = BitConverter.IsLittleEndian == ((FrameBuilder.UdpHeaderLength + typeOffset) % 2 == 1);
        _config = new SendConfig
        {
            Ifindex = (uint)interfaceIndex,
            Stride = 1,
            FirstPort = (ushort)headers.SourcePort,
            PortCount = (ushort)(variesPorts ? options.SourcePortCount : 0),
            TypeCount = (byte)(type is null ? 0 : options.TypeCycle.Count),
            TypeShift = (byte)(isUpperInMemory ? 8 : 0),
            Stamped = options.Stamp ? (byte)1 : (byte)0,
            StampIsOdd = (byte)(varied.Length % 2),
            Paced = isPaced ? (byte)1 : (byte)0,
            Length = (ushort)length,
            Blocks = BlocksFor(length),
        };
        for (var i = 0; i < _config.TypeCount; i++)
        {
            _config.Types[i] = (byte)options.TypeCycle[i];
        }
    }

    /// <summary>The frame.</summary>
    internal byte[] Frame { get; }

    /// <summary>Where what varies is.</summary>
    internal SendLayout Layout { get; }

    /// <summary>How many blocks there are before the last one, which takes what is left; 0 for more than there may be.</summary>
    static ushort BlocksFor(int length) => (length - 1) / SendLimit.Block is <= SendLimit.MaxBlocks and var blocks ? (ushort)blocks : (ushort)0;

    /// <summary>Loads the programs of several threads that take turns: with sequence numbers, ports and types.</summary>
    /// <exception cref="NativeException">A capability is missing, or the kernel is too old.</exception>
    internal SendProgram[] Load(int threads)
    {
        var config = _config;
        config.Stride = (uint)threads;
        config.PortStride = (ushort)(config.PortCount == 0 ? 0 : threads % config.PortCount);
        config.TypeStride = (byte)(config.TypeCount == 0 ? 0 : threads % config.TypeCount);
        var programs = new SendProgram[threads];
        try
        {
            for (var thread = 0; thread < threads; thread++)
            {
                programs[thread] = SendProgram.Load(Layout, config);
                ref var state = ref programs[thread].State;
                state.PortIndex = (uint)(config.PortCount == 0 ? 0 : thread % config.PortCount);
                state.TypeIndex = (uint)(config.TypeCount == 0 ? 0 : thread % config.TypeCount);
            }

            return programs;
        }
        catch
        {
            foreach (var program in programs)
            {
                program?.Dispose();
            }

            throw;
        }
    }

    /// <summary>Tells a program that isn't run what doesn't vary.</summary>
    internal unsafe void WriteTo(ref SendState state)
    {
        state.Rest = _rest;
        fixed (byte* frame = state.Frame)
        {
            Frame.CopyTo(new Span<byte>(frame, SendLimit.MaxFrame));
        }
    }

    /// <summary>Whether programs that were loaded for another template do for this one, too.</summary>
    internal bool SharesProgramsWith(SendTemplate other) =>
        Layout == other.Layout && MemoryMarshal.AsBytes(new ReadOnlySpan<SendConfig>(in _config)).SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<SendConfig>(in other._config)));
}
