using CustomProto.Bpf;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>Programs that are loaded and attached to nothing, one for each configuration.</summary>
public sealed class LoadedPrograms : IDisposable
{
    readonly Dictionary<string, LoadedProgram> _programs = [];

    internal LoadedProgram Get(FixtureConfiguration configuration)
    {
        if (!_programs.TryGetValue(configuration.Key, out var program))
        {
            program = _programs[configuration.Key] = new LoadedProgram(configuration.Options);
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

/// <summary>A receiver's program with its reader, for test runs.</summary>
sealed class LoadedProgram : IDisposable
{
    readonly ReceiverProgram _program;
    readonly ReaderSlot _slot;

    internal LoadedProgram(ReceiverOptions options)
    {
        _program = ReceiverProgram.Load(options);
        _slot = ReaderSlot.Create(_program, options.RingSize);
        Reader = _slot.Open(options.Protocol, options.Interface);
    }

    /// <summary>The reader of its ring.</summary>
    internal MessageReader Reader { get; }

    internal ReceiveStatistics ReadStatistics() => ReceiveStatistics.Sum(
        new ReceiveStatistics { Interface = "none", ProgramId = _program.Program.Info.Id, Reader = _slot.Name }, _program.ReadCounters(), _program.ReadReaderCounters(0));

    internal TestRunResult TestRun(ReadOnlySpan<byte> frame, int linearLength = 0, int repeat = 1) => _program.Program.TestRun(frame, linearLength, repeat);

    public void Dispose()
    {
        Reader.Dispose();
        _slot.Dispose();
        _program.Dispose();
    }
}
