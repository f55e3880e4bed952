using System.Diagnostics;
using System.Globalization;
using CustomProto.Receive;

namespace CustomProto.Benchmarks;

/// <summary>What a reader did, how many messages it says were lost, and how many bytes .NET allocated for it meanwhile.</summary>
readonly record struct Reading(Work Work, long Lost, long Allocated = 0);

/// <summary>The reader in C, <c>peers/ring_reader.c</c>, which stays for all rounds.</summary>
sealed class RingPeer : IDisposable
{
    readonly Process _process;

    internal RingPeer(Peers peers, Receiver receiver)
    {
        var pins = (string[])[ReceiverPins.Path(receiver.ProgramId, ReceiverPins.Ring), ReceiverPins.Path(receiver.ProgramId, ReceiverPins.Readers)];
        _process = Process.Start(new ProcessStartInfo(peers.Compile("ring_reader"), pins) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
    }

    /// <summary>Reads until so many messages were read or lost.</summary>
    internal Reading Read(int messages)
    {
        _process.StandardInput.WriteLine(messages.ToString(CultureInfo.InvariantCulture));
        _process.StandardInput.Flush();
        var line = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("ring_reader ended.");
        return new Reading(Work.Parse(line), long.Parse(line.Split(' ')[3], CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
