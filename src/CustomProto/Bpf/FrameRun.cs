namespace CustomProto.Bpf;

/// <summary>Running a program on a frame, once to see what it does and then often to see how long it takes.</summary>
static class FrameRun
{
    /// <summary>The shortest frame that the kernel takes: an Ethernet header.</summary>
    internal const int MinLength = 14;

    /// <summary>A call can't be ended from outside, so it is kept short.</summary>
    const int MaxNanosecondsAtOnce = 100_000_000;

    const int MaxRunsAtOnce = 100_000;

    /// <summary>Refuses what isn't a frame.</summary>
    /// <exception cref="CustomProtoException">The frame is too short.</exception>
    internal static void Require(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < MinLength)
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "FrameTooShort",
                $"A frame of {frame.Length} bytes can't be run: an Ethernet header has {MinLength}.",
                "Give whole frames, from the destination's MAC address on.",
                frame.Length);
        }
    }

    /// <summary>The average duration of many runs, in nanoseconds.</summary>
    /// <param name="program">The program.</param>
    /// <param name="frame">The frame; each run gets it as the one before left it.</param>
    /// <param name="first">What the first run said, which is the only one if there are no more.</param>
    /// <param name="repeat">How many runs.</param>
    /// <param name="linearLength">As for <see cref="BpfProgram.TestRun"/>.</param>
    /// <param name="roomFor">How many runs there is room for before <paramref name="between"/> has to make it.</param>
    /// <param name="between">What is done after each call of the kernel.</param>
    /// <param name="cancellationToken">Ends a long series; one call of the kernel, about a tenth of a second, is finished.</param>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal static double Measure(
        BpfProgram program,
        ReadOnlySpan<byte> frame,
        TestRunResult first,
        int repeat,
        int linearLength = 0,
        int roomFor = int.MaxValue,
        Action? between = null,
        CancellationToken cancellationToken = default)
    {
        if (repeat == 1)
        {
            return first.Duration;
        }

        var atOnce = Math.Clamp(MaxNanosecondsAtOnce / Math.Max(first.Duration, 1), 1, (uint)Math.Min(roomFor, MaxRunsAtOnce));
        var total = 0.0;
        for (var left = repeat; left > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var runs = Math.Min(left, (int)atOnce);
            total += (double)program.TestRun(frame, [], linearLength, runs).Duration * runs;
            between?.Invoke();
            left -= runs;
        }

        return total / repeat;
    }
}
