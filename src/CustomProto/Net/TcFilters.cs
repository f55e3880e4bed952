using System.Text;
using CustomProto.Native;
using static CustomProto.Net.Rtnetlink;

namespace CustomProto.Net;

/// <summary>The BPF filters of the clsact qdisc (rtnetlink; include/uapi/linux/pkt_cls.h). Seeing them needs no privilege.</summary>
static class TcFilters
{
    const string Kind = "bpf";

    /// <summary>The priority of a filter that is the first: the kernel's own choice.</summary>
    const uint FirstPriority = 0xc000;

    const ushort EveryEtherType = 0x0300; // ETH_P_ALL, big-endian

    /// <summary>The filters on an interface, in the order in which they run.</summary>
    /// <exception cref="NativeException">The kernel refuses the question.</exception>
    internal static IReadOnlyList<TcFilter> List(int interfaceIndex, AttachPoint point)
    {
        using var socket = new NetlinkSocket();
        return List(socket, interfaceIndex, point);
    }

    /// <inheritdoc cref="List(int, AttachPoint)"/>
    internal static IReadOnlyList<TcFilter> List(NetlinkSocket socket, int interfaceIndex, AttachPoint point)
    {
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

    /// <summary>Makes the clsact qdisc, unless there is one. Needs CAP_NET_ADMIN.</summary>
    /// <returns>Whether there was none.</returns>
    /// <exception cref="NativeException">The kernel refuses; it may have no sch_ingress.</exception>
    internal static bool AddQdisc(NetlinkSocket socket, NetworkLink link)
    {
        var error = socket.Request(Qdisc(stackalloc byte[96], RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, link.Index));
        return error.Errno switch
        {
            0 => true,
            Errno.EEXIST => false,
            _ => throw error.ToException(Operation.AttachTc, link.Name),
        };
    }

    /// <summary>Removes the clsact qdisc with all its filters; none is no failure. Needs CAP_NET_ADMIN.</summary>
    internal static void RemoveQdisc(NetlinkSocket socket, int interfaceIndex) =>
        socket.Request(Qdisc(stackalloc byte[96], RTM_DELQDISC, 0, interfaceIndex));

    /// <summary>Adds a filter that decides itself (direct action), after those that are there. Needs CAP_NET_ADMIN.</summary>
    /// <param name="socket">A socket in the interface's network namespace.</param>
    /// <param name="link">The interface, which has a clsact qdisc.</param>
    /// <param name="point">Where.</param>
    /// <param name="program">The descriptor of the program.</param>
    /// <param name="name">The filter's name: at most 255 bytes.</param>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal static void Add(NetlinkSocket socket, NetworkLink link, AttachPoint point, int program, string name)
    {
        var priority = List(socket, link.Index, point).Select(filter => filter.Info >> 16).DefaultIfEmpty(FirstPriority - 1).Max() + 1;
        var request = new NetlinkMessageWriter(stackalloc byte[512], RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL);
        request.Append(new TrafficControlMessage { Index = link.Index, Parent = Parent(point), Info = (Math.Min(priority, ushort.MaxValue) << 16) | EveryEtherType });
        request.Attribute(TCA_KIND, "bpf\0"u8);
        var options = request.BeginNested(TCA_OPTIONS);
        request.Attribute(TCA_BPF_FD, program);
        request.Attribute(TCA_BPF_NAME, Encoding.UTF8.GetBytes($"{name}\0"));
        request.Attribute(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
        request.EndNested(options);
        var error = socket.Request(request);
        if (error.IsError)
        {
            throw error.ToException(Operation.AttachTc, link.Name);
        }
    }

    /// <summary>Removes a filter. Needs CAP_NET_ADMIN.</summary>
    /// <exception cref="NativeException">It is gone, or the kernel refuses.</exception>
    internal static void Remove(TcFilter filter, string interfaceName)
    {
        using var socket = new NetlinkSocket();
        Remove(socket, filter, interfaceName);
    }

    /// <inheritdoc cref="Remove(TcFilter, string)"/>
    internal static void Remove(NetlinkSocket socket, TcFilter filter, string interfaceName)
    {
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

    static NetlinkMessageWriter Qdisc(Span<byte> buffer, ushort type, ushort flags, int interfaceIndex)
    {
        var request = new NetlinkMessageWriter(buffer, type, flags);
        request.Append(new TrafficControlMessage { Index = interfaceIndex, Parent = TC_H_CLSACT, Handle = TC_H_CLSACT & TC_H_MAJ_MASK });
        request.Attribute(TCA_KIND, "clsact\0"u8);
        return request;
    }

    static uint Parent(AttachPoint point) => (TC_H_CLSACT & TC_H_MAJ_MASK) | (point == AttachPoint.TcEgress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
}
