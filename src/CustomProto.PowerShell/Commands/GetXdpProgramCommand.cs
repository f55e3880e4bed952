using System.Management.Automation;
using CustomProto.Net;
using CustomProto.PowerShell.Parameters;
using CustomProto.PowerShell.Programs;
using CustomProto.Programs;

namespace CustomProto.PowerShell.Commands;

/// <summary>Lists the XDP programs that are attached in this network namespace.</summary>
[Cmdlet(VerbsCommon.Get, "XdpProgram", DefaultParameterSetName = InterfaceSet)]
[OutputType(typeof(XdpProgram))]
public sealed class GetXdpProgramCommand : GetProgramCommand<XdpProgram>
{
    const string StatisticsView = "CustomProto.Programs.XdpProgram#Statistics";

    readonly List<XdpProgram> _unmeasured = [];
    bool _withoutDetails;

    /// <summary>Whether programs are listed too that are loaded but not attached in this network namespace.</summary>
    [Parameter(ParameterSetName = InterfaceSet)]
    public SwitchParameter All { get; set; }

    /// <summary>Whether runs are counted and timed, for as long as <see cref="Duration"/> says.</summary>
    [Parameter]
    public SwitchParameter Statistics { get; set; }

    /// <summary>How long to measure: seconds, or a TimeSpan.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Duration { get; set; } = TimeSpan.FromSeconds(1);

    private protected override ProgramSelection<XdpProgram> Programs => XdpSelection.Programs;

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (All)
        {
            Write(() => Permitted(() => ProgramInventory.ListOthers(NetworkLinks.List()), []), null);
        }

        if (_unmeasured.Count > 0 && Attempt(() => Permitted(() => ProgramInventory.Measure(_unmeasured, Duration, StopToken), _unmeasured), null, out var measured))
        {
            foreach (var program in measured)
            {
                WriteObject(WithStatistics(program));
            }
        }

        if (_withoutDetails)
        {
            WriteWarning("Names, links, owners and times of others' programs, those attached elsewhere (-All) and run-time statistics are for CAP_SYS_ADMIN only, so they are left empty: run as root (sudo pwsh).");
        }
    }

    private protected override void Write(Func<IReadOnlyList<XdpProgram>> list, object? target)
    {
        if (!Attempt(list, target, out var programs))
        {
            return;
        }

        foreach (var program in programs)
        {
            _withoutDetails |= program.Name is null;
            if (!Statistics)
            {
                WriteObject(program);
            }
            else
            {
                // All are measured at the end, and over the same time.
                _unmeasured.Add(program);
            }
        }
    }

    /// <summary>What only CAP_SYS_ADMIN may see, or what there is without it.</summary>
    IReadOnlyList<XdpProgram> Permitted(Func<IReadOnlyList<XdpProgram>> question, IReadOnlyList<XdpProgram> otherwise)
    {
        try
        {
            return question();
        }
        catch (CustomProtoException failure) when (failure.Kind == FailureKind.PermissionDenied)
        {
            _withoutDetails = true;
            return otherwise;
        }
    }

    /// <summary>The same object, shown in another table.</summary>
    static PSObject WithStatistics(XdpProgram program)
    {
        var shown = new PSObject(program);
        shown.TypeNames.Insert(0, StatisticsView);
        return shown;
    }
}
