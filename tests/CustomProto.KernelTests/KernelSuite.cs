[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace CustomProto.KernelTests;

/// <summary>All kernel tests: they share the kernel's id space, its counters and two cores, so they run one after the other.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class KernelSuite : ICollectionFixture<NothingLeftBehind>
{
    public const string Name = "kernel";
}
