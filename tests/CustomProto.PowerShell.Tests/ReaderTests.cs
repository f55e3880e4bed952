using System.Management.Automation;
using CustomProto.KernelTests;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Tests;

/// <summary>Readers and their filters: Get-CustomMessage, Set-XdpProgram, Register-XdpProgram -Reader.</summary>
[Collection(KernelSuite.Name)]
public sealed class ReaderTests : ShellTest
{
    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("-Type Response", "two")]
    [InlineData("-Type 2, 77", "two three")]
    [InlineData("-SourceAddress 192.0.2.0/24", "one two three")]
    [InlineData("-SourceAddress 2001:db8::/32, 192.0.2.9", "")]
    [InlineData("-SourcePort 40000", "one two three")]
    [InlineData("-DestinationPort 1, 2", "")]
    [InlineData("-DataPrefix t", "two three")]
    [InlineData("-DataPrefix ([byte[]](111, 110))", "one")]
    [InlineData("-Field @{ Length = 3 }", "one two")]
    [InlineData("-Field @{ length = '0x5' } -Type 77", "three")]
    [InlineData("-Sample 2", "one three")]
    [InlineData("-Sample 2 -DataPrefix t", "two")]
    public void Filter_keeps_out_the_others_and_is_counted(string filter, string expected)
    {
        Register("-Reader filtered");
        Shell.Run($"Set-XdpProgram {Veth} -Reader filtered {filter}").WithoutErrors();
        Send(MessageType.Request, "one");
        Send(MessageType.Response, "two");
        Send((MessageType)77, "three");

        Assert.Equal(expected, string.Join(' ', Shell.Run("Get-CustomMessage -Reader filtered -NoWait").WithoutErrors().All<CustomMessage>().Select(message => message.Text)));
        var counted = Shell.Run("Get-XdpStatistics").WithoutErrors().All<ReceiveStatistics>();
        Assert.Equal([(Receiver.DefaultReader, 3L, 3L, 0L), ("filtered", 3L, expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length, counted[1].Filtered)],
            counted.Select(one => (one.Reader, one.Offered, one.Delivered, one.Filtered)));
        Assert.Equal(3, counted[1].Delivered + counted[1].Filtered);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Commands_filter_is_put_back_when_it_ends()
    {
        Register();
        Shell.Run($"Get-CustomMessage -Type Response -NoWait; Get-CustomMessage -Type 9 -Timeout 0 | Select-Object -First 1").WithoutErrors();
        Send(MessageType.Request, "one");

        Assert.Equal("one", Shell.Run("Get-CustomMessage -NoWait").WithoutErrors().Single<CustomMessage>().Text);
        Shell.Run($"Set-XdpProgram {Veth} -Type Response; Get-CustomMessage -Type Request -NoWait").WithoutErrors();
        Send(MessageType.Request, "two");
        Send(MessageType.Response, "three");
        Assert.Equal("three", Shell.Run("Get-CustomMessage -NoWait").WithoutErrors().Single<CustomMessage>().Text);
        Shell.Run($"Set-XdpProgram {Veth} -NoFilter").WithoutErrors();
        Send(MessageType.Request, "four");
        Assert.Equal("four", Shell.Run("Get-CustomMessage -NoWait").WithoutErrors().Single<CustomMessage>().Text);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Rejected_packets_are_shown_with_their_reason_and_do_nothing_to_a_terminal()
    {
        Register();
        Shell.Run($"Set-XdpProgram {Veth} -IncludeRejected").WithoutErrors();
        SendPayloads([0xBA, 0xD0, 1, 1, 0, 2, 0x1b, (byte)'c'], [0xCA, 0xFE, 1, 1, 0, 2, (byte)'h', (byte)'i']);
        Assert.Equal("hi", Shell.Run("Get-CustomMessage -NoWait").WithoutErrors().Single<CustomMessage>().Text);
        SendPayloads([0xBA, 0xD0, 1, 1, 0, 2, 0x1b, (byte)'c'], [0xCA, 0xFE, 1, 1, 0, 2, (byte)'h', (byte)'i']);

        var output = Shell.Run("$packets = Get-CustomMessage -IncludeRejected -Count 2 -Timeout 5; $packets").WithoutErrors().Output;

        var rejected = Assert.IsType<RejectedPacket>(output[0].BaseObject);
        Assert.Equal((RejectReason.BadMagic, 8, "192.0.2.1", 12345, Veth), (rejected.Reason, rejected.Length, rejected.SourceAddress.ToString(), rejected.DestinationPort, rejected.Interface));
        Assert.Equal([0xBA, 0xD0, 1, 1, 0, 2, 0x1b, (byte)'c'], rejected.LeadingBytes);
        Assert.IsType<CustomMessage>(output[1].BaseObject);
        var text = Shell.Run("$packets[0] | Out-String -Width 120").WithoutErrors().Text;
        Assert.Contains("BadMagic", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
        Assert.Contains("BadMagic", Shell.Run("[Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($packets[0])) | Out-String -Width 120").WithoutErrors().Text, StringComparison.Ordinal);
        var counted = Shell.Run("Get-XdpStatistics").WithoutErrors().Single<ReceiveStatistics>();
        Assert.Equal((4, 2, 2, 2), (counted.Seen, counted.Offered, counted.Delivered, counted.RejectedDelivered));
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("Get-CustomMessage -Field @{ Session = 1 }", "UnknownField", "'Magic', 'Version', 'Type', 'Length'")]
    [InlineData("Get-CustomMessage -Field @{ Type = 256 }", "FieldValueTooLarge", "has 1 bytes, so it can't be 256")]
    [InlineData("Get-CustomMessage -Field @{ Type = -1 }", "FieldValueInvalid", "can't be '-1'")]
    [InlineData("Get-CustomMessage -SourceAddress 192.0.2.0/33", "InvalidPrefixLength", "0 to 32")]
    [InlineData("Get-CustomMessage -SourceAddress nobody", "InvalidAddress", "'nobody'")]
    [InlineData("Get-CustomMessage -DataPrefix ([byte[]]::new(33))", "DataPrefixTooLong", "33 bytes")]
    [InlineData("Get-CustomMessage -SourcePort 1, 2, 3, 4, 5", "TooManyAlternatives", "4 at most")]
    [InlineData("Get-CustomMessage -Reader 'a b'", "InvalidReaderName", "'a b'")]
    [InlineData("Set-XdpProgram veth1 -Reader nobody -Type 1", "NoSuchReader", "it has 'default'")]
    [InlineData("Set-XdpProgram veth1 -NoFilter -Type 1", "FilterAndNoFilter", "-NoFilter")]
    public void What_cannot_be_is_one_clear_error(string script, string id, string words)
    {
        Register();
        var command = script.StartsWith("Get", StringComparison.Ordinal) ? "GetCustomMessageCommand" : "SetXdpProgramCommand";
        AssertError(Shell.Fail(script), id == "NoSuchReader" ? ErrorCategory.ObjectNotFound : ErrorCategory.InvalidArgument, id, command, words);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Names_of_readers_are_completed()
    {
        Register("-Reader audit");
        Assert.Equal(["default", "audit"], Shell.Run("(TabExpansion2 'Get-CustomMessage -Reader ').CompletionMatches.CompletionText").WithoutErrors().All<string>());
    }

    [ProcessFact(KernelNeed.Bpf | KernelNeed.BpfFileSystem)]
    public void Two_shells_read_from_a_persistent_program_and_a_killed_one_leaves_nothing()
    {
        Register("-Persist");
        try
        {
            using var other = new ShellProcess(Network, TestNetwork.Right, "[Console]::WriteLine(\"mine $PID\"); Get-CustomMessage -Reader mine -Type Response | ForEach-Object { [Console]::WriteLine(\"got $($_.Text)\") }");
            var process = other.ReadUntil("mine").Split(' ')[1];
            Assert.True(SpinWait.SpinUntil(() => Readers().Contains("mine"), TimeSpan.FromSeconds(30)));

            var busy = Shell.Fail("Get-CustomMessage -Reader mine -NoWait");
            AssertError(busy, ErrorCategory.ResourceBusy, "ReaderBusy", "GetCustomMessageCommand", $"process {process}");
            Send(MessageType.Request, "one");
            Send(MessageType.Response, "two");
            other.ReadUntil("got two");
            Assert.Equal(2, Shell.Run("Get-CustomMessage -NoWait").WithoutErrors().Output.Count);

            // While it reads, its filter is changed from here.
            Shell.Run($"Set-XdpProgram {Veth} -Reader mine -Type Request").WithoutErrors();
            Send(MessageType.Response, "three");
            Send(MessageType.Request, "four");
            other.ReadUntil("got four");
            var mine = Shell.Run("Get-XdpStatistics | Where-Object Reader -eq mine").WithoutErrors().Single<ReceiveStatistics>();
            Assert.Equal((4, 2, 2, 0), (mine.Offered, mine.Delivered, mine.Filtered, mine.Lost));

            // Killed while messages come: its reader goes with the next command, and the others' sums stay exact.
            using var enough = new CancellationTokenSource();
            var sent = 0;
            var sending = Task.Run(() =>
            {
                for (; !enough.IsCancellationRequested && sent < 50_000; sent += 100)
                {
                    Send(MessageType.Request, [.. Enumerable.Repeat("x", 100)]);
                }
            });
            other.ReadUntil("got x");
            other.Signal("KILL");
            other.Wait();
            Assert.Equal([Receiver.DefaultReader], Readers());
            enough.Cancel();
            Assert.True(sending.Wait(TimeSpan.FromSeconds(60)));
            Assert.True(SpinWait.SpinUntil(() => Statistics().Valid == 4 + sent, TimeSpan.FromSeconds(10)));
            var counted = Statistics();
            Assert.Equal((counted.Valid, counted.Seen, counted.Offered), (counted.Offered, counted.Valid, counted.Delivered + counted.Filtered + counted.Lost));
        }
        finally
        {
            Shell.Run($"Unregister-XdpProgram {Veth}").WithoutErrors();
        }
    }

    ReceiveStatistics Statistics() => Shell.Run("Get-XdpStatistics").WithoutErrors().Single<ReceiveStatistics>();

    IReadOnlyList<string> Readers() => Shell.Run("Get-XdpStatistics | ForEach-Object Reader").WithoutErrors().All<string>();
}
