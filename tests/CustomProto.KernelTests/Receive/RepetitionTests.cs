using System.Diagnostics;
using CustomProto.Net;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>Registering again and again, as a service or a long test run does.</summary>
[Collection(KernelSuite.Name)]
public sealed class RepetitionTests : IDisposable
{
    const int Cycles = 1000;

    /// <summary>Attaching and detaching are mostly waiting for all CPUs to have passed by, so this many interfaces wait at a time.</summary>
    const int Interfaces = 4;

    /// <summary>Until the runtime has compiled everything, and its heap and those that the C library keeps for threads have the size that this takes.</summary>
    const int WarmUp = 400;

    /// <summary>
    /// How much the memory may grow over all cycles. A ring that stays mapped is 256 KiB a cycle, the object file about as much; the
    /// smallest thing that would be noticed is 16 KiB a cycle.
    /// </summary>
    const long MaxResidentGrowth = 16L << 20;

    /// <summary>Likewise for managed objects that are still reachable: less than 1 KiB a cycle.</summary>
    const long MaxManagedGrowth = 1L << 20;

    readonly TestNetwork _network = new();

    public RepetitionTests()
    {
        for (var i = 0; i < Interfaces; i++)
        {
            _network.Connect(TestNetwork.Left, $"peer{i}", TestNetwork.Right, Name(i));
        }
    }

    public void Dispose() => _network.Dispose();

    [KernelFact(KernelNeed.Bpf)]
    public void A_thousand_registrations_leave_nothing_behind()
    {
        Repeat(WarmUp);
        var before = Usage.Now();

        Repeat(Cycles);

        var after = Usage.Now();
        Assert.Equal(before.Descriptors, after.Descriptors);
        Assert.InRange(after.Managed - before.Managed, long.MinValue, MaxManagedGrowth);
        Assert.InRange(after.Resident - before.Resident, long.MinValue, MaxResidentGrowth);
        Assert.All(_network.Run(TestNetwork.Right, NetworkLinks.List), link => Assert.Empty(link.XdpAttachments));
        KernelCounts.WaitFor(before.Kernel, others: Cycles / 20);
    }

    void Repeat(int times) => Task.WaitAll([.. Enumerable.Range(0, Interfaces).Select(i => _network.Start(TestNetwork.Right, () =>
    {
        var options = new ReceiverOptions { Interface = Name(i), RingSize = ReceiverOptions.MinRingSize };
        for (var cycle = 0; cycle < times / Interfaces; cycle++)
        {
            var receiver = Receiver.Register(options);
            receiver.OpenReader().Dispose();
            receiver.Unregister();
        }

        return times;
    }))]);

    static string Name(int index) => $"repeat{index}";

    /// <summary>What this process uses.</summary>
    readonly record struct Usage(int Descriptors, long Managed, long Resident, KernelCounts Kernel)
    {
        internal static Usage Now()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            var managed = GC.GetTotalMemory(forceFullCollection: true);
            using var process = Process.GetCurrentProcess();
            return new Usage(Directory.GetFileSystemEntries("/proc/self/fd").Length, managed, process.WorkingSet64, KernelCounts.Now());
        }
    }
}
