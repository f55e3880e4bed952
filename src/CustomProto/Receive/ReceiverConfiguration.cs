using System.Numerics;
using CustomProto.Abi;
using CustomProto.Native;
using CustomProto.Net;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>From a definition and options to the constants that the kernel program is verified with.</summary>
static unsafe class ReceiverConfiguration
{
    const int ProgramTypeXdp = 6;
    const int HelperKtimeGetTai = 208;

    /// <summary>Whether the kernel has <c>bpf_ktime_get_tai_ns</c> (Linux 6.1).</summary>
    static readonly Lazy<bool> s_readsTai = new(() => Libbpf.libbpf_probe_bpf_helper(ProgramTypeXdp, HelperKtimeGetTai, null) == 1);

    /// <summary>Makes the configuration.</summary>
    /// <exception cref="CustomProtoException">An option is out of range.</exception>
    internal static Config Create(ReceiverOptions options)
    {
        Check(options);
        var protocol = options.Protocol;
        var config = new Config
        {
            Magic = Convert(protocol.Magic),
            Version = Convert(protocol.Version),
            Type = Convert(protocol.Type),
            Length = Convert(protocol.Length),
            AbiVersion = Limit.AbiVersion,
            SnapLength = (uint)options.SnapLength,
            HeaderSize = (ushort)protocol.HeaderSize,
            LittleEndian = ToByte(protocol.ByteOrder == ByteOrder.LittleEndian),
            LengthCountsHeader = ToByte(protocol.LengthCountsHeader),
            VerifyChecksum = ToByte(options.VerifyChecksum),
            MayTrace = ToByte(Capabilities.Has(Capability.Perfmon)),
            ReadTai = ToByte(s_readsTai.Value),
            KeepPeers = ToByte(options.PeerCapacity > 0),
        };

        // Each once: where the first comes again, the program takes it that there are no more.
        int[] ports = [.. (options.Ports ?? protocol.Ports).Distinct()];
        for (var i = 0; i < Limit.MaxPorts; i++)
        {
            var port = (ushort)ports[i < ports.Length ? i : 0];
            config.Ports[i] = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(port);
        }

        return config;
    }

    /// <summary>Makes what the program at tc has beside that.</summary>
    internal static TcConfig CreateTc(ReceiverOptions options)
    {
        var config = new TcConfig
        {
            Direction = (uint)(options.AttachPoint == AttachPoint.TcEgress ? Direction.Egress : Direction.Ingress),
            Encapsulation = (uint)(options.Encapsulation switch
            {
                Encapsulation.Encapsulate => Abi.Encapsulation.Add,
                Encapsulation.Decapsulate => Abi.Encapsulation.Remove,
                _ => Abi.Encapsulation.None,
            }),
        };
        MessageEncoder.Encode(options.Protocol, options.EncapsulatedType, [], new Span<byte>(config.Header, Limit.MaxHeader));
        return config;
    }

    /// <summary>Refuses to trace where the kernel would.</summary>
    /// <exception cref="CustomProtoException">CAP_PERFMON is missing.</exception>
    internal static void CheckTrace(bool trace, string interfaceName)
    {
        if (trace && !Capabilities.Has(Capability.Perfmon))
        {
            throw new CustomProtoException(
                FailureKind.PermissionDenied,
                "TraceNotPermitted",
                "Cannot trace: bpf_printk needs CAP_PERFMON.",
                "Run as root (sudo pwsh), grant it (setcap cap_bpf,cap_net_admin,cap_net_raw,cap_perfmon+ep on the pwsh executable), or leave out -Trace.",
                interfaceName);
        }
    }

    static void Check(ReceiverOptions options)
    {
        CheckTrace(options.Trace, options.Interface);
        CheckEncapsulation(options);
        if (options.Ports is { } ports)
        {
            if (ports.Count is 0 or > Limit.MaxPorts)
            {
                throw Invalid("Port", $"{ports.Count} ports", $"Give 1 to {Limit.MaxPorts}.");
            }

            foreach (var port in ports)
            {
                if (port is < 1 or > ushort.MaxValue)
                {
                    throw Invalid("Port", port.ToString(System.Globalization.CultureInfo.InvariantCulture), "UDP ports are 1 to 65535.");
                }
            }
        }

        if (options.RingSize is < ReceiverOptions.MinRingSize or > ReceiverOptions.MaxRingSize || !BitOperations.IsPow2(options.RingSize))
        {
            throw Invalid(
                "RingSize",
                options.RingSize.ToString(System.Globalization.CultureInfo.InvariantCulture),
                $"Give a power of two from {ReceiverOptions.MinRingSize} (256KB) to {ReceiverOptions.MaxRingSize} (1GB) bytes.");
        }

        if (options.PeerCapacity is < 0 or > ReceiverOptions.MaxPeerCapacity)
        {
            throw Invalid("PeerCapacity", options.PeerCapacity.ToString(System.Globalization.CultureInfo.InvariantCulture), $"Give 1 to {ReceiverOptions.MaxPeerCapacity} sources, or 0 to keep none.");
        }

        if (options.SnapLength is < 0 or > ushort.MaxValue)
        {
            throw Invalid("SnapLength", options.SnapLength.ToString(System.Globalization.CultureInfo.InvariantCulture), $"Give 0 to {ushort.MaxValue} bytes.");
        }

        ReaderName.CheckAll(options.Readers);
    }

    static void CheckEncapsulation(ReceiverOptions options)
    {
        var way = options.Encapsulation;
        if (way == Encapsulation.None)
        {
            return;
        }

        var point = way == Encapsulation.Encapsulate ? AttachPoint.TcEgress : AttachPoint.TcIngress;
        if (options.AttachPoint != point)
        {
            throw Invalid("Encapsulation", $"{way} at {options.AttachPoint}", $"{way} works at {point} only: -Direction {(point == AttachPoint.TcEgress ? "Egress" : "Ingress")}, which it has where nothing is said.");
        }

        if (options.MatchAction == MatchAction.Drop)
        {
            throw Invalid("Encapsulation", way.ToString(), "It can't be had with -MatchAction Drop, which would drop what it makes.");
        }
    }

    static Field Convert(ProtocolField? field) => field is null
        ? default
        : new Field { Value = field.Value ?? 0, Offset = (ushort)field.Offset, Width = (byte)field.Width };

    static byte ToByte(bool value) => value ? (byte)1 : (byte)0;

    static CustomProtoException Invalid(string option, string value, string remedy) =>
        new(FailureKind.InvalidArgument, $"Invalid{option}", $"{option}: {value} can't be used.", remedy, value);
}
