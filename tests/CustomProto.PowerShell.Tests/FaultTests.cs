using System.Management.Automation;
using CustomProto.KernelTests;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Tests;

/// <summary>What ends a stream from outside, as a user sees it.</summary>
[Collection(KernelSuite.Name)]
public sealed class FaultTests : ShellTest
{
    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("link set dev veth1 down", "InterfaceDown")]
    [InlineData("link delete dev veth1", "InterfaceGone")]
    public void A_stream_ends_with_one_error_after_what_was_recorded(string command, string errorId)
    {
        Register();
        var reading = Shell.Start("Get-CustomMessage");
        Send(MessageType.Request, "one", "two");
        Assert.True(SpinWait.SpinUntil(() => Receive.Receivers.All[0].ReadStatistics().Delivered == 2, TimeSpan.FromSeconds(10)));
        Network.Ip(TestNetwork.Right, command);

        Assert.True(reading.Wait(TimeSpan.FromSeconds(20)), "The command goes on.");
        Assert.Equal(["one", "two"], reading.Result.All<CustomMessage>().Select(message => message.Text));
        AssertError(Assert.Single(reading.Result.Errors), ErrorCategory.ResourceUnavailable, errorId, "GetCustomMessageCommand", Veth);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_recording_ends_with_one_error_and_a_whole_file()
    {
        var file = Path.Combine(Path.GetTempPath(), $"customproto-fault-{Guid.NewGuid():N}.pcapng");
        try
        {
            Register();
            Send(MessageType.Request, "kept");
            var recording = Shell.Start($"Export-CustomCapture $args[0] -Interface {Veth}", file);
            Assert.True(SpinWait.SpinUntil(() => File.Exists(file) && new FileInfo(file).Length > 0, TimeSpan.FromSeconds(10)));
            Network.Ip(TestNetwork.Right, "link delete dev veth1");

            Assert.True(recording.Wait(TimeSpan.FromSeconds(20)), "The command goes on.");
            AssertError(Assert.Single(recording.Result.Errors), ErrorCategory.ResourceUnavailable, "InterfaceGone", "ExportCustomCaptureCommand", Veth);
            Assert.Equal("kept", Shell.Run("Import-CustomCapture $args[0]", file).WithoutErrors().Single<CustomMessage>().Text);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
