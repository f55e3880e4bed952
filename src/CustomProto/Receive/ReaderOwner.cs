using CustomProto.Abi;
using CustomProto.Native;

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
                Volatile.Write(ref reader.OwnerStarted, ProcessStart.Read(Environment.ProcessId)!.Value);
                return 0;
            }

            if (IsAlive(holder, ref reader))
            {
                return (int)holder;
            }

            // Dead: whoever clears it first, both try again.
            Volatile.Write(ref reader.OwnerStarted, 0);
            _ = Interlocked.CompareExchange(ref reader.Owner, 0, holder);
        }
    }

    /// <summary>Whether a process has the ring that isn't there any more.</summary>
    internal static bool IsAbandoned(ref Reader reader) => Volatile.Read(ref reader.Owner) is not 0 and var holder && !IsAlive(holder, ref reader);

    /// <summary>Takes a ring from whoever has it.</summary>
    internal static void Clear(ref Reader reader)
    {
        Volatile.Write(ref reader.OwnerStarted, 0);
        Volatile.Write(ref reader.Owner, 0);
    }

    /// <summary>Lets go of a ring that this process claimed.</summary>
    internal static void Release(ref Reader reader)
    {
        Volatile.Write(ref reader.OwnerStarted, 0);
        _ = Interlocked.CompareExchange(ref reader.Owner, 0, (uint)Environment.ProcessId);
    }

    /// <summary>A holder that has only just claimed hasn't said yet when it started: 0 is taken for "alive".</summary>
    static bool IsAlive(uint holder, ref Reader reader)
    {
        var started = Volatile.Read(ref reader.OwnerStarted);
        return ProcessStart.Read((int)holder) is { } actual && (started == 0 || started == actual);
    }
}
