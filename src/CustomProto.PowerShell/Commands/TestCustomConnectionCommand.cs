using System.Management.Automation;
using System.Net;
using CustomProto.Exchange;
using CustomProto.PowerShell.Completion;
using CustomProto.PowerShell.Parameters;
using CustomProto.PowerShell.Sending;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Commands;

/// <summary>Asks destinations again and again, as ping does, and sums up.</summary>
[Cmdlet(VerbsDiagnostic.Test, "CustomConnection", DefaultParameterSetName = ProbeSet)]
[OutputType(typeof(ConnectionProbe), typeof(ConnectionSummary), ParameterSetName = [ProbeSet])]
[OutputType(typeof(ConnectionSummary), ParameterSetName = [SummarySet])]
[OutputType(typeof(bool), ParameterSetName = [QuietSet])]
public sealed class TestCustomConnectionCommand : RequestCommand
{
    const string ProbeSet = "Probe";
    const string SummarySet = "Summary";
    const string QuietSet = "Quiet";
    const int DefaultDataLength = 32;

    /// <summary>The destinations by their names as given, in their order; without an address where there is no way.</summary>
    readonly List<(string Host, IPAddress? Address)> _hosts = [];
    readonly Func<ConnectionProbe?> _next;
    ConnectionTest? _test;

    /// <summary>Makes the command.</summary>
    public TestCustomConnectionCommand() => _next = () => _test!.Next(StopToken);

    /// <summary>Where to send: addresses or names.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public string[] Destination { get; set; } = [];

    /// <summary>How many requests each destination gets.</summary>
    [Parameter]
    [ValidateRange(1, 10_000_000)]
    public int Count { get; set; } = 4;

    /// <summary>How far apart they are sent.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How many bytes of data a request has.</summary>
    [Parameter]
    [ValidateRange(0, ushort.MaxValue)]
    public int DataLength { get; set; } = DefaultDataLength;

    /// <summary>The type of the requests.</summary>
    [Parameter]
    [MessageTypeTransformation]
    [ArgumentCompleter(typeof(MessageTypeCompleter))]
    public byte Type { get; set; } = (byte)MessageType.Request;

    /// <summary>Whether only the summaries are emitted.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SummarySet)]
    public SwitchParameter Summary { get; set; }

    /// <summary>Whether only a truth value a destination is emitted.</summary>
    [Parameter(Mandatory = true, ParameterSetName = QuietSet)]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        byte[] data = [.. Enumerable.Range(0, DataLength).Select(i => (byte)('a' + (i % 26)))];
        var protocol = ProtocolDefinition.Default;
        if (Attempt(() => CustomMessage.Create(protocol, (MessageType)Type, data), DataLength, out var request))
        {
            _test = new ConnectionTest(OptionsFor(protocol), request, Count, Interval);
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var host in Destination)
        {
            if (_test is not null)
            {
                Add(host);
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        while (_test is not null && Attempt(_next, null, out var probe) && probe is not null)
        {
            if (ParameterSetName == ProbeSet)
            {
                WriteObject(probe);
            }
        }

        // Stopped in the middle, the sums would say too little.
        if (_test is not null && !StopToken.IsCancellationRequested)
        {
            Conclude(_test.Summaries);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _test?.Dispose();
        base.Dispose(disposing);
    }

    void Add(string host)
    {
        IPAddress? address = null;
        try
        {
            var found = Resolve(host);
            if (_test!.Add(found))
            {
                WriteVerbose($"{host}: {_test.ReadReason(found)}.");
            }

            address = found;
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception) when (ErrorRecords.Covers(exception))
        {
            // As Test-Connection does it: who asks for a truth value gets one.
            if (!Quiet)
            {
                WriteError(ErrorRecords.From(exception, host));
            }
        }

        _hosts.Add((host, address));
    }

    void Conclude(IReadOnlyList<ConnectionSummary> summaries)
    {
        if (!Quiet)
        {
            WriteObject(summaries, enumerateCollection: true);
            return;
        }

        foreach (var (_, address) in _hosts)
        {
            WriteObject(summaries.Any(summary => summary.Destination.Equals(address) && summary.Received == summary.Sent));
        }
    }
}
