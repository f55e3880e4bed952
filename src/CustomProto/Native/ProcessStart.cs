using System.Globalization;

namespace CustomProto.Native;

/// <summary>When processes started: with it, a process is told from a later one that got the same id.</summary>
static class ProcessStart
{
    /// <summary>When a process started, in clock ticks since boot (proc_pid_stat(5), field 22); nothing for one that isn't there.</summary>
    internal static ulong? Read(int process)
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
