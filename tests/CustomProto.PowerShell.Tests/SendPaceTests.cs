using System.Management.Automation;
using CustomProto.KernelTests;
using CustomProto.Send;

namespace CustomProto.PowerShell.Tests;

/// <summary>Send-CustomPacket with -Rate, -Interval, -Duration and -Count.</summary>
[Collection(KernelSuite.Name)]
public sealed class SendPaceTests : ShellTest
{
    readonly Shell _left;

    public SendPaceTests() => _left = new Shell(Network, TestNetwork.Left);

    [KernelTheory]
    [InlineData("-Rate 5000 -Count 1001", 1001, 5000, 0.2)]
    [InlineData("-Rate 50 -Count 11 -Transport Udp", 11, 50, 0.2)]
    [InlineData("-Interval 0.05 -Count 5", 5, 20, 0.2)]
    [InlineData("-Interval 00:00:00.05 -Count 5", 5, 20, 0.2)]
    [InlineData("-Rate 20 -Duration 0.25", 5, 20, 0.2)]
    [InlineData("-Rate 20 -Duration 0.25 -Count 3", 3, 20, 0.1)]
    public void Rate_is_kept_and_told(string parameters, int packets, double rate, double seconds)
    {
        Register();

        var result = _left.Run($"Send-CustomPacket 192.0.2.2 -Text x {parameters} -PassThru").WithoutErrors().Single<SendResult>();

        Assert.Equal((packets, packets), (result.Packets, result.Confirmed!.Value));
        Assert.Equal(rate, result.RequestedRate);
        Assert.InRange(result.Elapsed.TotalSeconds, seconds - 0.05, seconds + 0.5);
    }

    [KernelFact]
    public void Rate_holds_over_the_pipeline_and_all_destinations()
    {
        Register();

        var results = _left.Run("1..5 | Send-CustomPacket 192.0.2.2, 2001:db8::2 -Rate 50 -PassThru").WithoutErrors().All<SendResult>();

        Assert.Equal([5, 5], results.Select(result => result.Packets));

        // Ten packets in turn: each host gets one in two.
        Assert.All(results, result => Assert.InRange(result.Elapsed.TotalSeconds, 0.11, 0.7));
    }

    [KernelFact]
    public void Duration_alone_goes_on_as_fast_as_it_can()
    {
        Register();

        var result = _left.Run("Send-CustomPacket 192.0.2.2 -Text x -Duration 0.2 -PassThru").WithoutErrors().Single<SendResult>();

        Assert.True(result.Packets > 1000);
        Assert.Null(result.RequestedRate);
    }

    [KernelTheory]
    [InlineData("-Rate 0", "RateOutOfRange", "0 packets per second is not a rate")]
    [InlineData("-Rate -5", "RateOutOfRange", "Give a number from 0.000001")]
    [InlineData("-Rate 2e9", "RateOutOfRange", "2000000000")]
    [InlineData("-Rate fast", "CannotConvertArgumentNoMessage", "fast")]
    [InlineData("-Interval 0", "IntervalOutOfRange", "00:00:00 is not an interval")]
    [InlineData("-Interval -1", "ParameterArgumentTransformationError", "'-1' is not a duration")]
    [InlineData("-Duration 0", "DurationOutOfRange", "00:00:00")]
    [InlineData("-Duration soon", "ParameterArgumentTransformationError", "'soon' is not a duration")]
    [InlineData("-Rate 5 -Interval 1", "RateAndInterval", "Leave out one of the two")]
    [InlineData("-Count -1", "ParameterArgumentValidationError", "-1")]
    public void What_makes_no_sense_is_one_error(string parameters, string errorId, string message)
    {
        var error = _left.Fail($"Send-CustomPacket 192.0.2.2 -Text x {parameters}");

        Assert.StartsWith($"{errorId},", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(message, error.Exception.Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Progress_is_shown_and_taken_away()
    {
        Register();

        var progress = _left.Progress("Send-CustomPacket 192.0.2.2 -Text x -Rate 100 -Duration 1.2");

        Assert.InRange(progress.Count, 2, 6);
        Assert.All(progress.SkipLast(1), record => Assert.Equal(ProgressRecordType.Processing, record.RecordType));
        Assert.All(progress.SkipLast(1), record => Assert.InRange(record.PercentComplete, 30, 100));
        Assert.Contains("packets/s", progress[0].StatusDescription, StringComparison.Ordinal);
        Assert.Equal(ProgressRecordType.Completed, progress[^1].RecordType);
    }

    [KernelFact]
    public void Stopping_ends_a_wait_and_leaves_no_progress()
    {
        using var running = new System.Collections.Concurrent.BlockingCollection<string>();
        var sending = _left.Start("$args[0].Add('go'); Send-CustomPacket 192.0.2.2 -Text x -Count 2 -Interval 1000", running);
        running.Take();

        var stopping = System.Diagnostics.Stopwatch.StartNew();
        _left.Stop();

        Assert.Empty(sending.GetAwaiter().GetResult().WithoutErrors().Output);
        Assert.True(stopping.Elapsed < TimeSpan.FromSeconds(5));
    }

    [KernelFact]
    public void What_would_be_done_is_still_told_and_asked()
    {
        Register();

        var asked = _left.Run("1..3 | Send-CustomPacket 192.0.2.2 -Count 2 -Verbose");
        var whatIf = _left.Run("$WhatIfPreference = $true; 1..3 | Send-CustomPacket 192.0.2.2 -PassThru; $WhatIfPreference = $false").WithoutErrors();
        var sent = _left.Run("1..3 | Send-CustomPacket 192.0.2.2 -PassThru").WithoutErrors().Single<SendResult>();

        Assert.Equal(3, asked.Verbose.Count(line => line.Contains("Send 2 times a message (Request, 1 bytes)", StringComparison.Ordinal)));
        Assert.Empty(whatIf.Output);
        Assert.Equal(3, sent.Packets);
    }

    private protected override void Close() => _left.Dispose();
}
