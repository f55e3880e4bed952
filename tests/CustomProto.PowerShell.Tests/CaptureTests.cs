using System.Management.Automation;
using CustomProto.KernelTests;
using CustomProto.KernelTests.Receive;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Tests;

/// <summary>Test-XdpProgram with capture files.</summary>
[Collection(KernelSuite.Name)]
public sealed class CaptureTests : ShellTest
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("customproto-capture-");

    string Capture => Path.Combine(_folder.FullName, "frames [1].pcapng");

    [KernelFact(KernelNeed.Bpf)]
    public void Frames_of_a_capture_do_what_the_fixtures_say()
    {
        var fixtures = Fixture.All.Values.Where(fixture => fixture is { Configuration: null, LinearLength: 0 } && fixture.Bytes.Length >= TestReceiver.MinFrameLength).ToArray();
        Assert.True(fixtures.Length >= 100);
        Scapy.WriteCapture(Network, Capture, fixtures.Select(fixture => fixture.Bytes));

        var result = Shell.Run("Test-XdpProgram -CapturePath $args[0]", Capture).WithoutErrors();
        var reports = result.All<TestRunReport>();

        Assert.Empty(result.Warnings);
        Assert.Equal(fixtures.Select(Expected), fixtures.Zip(reports, (fixture, report) => $"{fixture.Name}: {report}, seen {report.Seen}, message {report.Message is not null}"));
        Assert.Equal(fixtures.Length, reports.Count);
        Assert.All(fixtures.Zip(reports), pair => Assert.Equal(pair.First.Bytes, pair.Second.Output));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Captures_come_by_path_and_from_the_pipeline()
    {
        Scapy.WriteCapture(Network, Capture, [Fixture.All["ipv4-request"].Bytes, Fixture.All["drop-spares-arp"].Bytes]);
        Register("-Port 99");
        foreach (var (script, expected) in ((string, string)[])
        [
            ("Get-ChildItem -LiteralPath $args[1] | Test-XdpProgram -MatchAction Drop", "Drop Pass"),
            ("Set-Location -LiteralPath $args[1]; Test-XdpProgram -CapturePath './frames [1].pcapng' -MatchAction Drop", "Drop Pass"),
            ("$null = New-PSDrive Captures FileSystem $args[1] -Scope Global; Test-XdpProgram -CapturePath 'Captures:/frames [1].pcapng' -MatchAction Drop", "Drop Pass"),
            ("Set-Location /; Test-XdpProgram -CapturePath $args[0] -InputObject $program", "Pass Pass"),
            ("$program | Test-XdpProgram -CapturePath $args[0]", "Pass Pass"),
        ])
        {
            var reports = Shell.Run(script, Capture, _folder.FullName).WithoutErrors().All<TestRunReport>();
            Assert.True(string.Join(' ', reports.Select(report => report.Verdict)) == expected, script);
        }

        // The bytes that Get-Content reads carry the path of their file, and are frames all the same.
        var frame = Path.Combine(_folder.FullName, "frame.bin");
        File.WriteAllBytes(frame, Fixture.All["ipv4-request"].Bytes);
        Assert.True(Shell.Run("Get-Content $args[0] -AsByteStream | Test-XdpProgram", frame).WithoutErrors().Single<TestRunReport>().Seen);
        Assert.True(Shell.Run(",(Get-Content $args[0] -AsByteStream -Raw) | Test-XdpProgram", frame).WithoutErrors().Single<TestRunReport>().Seen);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void What_is_wrong_is_said_once_and_whole_frames_are_run()
    {
        var request = Fixture.All["ipv4-request"].Bytes;
        Scapy.WriteCapture(Network, Capture, [request, request[..13], request]);
        var whole = File.ReadAllBytes(Capture);
        var missing = Path.Combine(_folder.FullName, "none.pcap");

        // A frame that is too short is an error by itself.
        var result = Shell.Run("Test-XdpProgram -CapturePath $args[0]", Capture);
        AssertError(Assert.Single(result.Errors), ErrorCategory.InvalidArgument, "FrameTooShort", "TestXdpProgramCommand", "13 bytes");
        Assert.Equal("Frame 2, 13 bytes", result.Errors[0].TargetObject.ToString());
        Assert.Equal([true, true], result.All<TestRunReport>().Select(report => report.Seen));

        // Damage ends the file, after the whole frames before it: one that runs, and the short one.
        File.WriteAllBytes(Capture, whole[..200]);
        result = Shell.Run("Test-XdpProgram -CapturePath $args[0]", Capture);
        AssertError(Assert.Single(result.Errors, error => error.FullyQualifiedErrorId.StartsWith("CaptureDamaged", StringComparison.Ordinal)), ErrorCategory.InvalidData, "CaptureDamaged", "TestXdpProgramCommand", "offset");
        Assert.True(result.Single<TestRunReport>().Seen);

        AssertError(Shell.Fail("Test-XdpProgram -CapturePath $args[0]", missing), ErrorCategory.ObjectNotFound, "CaptureNotFound", "TestXdpProgramCommand", missing);
        AssertError(Shell.Fail("Test-XdpProgram -CapturePath $args[0]", Environment.ProcessPath!), ErrorCategory.InvalidData, "NotACapture", "TestXdpProgramCommand", "7F454C46");
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Frames_that_the_capture_cut_are_run_as_they_are()
    {
        // Classic pcap as a machine with the other byte order writes it: two frames of 58 bytes, 44 of them captured.
        var request = Convert.ToHexString(Fixture.All["ipv4-request"].Bytes);
        var record = $"6553F100075BCD150000002C0000003A{request[..88]}";
        File.WriteAllBytes(Capture, Convert.FromHexString($"A1B23C4D0002000400000000000000000000002C00000001{record}{record}"));

        var result = Shell.Run("Test-XdpProgram -CapturePath $args[0]", Capture).WithoutErrors();

        Assert.Contains("first frame 1.", Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.Equal([RejectReason.Truncated, RejectReason.Truncated], result.All<TestRunReport>().Select(report => report.Reason));
    }

    private protected override void Close() => _folder.Delete(recursive: true);

    static string Expected(Fixture fixture)
    {
        var seen = fixture.Counters.ContainsKey(nameof(ReceiveStatistics.Seen));
        var reason = fixture.Counters.Keys.FirstOrDefault(Enum.GetNames<RejectReason>().Contains);
        return $"{fixture.Name}: {fixture.Verdict}{(reason is null ? "" : $", {reason}")}, seen {seen}, message {fixture.Message is not null}";
    }
}
