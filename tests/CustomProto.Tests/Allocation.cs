namespace CustomProto.Tests;

/// <summary>What code allocates for objects.</summary>
static class Allocation
{
    const int Rounds = 20;

    /// <summary>
    /// The least that the code allocated on this thread in several rounds. On a busy machine any one of them may also count what isn't the
    /// code's: the runtime compiles it anew in between, or a collection takes away what was left of the thread's share of memory. What the
    /// code itself allocates is in every one.
    /// </summary>
    internal static long LeastOf(Action code)
    {
        var least = long.MaxValue;
        for (var round = 0; round < Rounds && least > 0; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            code();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
