using System.Globalization;
using System.Net;
using CustomProto.Exchange;
using CustomProto.Net;
using CustomProto.Programs;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.PowerShell.Tests;

/// <summary>The views: what they show, that they fit, and that nothing from the network reaches a terminal as it came.</summary>
public sealed class FormatTests : IDisposable
{
    readonly Shell _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Message_is_a_row_with_its_text()
    {
        var message = Message("Hello World"u8.ToArray());

        var lines = Render(message, "Format-Table").Split('\n', StringSplitOptions.RemoveEmptyEntries);

        var time = message.Timestamp.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        Assert.Equal(["Time", "Type", "Source", "Destination", "Length", "Text"], lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(
            [time, "Request", "192.0.2.1:40000", "192.0.2.2:12345", "11", "Hello", "World"],
            lines[2].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Table_of_messages_is_useful_in_eighty_columns()
    {
        var text = Render(Message("Hello World"u8.ToArray()), "Format-Table", width: 80);

        Assert.Contains("Hello World", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Format-Table")]
    [InlineData("Format-List")]
    [InlineData("Format-Wide")]
    [InlineData("Format-Table -Property *")]
    [InlineData("Format-List -Property *")]
    [InlineData("Format-List -Property Text, TypeName, Data, Fields")]
    [InlineData("ForEach-Object ToString")]
    public void Nothing_in_the_data_gets_out_raw(string format)
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];
        byte[] tricks = [.. "\e[2J\e]0;title\a"u8, .. "\u009b31m\u0085\u202e\u2028\u200b"u8, .. all];

        var text = Render(Message(tricks), format);

        Assert.DoesNotContain(text, character => character is not '\n' and not '\r' && IsActive(character));
    }

    [Theory]
    [InlineData("Format-Table")]
    [InlineData("Format-List")]
    public void Long_values_fit_into_120_columns(string format)
    {
        foreach (var item in LongItems())
        {
            var text = Render(item, format);

            Assert.All(text.Split('\n'), line => Assert.True(line.TrimEnd('\r').Length <= 120, line));
        }
    }

    [Fact]
    public void Every_type_that_is_emitted_has_a_table_and_a_list()
    {
        foreach (var item in LongItems())
        {
            var views = _shell.Run("(Get-FormatData -TypeName $args[0]).FormatViewDefinition.Control.GetType().Name", item.GetType().FullName!);
            var controls = _shell.Run("(Get-FormatData -TypeName $args[0]).FormatViewDefinition.Control | ForEach-Object { $_.GetType().Name }", item.GetType().FullName!);

            Assert.Empty(views.Errors);
            Assert.Equal(["TableControl", "ListControl"], controls.All<string>().Distinct());
        }
    }

    [Fact]
    public void Statistics_show_what_was_rejected_in_all()
    {
        var text = Render(
            new ReceiveStatistics { Interface = "eth0", AttachPoint = AttachPoint.TcEgress, ProgramId = 1, Reader = "default", Seen = 21, Fragment = 1, Truncated = 2, BadChecksum = 3, BadMagic = 4, BadVersion = 5, BadLength = 6 },
            "Format-Table");

        Assert.Equal(["eth0", "TcEgress", "default", "21", "21", "0", "0", "0", "0"], text.Split('\n')[3].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void List_leaves_out_what_is_not_there()
    {
        var made = Render(CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, [1]), "Format-List");
        var received = Render(Message([1]), "Format-List");

        string[] onlyReceived = ["Timestamp", "Source ", "Destination "];
        Assert.All(onlyReceived, label => Assert.DoesNotContain(label, made, StringComparison.Ordinal));
        Assert.All(onlyReceived, label => Assert.Contains(label, received, StringComparison.Ordinal));
        Assert.DoesNotContain("VlanId", received, StringComparison.Ordinal);
        Assert.DoesNotContain("CapturedLength", received, StringComparison.Ordinal);
    }

    /// <summary>A table shows other types than its first row's as bare lists, unless its view is for them, too.</summary>
    [Fact]
    public void Requests_and_their_sums_share_a_table()
    {
        var address = IPAddress.Parse("192.0.2.7");
        var time = TimeSpan.FromMicroseconds(12.3);
        var probe = new ConnectionProbe
        {
            Number = 1,
            Destination = address,
            DestinationPort = 12345,
            Status = ConnectionStatus.Answered,
            RoundTripTime = time,
            Clock = RoundTripClock.Kernel,
            Response = Message([1, 2, 3]),
        };
        var sums = new ConnectionSummary
        {
            Destination = address,
            DestinationPort = 12345,
            Sent = 4,
            Received = 3,
            Minimum = time,
            Average = time,
            P50 = time,
            P99 = time,
            Maximum = time,
            Clock = RoundTripClock.Kernel,
        };

        var rows = _shell.Run("$args | Out-String -Width 120", probe, sums).WithoutErrors().Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal("1 192.0.2.7:12345 Answered 12.3 µs Kernel 3 bytes", Words(rows[2]));
        Assert.Equal(
            "192.0.2.7:12345 25 % lost Kernel 3 of 4, min/avg/p50/p99/max 12.3/12.3/12.3/12.3/12.3 µs".Replace(" ", "", StringComparison.Ordinal),
            string.Concat(rows[3..].Select(Words)).Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(["Destination", "Sent", "Received", "Loss"], _shell.Run("$args | Out-String", sums).Text.Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries)[..4]);

        static string Words(string row) => string.Join(' ', row.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Trim();
    }

    /// <summary>What a terminal could take for a command, or what changes how other text reads.</summary>
    static bool IsActive(char character) => char.IsControl(character)
        || char.GetUnicodeCategory(character) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    static CustomMessage Message(byte[] data, MessageType type = MessageType.Request) => new(
        ProtocolDefinition.Default,
        MessageEncoder.Encode(ProtocolDefinition.Default, type, data),
        data.Length,
        packet: new PacketMetadata
        {
            UnixNanoseconds = 1_700_000_000_123_456_000,
            TimestampSource = TimestampSource.Tai,
            Direction = PacketDirection.Ingress,
            Interface = "veth1",
            Source = InternetAddress.From(IPAddress.Parse("192.0.2.1")),
            SourcePort = 40000,
            Destination = InternetAddress.From(IPAddress.Parse("192.0.2.2")),
            DestinationPort = 12345,
        });

    static object[] LongItems()
    {
        var address = IPAddress.Parse("2001:db8:1234:5678:9abc:def0:1234:5678");
        const string Name = "abcdefghijklmno";
        return
        [
            new CustomMessage(
                ProtocolDefinition.Default,
                MessageEncoder.Encode(ProtocolDefinition.Default, (MessageType)255, new byte[60000]),
                60000,
                packet: new PacketMetadata
                {
                    UnixNanoseconds = long.MaxValue,
                    TimestampSource = TimestampSource.Monotonic,
                    Direction = PacketDirection.Ingress,
                    Interface = Name,
                    Source = InternetAddress.From(address),
                    SourcePort = 65535,
                    Destination = InternetAddress.From(address),
                    DestinationPort = 65535,
                    VlanCount = 2,
                    OuterVlanId = 4094,
                    InnerVlanId = 4094,
                }),
            new XdpProgram
            {
                Interface = Name,
                InterfaceIndex = int.MaxValue,
                Mode = XdpMode.Generic,
                Id = uint.MaxValue,
                Name = Name,
                Tag = "0123456789abcdef",
                LoadTime = DateTimeOffset.Now,
                LinkId = uint.MaxValue,
            },
            new ReceiveStatistics { Interface = Name, ProgramId = uint.MaxValue, Reader = Name, Seen = long.MaxValue, Valid = long.MaxValue, Lost = long.MaxValue },
            new SendResult
            {
                Transport = Transport.Raw,
                Interface = Name,
                Destination = address,
                DestinationPort = 65535,
                SourceAddress = address,
                SourcePort = 65535,
                Packets = long.MaxValue,
                Bytes = long.MaxValue,
                Confirmed = long.MaxValue,
                Elapsed = TimeSpan.FromSeconds(1),
                MonotonicNanoseconds = 1,
            },
            .. LongExchanges(address),
        ];
    }

    static object[] LongExchanges(IPAddress address)
    {
        var message = Message(new byte[60000], (MessageType)255);
        var forever = TimeSpan.FromDays(24);
        var bucket = new Exchange.LatencyBucket(1L << 40, 1L << 41, long.MaxValue);
        return
        [
            new RequestResult
            {
                Destination = address,
                DestinationPort = 65535,
                Request = message,
                Response = message,
                RoundTripTime = forever,
                Clock = RoundTripClock.UserToKernel,
                Try = int.MaxValue,
            },
            new ConnectionProbe
            {
                Number = int.MaxValue,
                Destination = address,
                DestinationPort = 65535,
                Status = ConnectionStatus.Unreachable,
                RoundTripTime = forever,
                Clock = RoundTripClock.UserToKernel,
                Response = message,
                Problem = new string('x', 200),
            },
            new ConnectionSummary
            {
                Destination = address,
                DestinationPort = 65535,
                Sent = int.MaxValue,
                Received = int.MaxValue / 3,
                Minimum = forever,
                Average = forever,
                P50 = forever,
                P99 = forever,
                Maximum = forever,
                Clock = RoundTripClock.UserToKernel,
                Histogram = [bucket, bucket with { Count = 1 }],
            },
            bucket,
        ];
    }

    string Render(object item, string format, int width = 120) =>
        _shell.Run($"$args[0] | {format} | Out-String -Width {width.ToString(CultureInfo.InvariantCulture)}", item).WithoutErrors().Text;
}
