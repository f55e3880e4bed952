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

    [KernelFact(KernelNeed.Bpf)]
    public void A_recording_that_is_stopped_leaves_a_whole_file_and_no_program()
    {
        var recording = Shell.Start($"Export-CustomCapture $args[0] -Interface {Veth} -WarningAction SilentlyContinue", Capture);
        Assert.True(SpinWait.SpinUntil(() => Attached().Count == 1, TimeSpan.FromSeconds(20)));
        Send(MessageType.Request, "one", "two");

        // What was taken is in the file whenever the command waits.
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Capture) && new FileInfo(Capture).Length > 700, TimeSpan.FromSeconds(20)));
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

    private protected override void Close() => _folder.Delete(recursive: true);

    void Arrived(long messages) => Assert.True(SpinWait.SpinUntil(
        () => Shell.Run("Get-XdpStatistics").WithoutErrors().Single<Receive.ReceiveStatistics>().Delivered == messages, TimeSpan.FromSeconds(10)));

    string[] Tshark(string file, params string[] fields) => Network.Execute(
        TestNetwork.Right,
        "tshark",
        $"-r \"{file}\" -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -T fields {string.Join(' ', fields.Select(field => $"-e {field}"))}")
        .Split('\n')[..^1];
}
