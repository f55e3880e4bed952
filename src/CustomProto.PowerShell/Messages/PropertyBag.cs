using System.Management.Automation;
using System.Net;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Messages;

/// <summary>The properties that PowerShell made of an object on its way through a job, a remote shell or a file.</summary>
readonly struct PropertyBag(PSObject source)
{
    /// <summary>Whether there is a property of the name.</summary>
    internal bool Has(string name) => source.Properties[name] is not null;

    /// <summary>A property's value; lists and deserialised enumerations come wrapped.</summary>
    internal object? Value(string name)
    {
        var value = source.Properties[name]?.Value;
        return value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;
    }

    internal T Read<T>(string name) => LanguagePrimitives.ConvertTo<T>(Value(name));

    /// <summary>What is known of the packet; messages and packets that are none have the same names for it.</summary>
    internal PacketMetadata ReadPacket()
    {
        var vlans = Read<int[]>(nameof(CustomMessage.VlanId));
        var timestampSource = Read<TimestampSource>(nameof(CustomMessage.TimestampSource));
        return new PacketMetadata
        {
            MonotonicNanoseconds = Read<long>(nameof(CustomMessage.MonotonicNanoseconds)),
            UnixNanoseconds = timestampSource == TimestampSource.None ? 0 : ReadUnixNanoseconds(),
            TimestampSource = timestampSource,
            HardwareNanoseconds = Read<long?>(nameof(CustomMessage.HardwareNanoseconds)) ?? 0,
            Interface = Value(nameof(CustomMessage.Interface)) as string,
            Cpu = Read<int>(nameof(CustomMessage.Cpu)),
            Direction = Read<PacketDirection>(nameof(CustomMessage.Direction)),
            Source = ReadAddress(nameof(CustomMessage.SourceAddress)),
            Destination = ReadAddress(nameof(CustomMessage.DestinationAddress)),
            SourcePort = Read<ushort>(nameof(CustomMessage.SourcePort)),
            DestinationPort = Read<ushort>(nameof(CustomMessage.DestinationPort)),
            SourceMac = MacAddress.Parse(Read<string>(nameof(CustomMessage.SourceMac))),
            DestinationMac = MacAddress.Parse(Read<string>(nameof(CustomMessage.DestinationMac))),
            VlanCount = vlans.Length,
            OuterVlanId = (ushort)vlans.ElementAtOrDefault(0),
            InnerVlanId = (ushort)vlans.ElementAtOrDefault(1),
        };
    }

    /// <summary>The time to 100 ns, which is what a DateTimeOffset holds. PowerShell gives it back as a bag of its properties.</summary>
    long ReadUnixNanoseconds()
    {
        var ticks = Value(nameof(CustomMessage.Timestamp)) switch
        {
            DateTimeOffset time => time.UtcTicks,
            { } bag => new PropertyBag(PSObject.AsPSObject(bag)).Read<long>(nameof(DateTimeOffset.UtcTicks)),
            _ => DateTimeOffset.UnixEpoch.UtcTicks,
        };
        return (ticks - DateTimeOffset.UnixEpoch.UtcTicks) * TimeSpan.NanosecondsPerTick;
    }

    InternetAddress ReadAddress(string name) => Value(name) switch
    {
        null => default,
        IPAddress address => InternetAddress.From(address),
        var text => InternetAddress.From(IPAddress.Parse(text.ToString()!)),
    };
}
