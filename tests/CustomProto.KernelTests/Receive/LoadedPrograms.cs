using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>Programs that are loaded and attached to nothing, one for each configuration.</summary>
public sealed class LoadedPrograms : IDisposable
{
    readonly Dictionary<string, TestReceiver> _programs = [];

    internal TestReceiver Get(FixtureConfiguration configuration)
    {
        if (!_programs.TryGetValue(configuration.Key, out var program))
        {
            program = _programs[configuration.Key] = TestReceiver.Load(configuration.Options);
        }

        return program;
    }

    public void Dispose()
    {
        foreach (var program in _programs.Values)
        {
            program.Dispose();
        }
    }
}
