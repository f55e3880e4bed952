using System.Globalization;
using System.Management.Automation;
using CustomProto.Capture;
using CustomProto.KernelTests;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Tests;

/// <summary>Export-CustomCapture and Import-CustomCapture, with tshark and Scapy on the other side.</summary>
[Collection(KernelSuite.Name)]
public sealed class CaptureFileTests : ShellTest
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("customproto-capture-");

    string Capture => Path.Combine(_folder.FullName, "messages [1].pcapng");

    [KernelFact(KernelNeed.Bpf)]
    public void Tshark_reads_what_was_recorded_from_the_ring()
    {
        Register();
        Send(MessageType.Request, "one", "two");
        Send(MessageType.Response, "three");
        Arrived(3);

        var result = Shell.Run($"Export-CustomCapture $args[0] -Interface {Veth} -NoWait -PassThru", Capture).WithoutErrors().Single<CaptureResult>();

        Assert.Equal((Capture, 3, 0, new FileInfo(Capture).Length), (result.Path, result.Packets, result.Lost, result.Length));
        var messages = Shell.Run("Import-CustomCapture $args[0]", Capture).WithoutErrors().All<CustomMessage>();
        Assert.Equal(["one", "two", "three"], messages.Select(message => message.Text));
        var seen = Tshark(Capture, "frame.time_epoch", "frame.interface_name", "eth.src", "ip.src", "ip.dst", "udp.dstport", "udp.length", "ip.checksum.status", "udp.checksum.status", "data");
        Assert.Equal(messages.Select((message, i) => string.Join(
            '\t',
            $"{message.Packet.UnixNanoseconds / 1_000_000_000}.{message.Packet.UnixNanoseconds % 1_000_000_000:D9}",
            Veth,
            TestNetwork.Mac(TestNetwork.Left),
            TestNetwork.IPv4(TestNetwork.Left),
            TestNetwork.IPv4(TestNetwork.Right),
            "12345",
            (14 + message.Length).ToString(CultureInfo.InvariantCulture),
            "1",
            "1",
            $"cafe010{(i == 2 ? 2 : 1)}{message.Length:x4}{Convert.ToHexStringLower(message.Data)}")), seen);
        var verbose = Network.Execute(TestNetwork.Right, "tshark", $"-r \"{Capture}\" -V -c 1");
        Assert.Contains("Direction: Inbound", verbose, StringComparison.Ordinal);
        Assert.Contains("XDP_DROP (1)", verbose, StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Without_interface_and_messages_what_is_registered_is_recorded()
    {
        var error = Shell.Fail("Export-CustomCapture $args[0] -NoWait", Capture);
        AssertError(error, ErrorCategory.ObjectNotFound, "NothingRegistered", "ExportCustomCaptureCommand", "registered no XDP program");
        Assert.Contains("Export-CustomCapture -Interface", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.False(File.Exists(Capture));

        Register();
        SendPayloads([.. Enumerable.Range(1, 3).Select(number => MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, new byte[number]))]);
        Assert.Equal(3, Shell.Run("Export-CustomCapture $args[0] -NoWait -PassThru", Capture).WithoutErrors().Single<CaptureResult>().Packets);
        Assert.Equal(["1", "2", "3"], Shell.Run("Import-CustomCapture $args[0] | ForEach-Object { [string]$_.Length }", Capture).WithoutErrors().Output.Select(length => (string)length.BaseObject));

        // A pipeline in which nothing came is no call without one.
        Assert.Empty(Shell.Run("@() | Export-CustomCapture $args[0] -PassThru", Capture).WithoutErrors().Output);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Losses_are_in_the_file_and_said()
    {
        Register("-RingSize 256KB");
        SendPayloads([.. Enumerable.Repeat(MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, new byte[1000]), 400)]);
        var recording = Shell.Start($"Export-CustomCapture $args[0] -Interface {Veth} -Count 300 {Patience} -PassThru", Capture);
        var (sent, lost) = (400, 0L);
        while (!recording.Wait(TimeSpan.FromMilliseconds(1)))
        {
            // What follows a loss tells of it.
            SendPayloads(MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, new byte[1000]));
            Assert.True(++sent < 20_000);
        }

        var result = recording.Result.WithoutErrors();
        var written = result.Single<CaptureResult>();
        lost = written.Lost;
        Assert.Equal(300, written.Packets);
        Assert.InRange(lost, 1, 400);
        Assert.Contains(result.Warnings, warning => warning.Contains($"{lost} messages were lost", StringComparison.Ordinal));
        Assert.Equal(lost, Tshark(Capture, "frame.drop_count").Where(count => count.Length > 0).Sum(long.Parse));
        Assert.Equal(lost, Shell.Run("(Import-CustomCapture $args[0] | Measure-Object LostBefore -Sum).Sum", Capture).WithoutErrors().Single<double>());
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Rejected_packets_are_recorded_with_the_reason_for_tshark_and_come_back()
    {
        Register("-VerifyChecksum -Reader archive");
        Shell.Run($"Set-XdpProgram {Veth} -Reader archive -IncludeRejected").WithoutErrors();
        Send(MessageType.Request, "good");
        SendPayloads([0xBA, 0xD0, 1, 1, 0, 0], [0xCA, 0xFE, 9, 1, 0, 0], [0xCA, 0xFE, 1, 1, 0xff, 0xff, .. new byte[300]], [0xCA, 0xFE]);
        Scapy.Send(
            Network,
            "IP(src='192.0.2.1',dst='192.0.2.2')/UDP(sport=40000,dport=12345,chksum=0x1234)/Raw(bytes.fromhex('cafe010100026869'))",
            "IP(src='192.0.2.1',dst='192.0.2.2',flags='MF')/UDP(sport=40000,dport=12345)/Raw(bytes.fromhex('cafe010100026869'))");
        Assert.True(SpinWait.SpinUntil(() => Shell.Run("(Get-XdpStatistics)[0].Seen").WithoutErrors().Single<long>() == 7, TimeSpan.FromSeconds(10)));
        string[] reasons = ["BadMagic", "BadVersion", "BadLength", "Truncated", "BadChecksum", "Fragment"];

        var result = Shell.Run($"Export-CustomCapture $args[0] -Interface {Veth} -Reader archive -IncludeRejected -NoWait -PassThru", Capture).WithoutErrors();

        Assert.Equal((7, 0), (result.Single<CaptureResult>().Packets, result.Single<CaptureResult>().Lost));
        Assert.Equal(["", .. reasons.Select(reason => "CustomProto: " + reason)], Tshark(Capture, "frame.comment"));
        Assert.Equal("348\t170\t334\t0x0000", Tshark(Capture, "frame.len", "frame.cap_len", "ip.len", "udp.checksum")[3]);
        var verbose = Network.Execute(TestNetwork.Right, "tshark", $"-r \"{Capture}\" -V -Y frame.number==2");
        Assert.Contains("XDP_PASS (2)", verbose, StringComparison.Ordinal);

        // Where the comment is lost, what the frame itself shows is judged as the kernel did.
        var copy = Path.Combine(_folder.FullName, "copy.pcap");
        Network.Execute(TestNetwork.Right, "tshark", $"-r \"{Capture}\" -F nsecpcap -w {copy}");
        var read = Shell.Run("Import-CustomCapture $args[0] -IncludeRejected", Capture).WithoutErrors().Output.Select(one => one.BaseObject).ToArray();
        Assert.Equal("good", Assert.IsType<CustomMessage>(read[0]).Text);
        var rejected = read[1..].Cast<RejectedPacket>().ToArray();
        Assert.Equal(reasons, rejected.Select(packet => packet.Reason.ToString()));
        Assert.Equal([6, 6, 306, 2, 8, 8], rejected.Select(packet => packet.Length));
        Assert.Equal([6, 6, 128, 2, 8, 8], rejected.Select(packet => packet.LeadingBytes.Length));
        Assert.All(rejected, packet => Assert.Equal(("192.0.2.1", 40000, 12345, Veth), (packet.SourceAddress.ToString(), packet.SourcePort, packet.DestinationPort, packet.Interface)));
        Assert.Equal(reasons[..4], Shell.Run("Import-CustomCapture $args[0] -IncludeRejected | Where-Object Reason | ForEach-Object { \"$($_.Reason)\" }", copy).WithoutErrors().All<string>());

        var messages = Shell.Run("Import-CustomCapture $args[0] -Verbose", Capture).WithoutErrors();
        Assert.Equal("good", messages.Single<CustomMessage>().Text);
        Assert.Contains(messages.Verbose, line => line.Contains("1 messages in 7 frames; 6 on the port are not valid, 0 are not on it", StringComparison.Ordinal));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_recording_has_a_reader_and_a_filter_of_its_own()
    {
        Register();
        using var other = new Shell(Network);
        var recording = Shell.Start($"Export-CustomCapture $args[0] -Interface {Veth} -Reader archive -Type Response -DataPrefix t -Count 2 {Patience}", Capture);
        Assert.True(SpinWait.SpinUntil(() => other.Run("Get-XdpStatistics").WithoutErrors().Output.Count == 2, TimeSpan.FromSeconds(20)));
        Send(MessageType.Request, "to no avail");
        Send(MessageType.Response, "one", "two", "three");

        recording.Result.WithoutErrors();
        Assert.Equal(["two", "three"], Shell.Run("(Import-CustomCapture $args[0]).Text", Capture).WithoutErrors().All<string>());
        Assert.Equal(4, Shell.Run("Get-CustomMessage -NoWait").WithoutErrors().Output.Count);

        // The messages of the pipeline are no program's, so nothing filters them in the kernel.
        Assert.Equal("InputObjectNotBound,CustomProto.PowerShell.Commands.ExportCustomCaptureCommand", Shell.Fail("(Import-CustomCapture $args[0])[0] | Export-CustomCapture /dev/null -Type Response", Capture).FullyQualifiedErrorId);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void What_other_tools_captured_comes_back_as_messages()
    {
        var frames = Path.Combine(_folder.FullName, "scapy.pcapng");
        var request = MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, "from Scapy"u8);
        Network.Execute(
            TestNetwork.Left,
            "/usr/bin/python3",
            $"-c \"import logging; logging.getLogger('scapy').setLevel(logging.ERROR); from scapy.all import *; e = Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02'); wrpcapng('{frames}', [e/Dot1Q(vlan=5)/IPv6(src='2001:db8::1', dst='2001:db8::2')/UDP(sport=7, dport=12345)/Raw(bytes.fromhex('{Convert.ToHexString(request)}')), e/IP()/UDP(dport=12345)/Raw(b'no message'), e/IP()/TCP()])\"");
        var copied = Path.Combine(_folder.FullName, "tshark.pcap");
        Network.Execute(TestNetwork.Left, "tshark", $"-r {frames} -F nsecpcap -w {copied}");

        var result = Shell.Run("Get-ChildItem $args[0] | Sort-Object Name | Import-CustomCapture -Verbose", _folder.FullName + "/*.pcap*").WithoutErrors();

        Assert.Equal(2, result.Output.Count);
        foreach (var message in result.All<CustomMessage>())
        {
            Assert.Equal(("from Scapy", "2001:db8::1", 7, TimestampSource.Capture), (message.Text, message.SourceAddress!.ToString(), message.SourcePort, message.TimestampSource));
            Assert.Equal([5], message.VlanId);
        }

        Assert.Equal(2, result.Verbose.Count(line => line.Contains("1 messages in 3 frames; 1 on the port are not valid, 1 are not on it", StringComparison.Ordinal)));
        Assert.Empty(result.Warnings);
        Assert.Contains("12, 13", Assert.Single(Shell.Run("Import-CustomCapture $args[0] -Port 12, 13", frames).WithoutErrors().Warnings), StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Messages_of_the_pipeline_are_written_and_made_ones_get_a_frame()
    {
        Register();
        Send(MessageType.Request, "keep", "drop", "keep");
        Shell.Run($"Get-CustomMessage -Count 3 {Patience} | Where-Object Text -eq keep | Export-CustomCapture $args[0]", Capture).WithoutErrors();
        Assert.Equal(["keep", "keep"], Shell.Run("(Import-CustomCapture $args[0]).Text", Capture).WithoutErrors().All<string>());

        var made = CustomMessage.Create(ProtocolDefinition.Default, MessageType.Response, "made"u8);
        Shell.Run("$args[1] | Export-CustomCapture $args[0]", Capture, made).WithoutErrors();
        Assert.Equal("made", Shell.Run("Import-CustomCapture $args[0]", Capture).WithoutErrors().Single<CustomMessage>().Text);
        Assert.Equal("1\t1", Assert.Single(Tshark(Capture, "ip.checksum.status", "udp.checksum.status")));
    }

    /// <summary>Message or not, what is in the file is what a recording straight from the ring has in it: verdict and reason among it.</summary>
    [KernelFact(KernelNeed.Bpf)]
    public void Rejected_packets_of_the_pipeline_are_written_like_those_of_the_ring()
    {
        Register("-Reader archive");
        Shell.Run($"Set-XdpProgram {Veth} -IncludeRejected; Set-XdpProgram {Veth} -Reader archive -IncludeRejected").WithoutErrors();
        Send(MessageType.Request, "good");
        SendPayloads([0xBA, 0xD0, 1, 1, 0, 0], [0xCA, 0xFE, 1, 1, 0xff, 0xff, .. new byte[300]]);
        Assert.True(SpinWait.SpinUntil(() => Shell.Run("(Get-XdpStatistics)[0].Seen").WithoutErrors().Single<long>() == 3, TimeSpan.FromSeconds(10)));
        var direct = Path.Combine(_folder.FullName, "direct.pcapng");
        Shell.Run($"Export-CustomCapture $args[0] -Interface {Veth} -Reader archive -IncludeRejected -NoWait", direct).WithoutErrors();

        var result = Shell.Run($"Get-CustomMessage {Veth} -IncludeRejected -Count 3 {Patience} | Export-CustomCapture $args[0] -PassThru", Capture).WithoutErrors();

        Assert.Equal(3, result.Single<CaptureResult>().Packets);
        Assert.Equal(new FileInfo(direct).Length, new FileInfo(Capture).Length);
        var verbose = Network.Execute(TestNetwork.Right, "tshark", $"-r \"{Capture}\" -V");
        Assert.Equal(["XDP_DROP (1)", "XDP_PASS (2)", "XDP_PASS (2)"], verbose.Split('\n').Where(line => line.Contains("XDP_", StringComparison.Ordinal)).Select(line => line[line.IndexOf("XDP_", StringComparison.Ordinal)..].TrimEnd(']', ' ')));
        Assert.Equal(["", "CustomProto: BadMagic", "CustomProto: BadLength"], Tshark(Capture, "frame.comment"));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_recording_that_is_stopped_leaves_a_whole_file_and_no_program()
    {
        var recording = Shell.Start($"Export-CustomCapture $args[0] -Interface {Veth} -WarningAction SilentlyContinue", Capture);
        RecordTwo(Capture);
        Shell.Stop();
        recording.Wait();

        Assert.Empty(Attached());
        Assert.Equal(["one", "two"], Shell.Run("(Import-CustomCapture $args[0]).Text", Capture).WithoutErrors().All<string>());
        Assert.Contains("Number of stat entries = 1", Network.Execute(TestNetwork.Right, "capinfos", $"\"{Capture}\""), StringComparison.Ordinal);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void What_is_wrong_is_said_once()
    {
        Register();
        Send(MessageType.Request, "stays");
        Arrived(1);
        File.WriteAllText(Capture, "mine");
        var nowhere = Path.Combine(_folder.FullName, "no", "folder");
        AssertError(Shell.Fail($"Export-CustomCapture $args[0] -Interface {Veth} -NoWait -NoClobber", Capture), ErrorCategory.ResourceExists, "CaptureExists", "ExportCustomCaptureCommand", Capture);
        AssertError(Shell.Fail($"Export-CustomCapture $args[0] -Interface {Veth} -NoWait", nowhere), ErrorCategory.InvalidArgument, "CaptureUnwritable", "ExportCustomCaptureCommand", nowhere);
        AssertError(Shell.Fail("Import-CustomCapture $args[0]", Capture), ErrorCategory.InvalidData, "NotACapture", "ImportCustomCaptureCommand", Capture);
        AssertError(Shell.Fail("Import-CustomCapture $args[0]", nowhere), ErrorCategory.ObjectNotFound, "CaptureNotFound", "ImportCustomCaptureCommand", nowhere);
        Shell.Run($"Export-CustomCapture $args[0] -Interface {Veth} -NoWait -WhatIf", Capture).WithoutErrors();
        Assert.Equal("mine", File.ReadAllText(Capture));

        // Nothing was taken from the ring meanwhile.
        Assert.Equal("stays", Shell.Run("Get-CustomMessage -NoWait").WithoutErrors().Single<CustomMessage>().Text);
    }

    [KernelFact]
    public void A_folder_is_no_file_to_write_to() => AssertError(
        Shell.Fail($"New-CustomMessage x | Export-CustomCapture '{_folder.FullName}'"), ErrorCategory.InvalidArgument, "CaptureUnwritable", "ExportCustomCaptureCommand", "it is a folder");

    private protected override void Close() => _folder.Delete(recursive: true);

    void Arrived(long messages) => Assert.True(SpinWait.SpinUntil(
        () => Shell.Run("Get-XdpStatistics").WithoutErrors().Single<Receive.ReceiveStatistics>().Delivered == messages, TimeSpan.FromSeconds(10)));

    string[] Tshark(string file, params string[] fields) => Network.Execute(
        TestNetwork.Right,
        "tshark",
        $"-r \"{file}\" -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -T fields {string.Join(' ', fields.Select(field => $"-e {field}"))}")
        .Split('\n')[..^1];
}
