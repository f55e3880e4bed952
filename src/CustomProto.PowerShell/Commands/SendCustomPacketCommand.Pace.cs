using System.Globalization;
using System.Management.Automation;
using CustomProto.PowerShell.Parameters;
using CustomProto.Send;

namespace CustomProto.PowerShell.Commands;

/// <content>How often and how fast.</content>
public sealed partial class SendCustomPacketCommand
{
    const int ProgressActivity = 12345;

    SendPlan _plan = new() { Count = 1 };
    bool _showsProgress;

    /// <summary>How many times each message is sent.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long Count { get; set; } = 1;

    /// <summary>How long each message is sent.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? Duration { get; set; }

    /// <summary>How many packets leave in a second.</summary>
    [Parameter]
    public double? Rate { get; set; }

    /// <summary>The time from one packet to the next.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan? Interval { get; set; }

    /// <summary>What the parameters say about count, duration and rate.</summary>
    /// <exception cref="CustomProtoException">They don't go together.</exception>
    SendPlan MakePlan()
    {
        if (Rate is not null && Interval is not null)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument, "RateAndInterval", "-Rate and -Interval both say how fast packets leave.", "Leave out one of the two.", Interval);
        }

        var pace = Rate is { } rate ? new SendPace(rate) : Interval is { } interval ? SendPace.Every(interval) : null;
        return new SendPlan
        {
            Count = Duration is null || MyInvocation.BoundParameters.ContainsKey(nameof(Count)) ? Count : null,
            Duration = Duration,
            Pace = pace,

            // A message that is sent once takes no time to speak of, but looking at the clock does, where many come one after the other.
            Progress = Count == 1 && Duration is null && pace is null ? null : ShowProgress,
        };
    }

    /// <summary>How often each message is sent, as part of a sentence.</summary>
    string DescribePlan() => _plan switch
    {
        { Count: 1 } => "",
        { Count: { } count, Duration: { } duration } => string.Create(CultureInfo.InvariantCulture, $"up to {count} times within {duration} "),
        { Count: { } count } => string.Create(CultureInfo.InvariantCulture, $"{count} times "),
        _ => $"for {_plan.Duration} ",
    };

    void ShowProgress(SendProgress progress)
    {
        _showsProgress = true;
        WriteProgress(new ProgressRecord(
            ProgressActivity,
            "Sending messages",
            string.Create(CultureInfo.InvariantCulture, $"{progress.Packets:N0} packets, {progress.Rate:N0} packets/s"))
        {
            PercentComplete = progress.PercentComplete ?? -1,
            SecondsRemaining = progress.Remaining is { TotalSeconds: <= int.MaxValue } remaining ? (int)remaining.TotalSeconds : -1,
        });
    }

    /// <summary>Takes the display of the progress away, where there is one.</summary>
    void EndProgress()
    {
        if (_showsProgress)
        {
            WriteProgress(new ProgressRecord(ProgressActivity, "Sending messages", " ") { RecordType = ProgressRecordType.Completed });
        }
    }
}
