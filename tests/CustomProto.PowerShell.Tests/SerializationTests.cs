using System.Net;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Tests;

/// <summary>Messages, and packets that are none, that come back from files, jobs and other shells; all of them go through PowerShell's serializer.</summary>
public sealed class SerializationTests : IDisposable
{
    readonly Shell _shell = new();

    public void Dispose() => _shell.Dispose();

    public static TheoryData<string> Messages => ["received", "tagged", "made", "empty", "cut"];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Message_comes_back_from_a_file_as_it_was(string which)
    {
        var message = Make(which);
        var path = Path.GetTempFileName();
        try
        {
            var back = _shell.Run("$args[0] | Export-Clixml $args[1]; Import-Clixml $args[1]", message, path).WithoutErrors();

            AssertSame(message, back.Single<CustomMessage>());
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Remote shells and jobs serialise objects to depth 1, files to depth 2.</summary>
    [Theory]
    [MemberData(nameof(Messages))]
    public void Message_comes_back_from_another_shell_as_it_was(string which)
    {
        var message = Make(which);

        var back = _shell.Run("[Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($args[0], 1))", message);

        AssertSame(message, back.WithoutErrors().Single<CustomMessage>());
    }

    [Theory]
    [InlineData("$args[0] | Export-Clixml $args[1]; Import-Clixml $args[1]")]
    [InlineData("[Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($args[0], 1))")]
    public void Rejected_packet_comes_back_as_it_was_whatever_the_protocol(string script)
    {
        var path = Path.GetTempFileName();
        try
        {
            foreach (var packet in (RejectedPacket[])[new(RejectReason.BadMagic, [0, 1, 27, 255], 300, Make("received").Packet, "CustomProto"), new(RejectReason.Fragment, [], 0, Make("tagged").Packet, "Other")])
            {
                AssertSame(packet, _shell.Run(script, packet, path).WithoutErrors().Single<RejectedPacket>());
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Rejected_packet_is_no_message() =>
        Assert.Null(_shell.Run("$args[0] -as [CustomProto.Protocol.CustomMessage]", new RejectedPacket(RejectReason.BadMagic, [1], 1, Make("received").Packet, "CustomProto")).WithoutErrors().Output.SingleOrDefault());

    [Fact]
    public void Message_of_an_unknown_protocol_stays_readable()
    {
        var protocol = new ProtocolDefinition("Other", [5000], 2, [new ProtocolField("Sequence", 0, 2)]);
        var message = new CustomMessage(protocol, [0, 7, 65, 66], 2);

        var back = Assert.Single(_shell.Run("[Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($args[0], 1))", message).Output);

        Assert.Equal("Deserialized.CustomProto.Protocol.CustomMessage", back.TypeNames[0]);
        Assert.Equal("AB", back.Properties["Text"].Value);
        Assert.Equal("Other", back.Properties["Protocol"].Value);
    }

    [Fact]
    public void MacAddress_becomes_its_text() => Assert.Equal(
        "02:00:00:00:00:01",
        _shell.Run("[Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($args[0]))", MacAddress.Parse("02:00:00:00:00:01"))
            .Output.Single().ToString());

    [Theory]
    [InlineData("$args[0] | ConvertTo-Json -Depth 1")]
    [InlineData("$args[0] | ConvertTo-Csv")]
    [InlineData("$args[0] | Select-Object *")]
    public void Message_can_be_turned_into_other_things(string script) => Assert.NotEmpty(_shell.Run(script, Make("received")).WithoutErrors().Output);

    static CustomMessage Make(string which)
    {
        var packet = new PacketMetadata
        {
            MonotonicNanoseconds = 123_456_789_012_345,
            UnixNanoseconds = 1_700_000_000_123_456_700,
            TimestampSource = TimestampSource.Tai,
            Interface = "veth1",
            Cpu = 3,
            Direction = PacketDirection.Ingress,
            Source = InternetAddress.From(IPAddress.Parse("192.0.2.1")),
            SourcePort = 40000,
            Destination = InternetAddress.From(IPAddress.Parse("192.0.2.2")),
            DestinationPort = 12345,
            SourceMac = MacAddress.Parse("02:00:00:00:00:01"),
            DestinationMac = MacAddress.Parse("02:00:00:00:00:02"),
        };
        byte[] data = [0, 1, 27, 255, 0xc3, 0xa4];
        byte[] Encode(MessageType type, byte[] bytes) => MessageEncoder.Encode(ProtocolDefinition.Default, type, bytes);
        return which switch
        {
            "received" => new CustomMessage(ProtocolDefinition.Default, Encode(MessageType.Response, data), data.Length, 1, packet, 17),
            "tagged" => new CustomMessage(
                ProtocolDefinition.Default,
                Encode((MessageType)77, data),
                data.Length,
                packet: packet with
                {
                    Source = InternetAddress.From(IPAddress.Parse("2001:db8::1")),
                    Destination = InternetAddress.From(IPAddress.Parse("ff02::1")),
                    VlanCount = 2,
                    OuterVlanId = 100,
                    InnerVlanId = 200,
                    TimestampSource = TimestampSource.Hardware,
                    HardwareNanoseconds = 42,
                }),
            "made" => CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, data),
            "empty" => new CustomMessage(ProtocolDefinition.Default, Encode(MessageType.None, []), 0, packet: packet with { VlanCount = 1, OuterVlanId = 5 }),
            "cut" => new CustomMessage(ProtocolDefinition.Default, Encode(MessageType.Request, new byte[1000])[..26], 1000, packet: packet),
            _ => throw new ArgumentOutOfRangeException(nameof(which)),
        };
    }

    static bool Comparer((string Name, object? Value) one, (string Name, object? Value) other) => (one.Value, other.Value) switch
    {
        (byte[] before, byte[] after) => before.SequenceEqual(after),
        (int[] before, int[] after) => before.SequenceEqual(after),
        (IReadOnlyDictionary<string, ulong> before, IReadOnlyDictionary<string, ulong> after) => before.SequenceEqual(after),
        _ => Equals(one.Value, other.Value),
    };

    static void AssertSame<T>(T expected, T actual)
        where T : class
    {
        Assert.NotSame(expected, actual);
        foreach (var property in typeof(T).GetProperties())
        {
            // Lists are compared by their items.
            Assert.Equal((property.Name, property.GetValue(expected)), (property.Name, property.GetValue(actual)), Comparer);
        }
    }
}
