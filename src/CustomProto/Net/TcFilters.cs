using CustomProto.Native;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Net;

/// <summary>The BPF filters of the clsact qdisc (rtnetlink; include/uapi/linux/pkt_cls.h). Seeing them needs no privilege.</summary>
static class TcFilters
{
    const string Kind = "bpf";

    /// <summary>The filters on an interface, in the order in which they run.</summary>
    /// <exception cref="NativeException">The kernel refuses the question.</exception>
    internal static IReadOnlyList<TcFilter> List(int interfaceIndex, AttachPoint point)
    {
        using var socket = new NetlinkSocket();
        var request = new NetlinkMessageWriter(stackalloc byte[64], RTM_GETTFILTER);
        request.Append(new TrafficControlMessage { Index = interfaceIndex, Parent = Parent(point) });
        var filters = new List<TcFilter>();
        var error = socket.Dump(
            request,
            (type, body) =>
            {
                if (type == RTM_NEWTFILTER && Parse(body, point) is { } filter)
                {
                    filters.Add(filter);
                }
            },
            filters.Clear);
        return error.Errno switch
        {
            0 => filters,
            Errno.ENODEV => [],
            _ => throw error.ToException(Operation.QueryNetwork, "the tc filters"),
        };
    }

    /// <summary>Removes a filter. Needs CAP_NET_ADMIN.</summary>
    /// <exception cref="NativeException">It is gone, or the kernel refuses.</exception>
    internal static void Remove(TcFilter filter, string interfaceName)
    {
        using var socket = new NetlinkSocket();
        var request = new NetlinkMessageWriter(stackalloc byte[96], RTM_DELTFILTER);
        request.Append(new TrafficControlMessage
        {
            Index = filter.InterfaceIndex,
            Parent = Parent(filter.Point),
            Handle = filter.Handle,
            Info = filter.Info,
        });
        request.Attribute(TCA_KIND, "bpf\0"u8);
        request.Attribute(TCA_CHAIN, (int)filter.Chain);
        var error = socket.Request(request);
        if (error.IsError)
        {
            throw error.ToException(Operation.DetachTc, interfaceName);
        }
    }

    /// <summary>Reads the body of an RTM_NEWTFILTER message; nothing for a filter that is no BPF program.</summary>
    internal static TcFilter? Parse(ReadOnlySpan<byte> body, AttachPoint point)
    {
        var header = NetlinkMessageReader.ReadHeader<TrafficControlMessage>(body, out var attributes);
        var filter = new TcFilter(header.Index, point, 0, null, null, header.Handle, header.Info, 0);
        var isBpf = false;
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case TCA_KIND:
                    isBpf = attributes.ReadText() == Kind;
                    break;
                case TCA_CHAIN:
                    filter = filter with { Chain = attributes.Read<uint>() };
                    break;
                case TCA_OPTIONS when isBpf:
                    filter = ReadProgram(attributes.Nested(), filter);
                    break;
            }
        }

        // A priority's first message has no program: it stands for the list.
        return isBpf && filter.ProgramId != 0 ? filter : null;
    }

    static TcFilter ReadProgram(NetlinkAttributeReader options, TcFilter filter)
    {
        while (options.MoveNext())
        {
            filter = options.Type switch
            {
                TCA_BPF_ID => filter with { ProgramId = options.Read<uint>() },
                TCA_BPF_NAME => filter with { Name = options.ReadText() },
                TCA_BPF_TAG => filter with { Tag = Convert.ToHexStringLower(options.Value) },
                _ => filter,
            };
        }

        return filter;
    }

    static uint Parent(AttachPoint point) => (TC_H_CLSACT & TC_H_MAJ_MASK) | (point == AttachPoint.TcEgress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
}
