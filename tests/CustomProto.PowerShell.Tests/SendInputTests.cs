using System.Management.Automation;
using CustomProto.KernelTests;
using CustomProto.Protocol;
using CustomProto.Send;

namespace CustomProto.PowerShell.Tests;

/// <summary>What Send-CustomPacket makes of the objects of a pipeline, and of parameters that don't go together.</summary>
[Collection(KernelSuite.Name)]
public sealed class SendInputTests : ShellTest
{
    readonly Shell _left;
    readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public SendInputTests() => _left = new Shell(Network, TestNetwork.Left);

    [KernelFact(KernelNeed.Bpf)]
    public void Objects_of_all_kinds_may_follow_each_other()
    {
        Register();
        File.WriteAllText(Path.Combine(_folder, "a.txt"), "file");
        const string Script =
            """
            & {
                'text'
                7
                [timespan]::FromSeconds(1)
                New-CustomMessage made -Type 5
                New-CustomMessage bag -Type 6 | Select-Object *
                New-CustomMessage array -Type 7 | ConvertTo-CustomPacket
                , [object[]](0xca, 0xfe, 1, 8, 0, 0)
                [byte[]](0xca, 0xfe, 1, 9, 0, 1, 0x62)
                Get-Item (Join-Path $args[0] a.txt)
                [pscustomobject]@{ Path = (Join-Path $args[0] a.txt) }
                ''
            } $args[0] | Send-CustomPacket 192.0.2.2
            """;

        _left.Run(Script, _folder).WithoutErrors();

        Assert.Equal(
            ["Request text", "Request 7", "Request 00:00:01", "5 made", "6 bag", "7 array", "8 ", "9 b", "Request file", "Request file", "Request "],
            Receive(11));
    }

    /// <summary>Get-Content gives its strings properties, with the file's path among them.</summary>
    [KernelFact(KernelNeed.Bpf)]
    public void Lines_of_a_file_are_a_message_each()
    {
        Register();
        var path = Path.Combine(_folder, "lines.txt");
        File.WriteAllLines(path, ["first", "", "grün ✓", new string('x', 300)]);

        _left.Run("Get-Content $args[0] | Send-CustomPacket 192.0.2.2 -Type 77", path).WithoutErrors();

        Assert.Equal(["77 first", "77 ", "77 grün ✓", "77 " + new string('x', 300)], Receive(4));
    }

    [KernelTheory]
    [InlineData("@{ a = 1 }, 'next' | Send-CustomPacket 192.0.2.2 -PassThru", "InputNotSendable", "a Hashtable, can't be sent")]
    [InlineData("[pscustomobject]@{ a = 1 }, 'next' | Send-CustomPacket 192.0.2.2 -PassThru", "InputNotSendable", "can't be sent")]
    [InlineData("(New-CustomMessage x), 'next' | Send-CustomPacket 192.0.2.2 -Type 3 -PassThru", "TypeIsSettled", "-Type 3")]
    [InlineData("(, [byte[]](1, 2)) + 'next' | Send-CustomPacket 192.0.2.2 -Type 3 -PassThru", "TypeIsSettled", "-Type 3")]
    [InlineData("'text', (New-CustomMessage x | ConvertTo-CustomPacket -As Frame) | Send-CustomPacket -AsFrame -Interface veth0 -PassThru", "InputNotSendable", "'text', a String, is no frame")]
    public void What_cannot_be_sent_is_an_error_and_the_next_is_sent(string script, string errorId, string message)
    {
        var result = _left.Run(script);

        AssertError(Assert.Single(result.Errors), ErrorCategory.InvalidArgument, errorId, "SendCustomPacketCommand", message);
        Assert.Equal(1, result.Single<SendResult>().Packets);
    }

    [KernelFact]
    public void A_path_on_no_drive_is_an_error_and_the_next_is_sent()
    {
        var result = _left.Run("[pscustomobject]@{ Path = 'nodrive:x' }, 'next' | Send-CustomPacket 192.0.2.2 -PassThru");

        var error = Assert.Single(result.Errors);
        AssertError(error, ErrorCategory.ObjectNotFound, "DriveNotFound", "SendCustomPacketCommand", "'nodrive'");
        Assert.Equal("nodrive:x", error.TargetObject);
        Assert.Equal(1, result.Single<SendResult>().Packets);
    }

    /// <summary>What the other provider calls it may be the name of a file: 'env:PATH' was './PATH'.</summary>
    [KernelTheory]
    [InlineData("Send-CustomPacket 192.0.2.2 -Path env:PATH", "SendCustomPacketCommand")]
    [InlineData("New-CustomMessage -Path env:PATH", "NewCustomMessageCommand")]
    [InlineData("ConvertFrom-CustomPacket -Path env:PATH", "ConvertFromCustomPacketCommand")]
    [InlineData("Import-CustomCapture env:PATH", "ImportCustomCaptureCommand")]
    [InlineData("Import-CustomCapture env:PAT*", "ImportCustomCaptureCommand")]
    [InlineData("New-CustomMessage x | Export-CustomCapture env:PATH", "ExportCustomCaptureCommand")]
    [InlineData("Build-XdpProgram env:PATH", "BuildXdpProgramCommand")]
    [InlineData("Register-XdpProgram veth0 -Path env:PATH", "RegisterXdpProgramCommand")]
    [InlineData("Test-XdpProgram -Path env:PATH", "TestXdpProgramCommand")]
    public void A_path_of_another_provider_is_an_error_and_no_file(string script, string command)
    {
        var error = _left.Fail(script);

        AssertError(error, ErrorCategory.InvalidArgument, "PathNotOfFile", command, "provider Environment");
        Assert.False(File.Exists("PATH"), "A file was written.");
    }

    [KernelTheory]
    [InlineData("-Transport Udp -VlanId 5", "OptionNeedsRaw")]
    [InlineData("-Threads 2", "OptionNeedsXdp")]
    [InlineData("-Magic 70000", "FieldValueOutOfRange")]
    public void Parameters_that_do_not_fit_are_one_error_however_many_messages_come(string parameters, string errorId)
    {
        var result = _left.Run($"1..3 | Send-CustomPacket 192.0.2.2 {parameters}");

        Assert.StartsWith(errorId + ",", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [KernelFact]
    public void What_does_not_fit_one_destination_is_said_once_and_the_other_gets_all()
    {
        var result = _left.Run("1..3 | Send-CustomPacket 2001:db8::2, 192.0.2.2 -IPOption 1 -PassThru");

        AssertError(Assert.Single(result.Errors), ErrorCategory.InvalidArgument, "OptionsNeedIPv4", "SendCustomPacketCommand", "IPv6");
        Assert.Equal(3, result.Single<SendResult>().Packets);
    }

    [KernelTheory]
    [InlineData("'x' | Send-CustomPacket", "DestinationMissing", "where to send")]
    [InlineData("'x' | Send-CustomPacket -Reply", "InputNotSendable", "'x', a String, is no message to reply to")]
    [InlineData("Send-CustomPacket 192.0.2.2 x -Data 1", "ContentTwice", "-Text and -Data")]
    [InlineData("Send-CustomPacket 192.0.2.2 -Packet 1 -Path x", "ContentTwice", "-Packet and -Path")]
    [InlineData("New-CustomMessage | Send-CustomPacket -Reply -Text x -Data 1", "ContentTwice", "-Text and -Data")]
    [InlineData(", [byte[]](1, 2) | Send-CustomPacket -AsFrame -Interface veth0 -Packet 1", "ContentTwice", "-Packet and the pipeline")]
    [InlineData("Send-CustomPacket 192.0.2.2 x -Pattern Random", "PatternWithoutLength", "-Pattern Random")]
    [InlineData("Send-CustomPacket 192.0.2.2 -Packet 1, 2 -Type 3", "TypeIsSettled", "-Type 3")]
    [InlineData("Send-CustomPacket -AsFrame -Interface veth0", "FrameMissing", "no frame")]
    public void What_does_not_go_together_is_one_error_with_advice(string script, string errorId, string message) =>
        AssertError(_left.Fail(script), ErrorCategory.InvalidArgument, errorId, "SendCustomPacketCommand", message);

    [KernelTheory]
    [InlineData("'x' | Send-CustomPacket 192.0.2.2 -Text y")]
    [InlineData("$null | Send-CustomPacket 192.0.2.2")]
    [InlineData("Send-CustomPacket -Text y")]
    [InlineData("Send-CustomPacket 192.0.2.2 -Packet $null")]
    public void What_PowerShell_itself_refuses_is_one_error(string script) => Assert.IsType<ParameterBindingException>(_left.Fail(script).Exception, exactMatch: false);

    private protected override void Close()
    {
        _left.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    IEnumerable<string> Receive(int count) => Shell.Run($"Get-CustomMessage -Count {count} {Patience}").WithoutErrors().All<CustomMessage>().Select(message => $"{message.TypeName} {message.Text}");
}
