using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CustomProto.Protocol;

namespace CustomProto.Capture;

/// <summary>
/// Writes messages to a pcapng file that Wireshark and the like read: times to the nanosecond, the direction, what was lost before a packet,
/// the program's verdict, why a packet was rejected, and at the end what each interface received and lost. For one thread at a time.
/// </summary>
/// <remarks>
/// A message is a UDP payload and what is known of its packet, not a frame, so the frame is built anew (the file's comment says so): addresses,
/// ports, VLAN ids and payload are the packet's own; options, time to live, identification and traffic class aren't recorded and are made
/// up. Data that wasn't captured is missing in the frame too, and the packet's original length tells.
/// </remarks>
public sealed class CaptureWriter : IDisposable
{
    /// <summary>Above this what was collected goes to the file.</summary>
    const int FlushAt = 1 << 16;

    const string UnwritableId = "CaptureUnwritable";
    const ushort Ethernet = 1;
    const byte Nanoseconds = 9;

    const string Comment =
        "Frames are built anew from what CustomProto's kernel program recorded: MAC addresses, VLAN ids, IP addresses, ports and the UDP payload are the packet's own; "
        + "IP options, extension headers, TTL, identification, traffic class and padding are not recorded and made up. Lengths and checksums are right; "
        + "a UDP checksum of 0 says that the payload isn't whole here. A comment such as 'CustomProto: Fragment' says why the program rejected a packet, "
        + "which the frame itself may not show.";

    readonly Stream _stream;
    readonly string _name;
    readonly PcapngBlockWriter _blocks = new();
    readonly List<Interface> _interfaces = [];
    int _current;
    int _start;
    bool _hasFailed;
    bool _isDisposed;

    /// <summary>Writes to a stream, which is closed with this writer.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="name">What messages call it: the path of the file.</param>
    public CaptureWriter(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentException.ThrowIfNullOrEmpty(name);
        _stream = stream;
        _name = name;
        WriteSectionHeader();
    }

    /// <summary>How many packets were written.</summary>
    public long Packets { get; private set; }

    /// <summary>How many messages were lost before packets that were written.</summary>
    public long Lost { get; private set; }

    /// <summary>How many bytes the file has, once all is written.</summary>
    public long Length { get; private set; }

    /// <summary>Whether packets that are no messages are recorded too, by readers that get them (<see cref="Receive.ReaderFilter.IncludeRejected"/>).</summary>
    public bool IncludeRejected { get; set; }

    /// <summary>When the last packet was seen, in nanoseconds of CLOCK_MONOTONIC; 0 where that isn't known.</summary>
    public long LastMonotonicNanoseconds { get; private set; }

    /// <summary>Makes a file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="overwrite">Whether a file that is there is replaced.</param>
    /// <exception cref="CustomProtoException">It can't be made (CaptureUnwritable), or is there and not to be replaced (CaptureExists).</exception>
    public static CaptureWriter Create(string path, bool overwrite)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            // What is collected here is written whole, so another buffer would only copy.
            return new CaptureWriter(new FileStream(path, overwrite ? FileMode.Create : FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0), path);
        }
        catch (IOException) when (!overwrite && File.Exists(path))
        {
            throw new CustomProtoException(
                FailureKind.Exists, "CaptureExists", $"The file '{path}' is there already.", "Name another one, or leave out -NoClobber to replace it.", path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Unwritable(path, exception);
        }
    }

    /// <summary>Writes a message, in the frame that it came in as far as that is known.</summary>
    /// <exception cref="ArgumentException">The message wasn't on a network: make a frame of it first.</exception>
    /// <exception cref="CustomProtoException">The file can't be written (CaptureUnwritable).</exception>
    public void Write(CustomMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message.Direction == PacketDirection.None)
        {
            throw new ArgumentException("The message was not on a network, so there is no frame that it came in.", nameof(message));
        }

        Write(message.Packet, message.Payload, message.Definition.HeaderSize + message.Length + message.TrailingBytes, message.LostBefore);
    }

    /// <summary>Writes a packet that is no message, in a frame as far as it is known, with the reason as its comment.</summary>
    /// <exception cref="CustomProtoException">The file can't be written (CaptureUnwritable).</exception>
    public void Write(RejectedPacket rejected)
    {
        ArgumentNullException.ThrowIfNull(rejected);
        Write(rejected.Packet, rejected.Payload, rejected.Length, lostBefore: 0, rejected.Reason);
    }

    /// <summary>Writes a packet of which the UDP payload is known, and the headers as numbers.</summary>
    /// <param name="packet">What is known of the packet.</param>
    /// <param name="payload">What was captured of the UDP payload.</param>
    /// <param name="length">How long the UDP payload was.</param>
    /// <param name="lostBefore">How many messages were lost before it.</param>
    /// <param name="reason">Why it was rejected, if it was.</param>
    /// <exception cref="CustomProtoException">The file can't be written (CaptureUnwritable).</exception>
    internal void Write(
        in PacketMetadata packet, ReadOnlySpan<byte> payload, int length, long lostBefore, RejectReason reason = RejectReason.None)
    {
        length = Math.Max(length, payload.Length);
        var headers = FrameImage.HeaderLength(packet);
        var frame = BeginPacket(packet, headers + payload.Length, headers + length);
        FrameImage.Write(frame, packet, payload, length);
        EndPacket(packet, lostBefore, reason);
    }

    /// <summary>Writes a frame that was made here.</summary>
    /// <param name="frame">The frame, from the Ethernet header on.</param>
    /// <param name="packet">When, where and in which direction.</param>
    /// <exception cref="CustomProtoException">The file can't be written (CaptureUnwritable).</exception>
    public void WriteFrame(ReadOnlySpan<byte> frame, in PacketMetadata packet = default)
    {
        frame.CopyTo(BeginPacket(packet, frame.Length, frame.Length));
        EndPacket(packet, lostBefore: 0, RejectReason.None);
    }

    /// <summary>Sees to it that what was written is in the file.</summary>
    /// <exception cref="CustomProtoException">The file can't be written (CaptureUnwritable).</exception>
    public void Flush()
    {
        if (_blocks.Length == 0)
        {
            return;
        }

        try
        {
            _stream.Write(_blocks.Written);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            _hasFailed = true;
            throw Unwritable(_name, exception);
        }
        finally
        {
            // Nothing is written twice, and a disk that is full doesn't fill the memory.
            _blocks.Clear();
        }
    }

    /// <summary>Ends the file: writes what each interface received and lost, and closes it.</summary>
    /// <exception cref="CustomProtoException">The file can't be written (CaptureUnwritable); it is closed nevertheless.</exception>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        try
        {
            // A file that couldn't be written is said once, and has no end.
            for (var index = 0; index < _interfaces.Count && !_hasFailed; index++)
            {
                WriteStatistics(index, _interfaces[index]);
            }

            if (!_hasFailed)
            {
                Flush();
            }
        }
        finally
        {
            _stream.Dispose();
        }
    }

    Span<byte> BeginPacket(in PacketMetadata packet, int captured, int original)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var time = packet.TimestampSource == TimestampSource.None ? Now() : packet.UnixNanoseconds;
        var index = FindInterface(packet.Interface ?? "");
        ref var known = ref CollectionsMarshal.AsSpan(_interfaces)[index];
        known = known with { Packets = known.Packets + 1, LastTime = Math.Max(known.LastTime, time) };
        LastMonotonicNanoseconds = packet.MonotonicNanoseconds;
        _current = index;
        _start = _blocks.Length;
        _blocks.Begin(PcapngBlocks.EnhancedPacket);
        _blocks.UInt32((uint)index);
        _blocks.Time(time);
        _blocks.UInt32((uint)captured);
        _blocks.UInt32((uint)original);
        return _blocks.Bytes(captured);
    }

    void EndPacket(in PacketMetadata packet, long lostBefore, RejectReason reason)
    {
        if (reason != RejectReason.None)
        {
            _blocks.Option(PcapngBlocks.Comment, RejectionComment.For(reason));
        }

        if (packet.Direction != PacketDirection.None)
        {
            _blocks.Option(PcapngBlocks.PacketFlags, packet.Direction == PacketDirection.Egress ? PcapngBlocks.FlagsOutbound : PcapngBlocks.FlagsInbound);
        }

        if (lostBefore > 0)
        {
            _blocks.Option(PcapngBlocks.PacketDropCount, (ulong)lostBefore);
            ref var known = ref CollectionsMarshal.AsSpan(_interfaces)[_current];
            known = known with { Lost = known.Lost + lostBefore };
        }

        if (packet.Verdict is { Hook: not 0 } verdict)
        {
            Span<byte> value = stackalloc byte[1 + sizeof(ulong)];
            value[0] = verdict.Hook;
            BinaryPrimitives.WriteInt64LittleEndian(value[1..], verdict.Value);
            _blocks.Option(PcapngBlocks.PacketVerdict, value);
        }

        _blocks.EndOptions();
        _blocks.End();
        Packets++;
        Lost += lostBefore;
        Length += _blocks.Length - _start;
        if (_blocks.Length >= FlushAt)
        {
            Flush();
        }
    }

    /// <summary>The number of an interface, which is described before its first packet.</summary>
    int FindInterface(string name)
    {
        for (var index = 0; index < _interfaces.Count; index++)
        {
            if (ReferenceEquals(_interfaces[index].Name, name) || _interfaces[index].Name == name)
            {
                return index;
            }
        }

        var start = _blocks.Length;
        _blocks.Begin(PcapngBlocks.InterfaceDescription);
        _blocks.UInt16(Ethernet);
        _blocks.UInt16(0);
        _blocks.UInt32(0);
        if (name.Length > 0)
        {
            _blocks.Option(PcapngBlocks.InterfaceName, name);
        }

        _blocks.Option(PcapngBlocks.InterfaceTimeResolution, [Nanoseconds]);
        _blocks.EndOptions();
        _blocks.End();
        Length += _blocks.Length - start;
        _interfaces.Add(new Interface(name, 0, 0, 0));
        return _interfaces.Count - 1;
    }

    void WriteSectionHeader()
    {
        const ulong UnknownLength = ulong.MaxValue;
        _blocks.Begin(PcapngBlocks.SectionHeader);
        _blocks.UInt32(PcapngBlocks.ByteOrderMagic);
        _blocks.UInt16(PcapngBlocks.MajorVersion);
        _blocks.UInt16(0);
        _blocks.UInt64(UnknownLength);
        _blocks.Option(PcapngBlocks.Comment, Comment);
        _blocks.Option(PcapngBlocks.SectionSystem, RuntimeInformation.OSDescription);
        _blocks.Option(PcapngBlocks.SectionApplication, $"CustomProto {typeof(CaptureWriter).Assembly.GetName().Version}");
        _blocks.EndOptions();
        _blocks.End();
        Length += _blocks.Length;
    }

    /// <summary>What came in on an interface is what is in the file and what was lost.</summary>
    void WriteStatistics(int index, in Interface known)
    {
        var start = _blocks.Length;
        _blocks.Begin(PcapngBlocks.InterfaceStatistics);
        _blocks.UInt32((uint)index);
        _blocks.Time(known.LastTime);
        _blocks.Option(PcapngBlocks.StatisticsReceived, (ulong)(known.Packets + known.Lost));
        _blocks.Option(PcapngBlocks.StatisticsDropped, (ulong)known.Lost);
        _blocks.Option(PcapngBlocks.StatisticsDelivered, (ulong)known.Packets);
        _blocks.EndOptions();
        _blocks.End();
        Length += _blocks.Length - start;
    }

    /// <summary>Whether it is the file that failed.</summary>
    internal static bool IsOwn(CustomProtoException failure) => failure.ErrorId == UnwritableId;

    static long Now() => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;

    static CustomProtoException Unwritable(string name, Exception cause) => new(
        FailureKind.InvalidArgument,
        UnwritableId,
        $"Cannot write the capture '{name}': {FileProblem.Describe(name, cause)}.",
        "Name a file in a folder that this user may write to, on a disk with room.",
        name,
        cause);

    /// <summary>What is known of an interface.</summary>
    readonly record struct Interface(string Name, long Packets, long Lost, long LastTime);
}
