using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CustomProto.Abi;
using CustomProto.Native;

namespace CustomProto.Send;

/// <summary>What can be wrong with options by themselves, whatever the network looks like.</summary>
static class SendOptionsCheck
{
    const int MaxVlanId = 4094;
    const int MaxVlanTags = 2;
    const int MaxDscp = 63;

    /// <summary>Throws for the first thing that is wrong, and unmaps IPv4-mapped addresses.</summary>
    /// <exception cref="CustomProtoException">An option can't be used (<see cref="FailureKind.InvalidArgument"/>).</exception>
    internal static SendOptions Check(SendOptions options)
    {
        options = options with
        {
            Destination = Unmap(options.Destination),
            SourceAddress = options.SourceAddress is { } address ? Unmap(address) : null,
        };
        CheckAddresses(options);
        CheckVlan(options.VlanId);
        CheckRange(options.DestinationPort ?? options.Protocol.Ports[0], 1, ushort.MaxValue, "destination port", "PortOutOfRange");
        CheckRange(options.SourcePort, 0, ushort.MaxValue, "source port", "PortOutOfRange");
        CheckRange(options.Ttl ?? 1, 1, byte.MaxValue, "time to live", "TtlOutOfRange");
        CheckRange(options.Dscp, 0, MaxDscp, "DSCP", "DscpOutOfRange");
        PacketCraftCheck.Check(options.Craft, options.Protocol, options.Destination.AddressFamily == AddressFamily.InterNetworkV6);
        CheckInKernel(options);
        return options;
    }

    /// <summary>Throws for the first thing that is wrong with headers which are made without a network.</summary>
    /// <exception cref="CustomProtoException">Something doesn't fit (<see cref="FailureKind.InvalidArgument"/>).</exception>
    internal static void Check(in FrameHeaders headers)
    {
        CheckFamilies(headers.Source.ToIPAddress(), headers.Destination.ToIPAddress());
        CheckVlan(headers.VlanId ?? []);
        CheckRange(headers.DestinationPort, 0, ushort.MaxValue, "destination port", "PortOutOfRange");
        CheckRange(headers.SourcePort, 0, ushort.MaxValue, "source port", "PortOutOfRange");
        CheckRange(headers.Ttl, 0, byte.MaxValue, "time to live", "TtlOutOfRange");
        CheckRange(headers.Dscp, 0, MaxDscp, "DSCP", "DscpOutOfRange");
    }

    internal static IPAddress Unmap(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    static void CheckAddresses(SendOptions options)
    {
        var destination = options.Destination;
        if (destination.Equals(IPAddress.Any) || destination.Equals(IPAddress.IPv6Any))
        {
            throw Invalid(
                "UnspecifiedDestination", $"{destination} is not an address to send to.", "Give the receiver's address.", destination);
        }

        if (options.SourceAddress is { } source)
        {
            CheckFamilies(source, destination);
        }

        if (IsLinkScoped(destination) && destination.ScopeId == 0 && options.Interface is null)
        {
            throw Invalid(
                "InterfaceMissing",
                $"{destination} is a link-local address: every link has its own.",
                $"Say which link: -Interface eth0, or {destination}%eth0.",
                destination);
        }
    }

    static void CheckFamilies(IPAddress source, IPAddress destination)
    {
        if (source.AddressFamily != destination.AddressFamily)
        {
            throw Invalid(
                "AddressFamilyMismatch",
                $"The source address {source} is {FamilyName(source)}, but the destination {destination} is {FamilyName(destination)}.",
                $"Give a source address that is {FamilyName(destination)}, or leave it out.",
                source);
        }
    }

    static void CheckVlan(IReadOnlyList<int> tags)
    {
        if (tags.Count > MaxVlanTags)
        {
            throw Invalid(
                "TooManyVlanTags",
                Invariant($"{tags.Count} VLAN tags were given, but a frame has at most {MaxVlanTags}."),
                "Give the outer id and the inner id.",
                tags);
        }

        foreach (var id in tags)
        {
            CheckRange(id, 0, MaxVlanId, "VLAN id", "VlanIdOutOfRange");
        }
    }

    static void CheckInKernel(SendOptions options)
    {
        CheckRange(options.SourcePortCount, 1, ushort.MaxValue + 1 - Math.Max(1, options.SourcePort), "number of source ports", "SourcePortCountOutOfRange");
        CheckRange(options.TypeCycle.Count, 0, SendLimit.MaxTypes, "number of types to take in turn", "TypeCycleTooLong");
        if (options.TypeCycle.Count > 0 && options.Protocol.Type is null)
        {
            throw Invalid("NoTypeField", $"The messages of the protocol '{options.Protocol.Name}' have no type.", "Leave out the types.", options.Protocol.Name);
        }

        if (options.Transport != Transport.Xdp && (options.Threads != 1 || options.SourcePortCount > 1 || options.TypeCycle.Count > 0))
        {
            var option = options.Threads != 1 ? "Several threads send" : options.SourcePortCount > 1 ? "Source ports vary" : "Types vary";
            throw Invalid("OptionNeedsXdp", $"{option} with the in-kernel sender only.", "Use -Transport Xdp.", options.Transport);
        }

        CheckRange(options.Threads, 1, CpuSet.Allowed().Count, "number of threads that have a CPU each here", "ThreadsOutOfRange");
    }

    static void CheckRange(int value, int least, int most, string name, string errorId)
    {
        if (value < least || value > most)
        {
            throw Invalid(errorId, Invariant($"{value} is not a {name}."), Invariant($"Give a number from {least} to {most}."), value);
        }
    }

    /// <summary>Whether an address means different hosts on different links.</summary>
    internal static bool IsLinkScoped(IPAddress address)
    {
        // ff02: multicast with link-local scope (RFC 4291, section 2.7); its flags don't matter.
        const int LinkLocalScope = 2;
        return address.AddressFamily == AddressFamily.InterNetworkV6
            && (address.IsIPv6LinkLocal || (address.IsIPv6Multicast && (address.GetAddressBytes()[1] & 0x0f) == LinkLocalScope));
    }

    static string FamilyName(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4";

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    static CustomProtoException Invalid(string errorId, string problem, string hint, object target) =>
        new(FailureKind.InvalidArgument, errorId, problem, hint, target);
}
