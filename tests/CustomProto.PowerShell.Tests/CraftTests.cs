using System.Management.Automation;
using CustomProto.KernelTests;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.PowerShell.Tests;

/// <summary>Send-CustomPacket with packets of the user's own making, from the left host to the receiver on the right.</summary>
[Collection(KernelSuite.Name)]
public sealed class CraftTests : ShellTest
{
    readonly Shell _left;
    readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public CraftTests() => _left = new Shell(Network, TestNetwork.Left);

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("-Text x -Magic 0xBEEF", nameof(ReceiveStatistics.BadMagic))]
    [InlineData("-Text x -Magic 0xBEEF -Transport Udp", nameof(ReceiveStatistics.BadMagic))]
    [InlineData("-Text x -Version 2", nameof(ReceiveStatistics.BadVersion))]
    [InlineData("-Text x -Length 5000", nameof(ReceiveStatistics.BadLength))]
    [InlineData("-Text x -Checksum Bad", nameof(ReceiveStatistics.BadChecksum))]
    [InlineData("-Text x -Checksum Zero", nameof(ReceiveStatistics.Valid))]
    [InlineData("-Text x -Truncate 3", nameof(ReceiveStatistics.Truncated))]
    [InlineData("-Text ('x' * 100) -FragmentSize 64", nameof(ReceiveStatistics.Fragment))]
    [InlineData("-Data ([byte[]]::new(5000)) -Fragment -VlanId 7", nameof(ReceiveStatistics.Fragment))]
    [InlineData("-Text x -IPOption 148, 4, 0, 0", nameof(ReceiveStatistics.Valid))]
    [InlineData("-Packet 1, 2, 3", nameof(ReceiveStatistics.Truncated))]
    public void Deviation_is_counted_under_its_name(string parameters, string counter)
    {
        // A checksum that a UDP socket leaves unfinished is a wrong one on a veth pair.
        Register(parameters.Contains("Udp", StringComparison.Ordinal) ? "" : "-VerifyChecksum");

        _left.Run($"Send-CustomPacket 192.0.2.2 {parameters} -Count 3; Send-CustomPacket 192.0.2.2 -Text last -Transport Raw").WithoutErrors();
        while (Receive(1)[0].Text != "last")
        {
        }

        var counted = Shell.Run("Get-XdpStatistics").WithoutErrors().Single<ReceiveStatistics>();
        Assert.Equal((4L, counter == "Valid" ? 4L : 3L), (counted.Seen, (long)typeof(ReceiveStatistics).GetProperty(counter)!.GetValue(counted)!));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Tutorial_packet_has_a_trailing_byte()
    {
        Register();

        _left.Run("Send-CustomPacket 192.0.2.2 -Text 'Hello World' -Length 10; Send-CustomPacket 192.0.2.2 -Text 'Hello' -TrailingBytes 4").WithoutErrors();

        Assert.Equal([("Hello Worl", 1), ("Hello", 4)], Receive(2).Select(message => (message.Text, message.TrailingBytes)));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Messages_payloads_files_and_frames_are_sent()
    {
        Register();
        File.WriteAllBytes(Path.Combine(_folder, "a.bin"), [1, 2]);
        File.WriteAllBytes(Path.Combine(_folder, "b.bin"), [0xCA, 0xFE, 1, 3, 0, 1, (byte)'b']);
        string[] scripts =
        [
            "New-CustomMessage made -Type 5 | Send-CustomPacket 192.0.2.2",
            "New-CustomMessage bytes | ConvertTo-CustomPacket | Send-CustomPacket 192.0.2.2",
            "Send-CustomPacket 192.0.2.2 -Packet (0xca, 0xfe, 1, 4, 0, 0)",
            "Get-Content (Join-Path $args[0] b.bin) -AsByteStream | Send-CustomPacket 192.0.2.2",
            "Get-Item (Join-Path $args[0] a.bin) | Send-CustomPacket 192.0.2.2 -Type 6",
            "Send-CustomPacket 192.0.2.2 -Path (Join-Path $args[0] a.bin) -Type 7",
            "1..2 | Send-CustomPacket 192.0.2.2",
            "New-CustomMessage frame | ConvertTo-CustomPacket -DestinationAddress 198.51.100.1 -SourceAddress 198.51.100.2 -VlanId 9 | Send-CustomPacket -AsFrame -Interface veth0 -Count 2",
            "$args[1] | Send-CustomPacket 2001:db8::2",
        ];

        foreach (var script in scripts)
        {
            _left.Run(script, _folder, CustomMessage.Create(ProtocolDefinition.Default, (MessageType)8, "direct"u8)).WithoutErrors();
        }

        Assert.Equal(
            [
                "5 made 192.0.2.1", "Request bytes 192.0.2.1", "4  192.0.2.1", "3 b 192.0.2.1", "6 ␁␂ 192.0.2.1", "7 ␁␂ 192.0.2.1", "Request 1 192.0.2.1", "Request 2 192.0.2.1",
                "Request frame 198.51.100.2", "Request frame 198.51.100.2", "8 direct 2001:db8::1",
            ],
            Receive(11).Select(message => $"{message.TypeName} {message.Text} {message.SourceAddress}"));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Fuzzing_is_told_by_counters_that_add_up()
    {
        Register();

        var results = _left.Run("1..2 | ForEach-Object { Send-CustomPacket 192.0.2.2 -Text 'Hello World' -Fuzz -Seed 9 -Count 500 -PassThru -WarningAction Stop }").WithoutErrors().All<SendResult>();
        _left.Run("Send-CustomPacket 192.0.2.2 -Text last -Transport Raw").WithoutErrors();
        while (Receive(1)[0].Text != "last")
        {
        }

        // The same seed sends as much again, from the same port.
        Assert.Equal((results[0].Packets, results[0].Bytes, results[0].SourcePort), (results[1].Packets, results[1].Bytes, results[1].SourcePort));
        Assert.Equal((results[0].Packets, Transport.Raw), (results[0].Confirmed, results[0].Transport));
        var counted = Shell.Run("Get-XdpStatistics").WithoutErrors().Single<ReceiveStatistics>();
        Assert.InRange(counted.Seen, 500, results[0].Packets * 2);
        Assert.Equal(counted.Seen, counted.Valid + counted.Fragment + counted.Truncated + counted.BadChecksum + counted.BadMagic + counted.BadVersion + counted.BadLength);
        Assert.All([counted.Fragment, counted.Truncated, counted.BadMagic, counted.BadVersion, counted.BadLength], count => Assert.True(count > 0 && count % 2 == 0));
    }

    [KernelFact]
    public void WhatIf_shows_the_bytes_by_their_fields_and_nothing_raw()
    {
        var shown = Preview("Send-CustomPacket 192.0.2.2 -Text \"a`e[31m\" -VlanId 7 -SourcePort 40000 -IPOption 1, 1 -Version 2 -TrailingBytes 1 -WhatIf");

        Assert.StartsWith("Frame of 63 bytes over 'veth0', transport Raw: only a raw frame can have VLAN tags", shown[0], StringComparison.Ordinal);
        string[] expected =
        [
            "  0000  02 00 00 00 00 02                                Ethernet destination       02:00:00:00:00:02",
            "  000c  81 00                                            EtherType                  802.1Q VLAN tag",
            "  000e  00 07                                            VLAN priority, id          priority 0, id 7",
            "  0012  46                                               IPv4 version, length       4, 24 bytes",
            "  0026  01 01 00 00                                      IPv4 options",
            "  0032  ca fe                                            CustomProto Magic          0xCAFE",
            "  0034  02                                               CustomProto Version        2 (wrong)",
            "  0035  01                                               CustomProto Type           1 (Request)",
            "  0036  00 06                                            CustomProto Length         6",
            "  0038  61 1b 5b 33 31 6d                                Data                       a.[31m",
            "  003e  00                                               (trailing bytes)           .",
        ];
        Assert.Equal(expected, shown.Where(expected.Contains));
        Assert.All(shown, line => Assert.DoesNotContain(line, character => char.IsControl(character)));
        Assert.Contains(shown, line => line.EndsWith("IPv4 checksum              right", StringComparison.Ordinal));
        Assert.Contains(shown, line => line.EndsWith("UDP checksum               right", StringComparison.Ordinal));
    }

    [KernelTheory]
    [InlineData("Send-CustomPacket 192.0.2.2 -Text x -Transport Udp -WhatIf", "UDP payload of 7 bytes over 'veth0', transport Udp: it was asked for. The kernel makes the headers.")]
    [InlineData("Send-CustomPacket 2001:db8::2 -Text ('x' * 100) -FragmentSize 64 -WhatIf", "Frame 2 of 2 of 112 bytes over 'veth0', transport Raw: only a raw frame can have fragments of one's own making.")]
    [InlineData("New-CustomMessage x | Send-CustomPacket 192.0.2.77 -WhatIf", "The MAC address of 192.0.2.77 isn't known yet; it is asked for when something is sent.")]
    [InlineData("New-CustomMessage x | ConvertTo-CustomPacket -As Frame | Send-CustomPacket -AsFrame -Interface veth0 -WhatIf", "Frame of 49 bytes.")]
    [InlineData("Send-CustomPacket 192.0.2.2 -Text x -Transport Xdp -WhatIf", "The sequence number and the time that end the data are written by the kernel, packet by packet.")]
    [InlineData("$WhatIfPreference = $true; Send-CustomPacket 192.0.2.2 -Text ('x' * 1000)", "  0130                                                   Data                       (another 744 bytes)")]
    public void WhatIf_says_what_goes_for_each_kind(string script, string line) => Assert.Contains(line, Preview(script));

    [KernelTheory]
    [InlineData("192.0.2.2 -Text x -Checksum Bad -Transport Udp", ErrorCategory.InvalidArgument, "OptionNeedsRaw", "the checksum Bad")]
    [InlineData("192.0.2.2 -Text x -Truncate 1 -Transport Udp", ErrorCategory.InvalidArgument, "OptionNeedsRaw", "cut off")]
    [InlineData("192.0.2.2 -Text x -Fragment -Transport Udp", ErrorCategory.InvalidArgument, "OptionNeedsRaw", "fragments")]
    [InlineData("192.0.2.2 -Text x -IPOption 1 -Transport Udp", ErrorCategory.InvalidArgument, "OptionNeedsRaw", "IPv4 options")]
    [InlineData("192.0.2.2 -Text x -Fuzz -Seed 1 -Transport Udp", ErrorCategory.InvalidArgument, "OptionNeedsRaw", "fuzzed")]
    [InlineData("2001:db8::2 -Text x -IPOption 1", ErrorCategory.InvalidArgument, "OptionsNeedIPv4", "IPv6")]
    [InlineData("192.0.2.2 -Text x -Magic 0x12345", ErrorCategory.InvalidArgument, "FieldValueOutOfRange", "'Magic'")]
    [InlineData("192.0.2.2 -Text x -Fuzz -Seed 1 -Fragment", ErrorCategory.InvalidArgument, "FuzzConflict", "fragments")]
    [InlineData("192.0.2.2 -Text x -Seed 1", ErrorCategory.InvalidArgument, "SeedWithoutFuzz", "-Fuzz")]
    [InlineData("192.0.2.2 -Packet 1, 2 -Version 2", ErrorCategory.InvalidArgument, "PayloadTooShort", "2 bytes")]
    [InlineData("192.0.2.2 -Data ([byte[]]::new(65502)) -Fragment", ErrorCategory.LimitsExceeded, "DataTooLong", "65,501")]
    [InlineData("2001:db8::2 -Data ([byte[]]::new(65522)) -Fragment", ErrorCategory.LimitsExceeded, "DataTooLong", "65,521")]
    [InlineData("192.0.2.2 -Data ([byte[]]::new(2000))", ErrorCategory.LimitsExceeded, "DataExceedsMtu", "-Fragment")]
    [InlineData("192.0.2.2 -Path /no/such/file", ErrorCategory.ObjectNotFound, "FileNotFound", "'/no/such/file'")]
    [InlineData("-AsFrame -Interface veth0 -Packet (1..20)", ErrorCategory.InvalidData, "NotAFrame", "EtherType 0x0D0E")]
    [InlineData("-AsFrame -Interface nope -Packet (New-CustomMessage | ConvertTo-CustomPacket -As Frame)", ErrorCategory.ObjectNotFound, "InterfaceNotFound", "'nope'")]
    [InlineData("-AsFrame -Packet 1", ErrorCategory.InvalidArgument, "InterfaceMissing", "-Interface")]
    [InlineData("-AsFrame -Interface veth0 -Packet 1 -Ttl 4", ErrorCategory.InvalidArgument, "FrameIsReady", "-Ttl")]
    [InlineData("-AsFrame -Interface veth0 -Packet 1 -Threads 2", ErrorCategory.InvalidArgument, "FrameIsReady", "-Threads")]
    [InlineData("-AsFrame -Interface veth0 -Packet 1 -TypeCycle 1", ErrorCategory.InvalidArgument, "FrameIsReady", "-TypeCycle")]
    [InlineData("-AsFrame -Interface veth0 -Packet 1 -SourcePortCount 2", ErrorCategory.InvalidArgument, "FrameIsReady", "-SourcePortCount")]
    [InlineData("-AsFrame -Interface veth0 -Packet 1 -Transport Xdp", ErrorCategory.InvalidArgument, "FrameNeedsRaw", "-Transport Xdp")]
    [InlineData("-AsFrame -Interface veth0 -Packet (New-CustomMessage ('x' * 1500) | ConvertTo-CustomPacket -As Frame)", ErrorCategory.LimitsExceeded, "FrameExceedsMtu", "1514")]
    public void Failure_is_one_error_with_advice(string parameters, ErrorCategory category, string errorId, string message) =>
        AssertError(_left.Fail($"Send-CustomPacket {parameters}"), category, errorId, "SendCustomPacketCommand", message);

    [KernelFact(KernelNeed.Bpf)]
    public void Pipeline_goes_on_and_what_was_sent_is_reported()
    {
        Register();

        var result = _left.Run("$args | Send-CustomPacket 192.0.2.2 -Version 1 -PassThru", new byte[] { 0xCA, 0xFE, 9, 1, 0, 0 }, new byte[] { 1 }, new byte[2000], new byte[] { 0xCA, 0xFE, 9, 2, 0, 0 });

        // The single byte counts as one of several that belong together, and is too short for a header.
        Assert.Equal(["PayloadTooShort", "DataExceedsMtu"], result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Equal(2, result.Single<SendResult>().Packets);
        Assert.Equal([1, 2], Receive(2).Select(message => (int)message.Type));
    }

    [KernelTheory]
    [InlineData("192.0.2.2 -Text x -VlanId 5000")]
    [InlineData("192.0.2.2 -Text x -FragmentSize 7")]
    [InlineData("192.0.2.2 -Text x -Truncate -1")]
    [InlineData("192.0.2.2 -Text x -Length ten")]
    [InlineData("192.0.2.2 -Text x -Checksum Right")]
    [InlineData("192.0.2.2 -AsFrame -Packet 1")]
    public void What_cannot_be_is_refused(string parameters) => Assert.IsType<ParameterBindingException>(_left.Fail($"Send-CustomPacket {parameters}").Exception, exactMatch: false);

    private protected override void Close()
    {
        _left.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    string[] Preview(string script) => _left.Run($"{script} 6>&1 | Out-String -Width 200").WithoutErrors().Text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');

    IReadOnlyList<CustomMessage> Receive(int count) => Shell.Run($"Get-CustomMessage -Count {count} {Patience}").WithoutErrors().All<CustomMessage>();
}
