using System.Runtime.InteropServices;

namespace CustomProto.Native;

/// <summary>The CPUs that threads may run on (sched_setaffinity(2)).</summary>
static unsafe class CpuSet
{
    const int MaxCpus = 8192;
    const int BitsPerWord = 64;

    /// <summary>The CPUs that the calling thread may run on.</summary>
    internal static IReadOnlyList<int> Allowed()
    {
        var mask = stackalloc ulong[MaxCpus / BitsPerWord];
        if (Libc.SchedGetAffinity(0, MaxCpus / 8, mask) < 0)
        {
            // More CPUs than the mask has bits.
            return [.. Enumerable.Range(0, Environment.ProcessorCount)];
        }

        var allowed = new List<int>();
        for (var cpu = 0; cpu < MaxCpus; cpu++)
        {
            if ((mask[cpu / BitsPerWord] >> (cpu % BitsPerWord) & 1) != 0)
            {
                allowed.Add(cpu);
            }
        }

        return allowed;
    }

    /// <summary>Keeps the calling thread on one CPU.</summary>
    /// <exception cref="NativeException">The CPU is gone.</exception>
    internal static void Pin(int cpu)
    {
        var mask = stackalloc ulong[MaxCpus / BitsPerWord];
        new Span<ulong>(mask, MaxCpus / BitsPerWord).Clear();
        mask[cpu / BitsPerWord] = 1UL << (cpu % BitsPerWord);
        if (Libc.SchedSetAffinity(0, MaxCpus / 8, mask) < 0)
        {
            throw Failures.Create(Operation.PinThread, Marshal.GetLastPInvokeError(), $"CPU {cpu}");
        }
    }
}
