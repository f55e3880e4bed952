using System.Globalization;
using CustomProto.Abi;

namespace CustomProto.Receive;

/// <summary>
/// Who reads a ring, across processes: a word in the memory they share. A process that died without letting go is known by its start
/// time, as process ids come again.
/// </summary>
static class ReaderOwner
{
    /// <summary>Claims a ring for this process.</summary>
    /// <returns>0, or the process that has it.</returns>
    internal static int Claim(ref Reader reader)
    {
        while (true)
        {
            var holder = Interlocked.CompareExchange(ref reader.Owner, (uint)Environment.ProcessId, 0);
            if (holder == 0)
            {
                Volatile.Write(ref reader.OwnerStarted, Started(Environment.ProcessId)!.Value);
                return 0;
            }

            // A holder that has only just claimed hasn't said yet when it started: 0 is taken for "alive".
            var started = Volatile.Read(ref reader.OwnerStarted);
            if (Started((int)holder) is { } actual && (started == 0 || started == actual))
            {
                return (int)holder;
            }

            // Dead: whoever clears it first, both try again.
            Volatile.Write(ref reader.OwnerStarted, 0);
            _ = Interlocked.CompareExchange(ref reader.Owner, 0, holder);
        }
    }

    /// <summary>Lets go of a ring that this process claimed.</summary>
    internal static void Release(ref Reader reader)
    {
        Volatile.Write(ref reader.OwnerStarted, 0);
        _ = Interlocked.CompareExchange(ref reader.Owner, 0, (uint)Environment.ProcessId);
    }

    /// <summary>When a process started, in clock ticks since boot (proc_pid_stat(5), field 22); nothing for one that isn't there.</summary>
    static ulong? Started(int process)
    {
        const int StartTimeAfterName = 19;
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));

            // The name, in parentheses, may hold spaces and parentheses itself.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return ulong.Parse(fields[StartTimeAfterName], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
