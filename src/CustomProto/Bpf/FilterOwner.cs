using System.Globalization;

namespace CustomProto.Bpf;

/// <summary>
/// Which process a filter of clsact belongs to, told by the filter's name: unlike a link, a filter outlives the process that made it, and
/// whoever comes upon it has to know whether it is still wanted.
/// </summary>
/// <param name="PidNamespace">The process's PID namespace, as the kernel names it: only there can one tell whether it lives.</param>
/// <param name="Process">The process.</param>
/// <param name="StartTime">When it began, in clock ticks since boot, since ids of processes are used again (proc(5)).</param>
readonly record struct FilterOwner(string PidNamespace, int Process, string StartTime)
{
    const string Ours = "customproto";
    const string Namespace = "/proc/self/ns/pid";

    /// <summary>The name of a filter that belongs to no process.</summary>
    internal const string Nobody = Ours;

    /// <summary>This process.</summary>
    internal static FilterOwner Current => Of(Environment.ProcessId) ?? throw new InvalidOperationException("A process without an entry in /proc can't be told from others.");

    /// <summary>Whether it can be told that the process has ended, and it has.</summary>
    internal bool HasEnded => Of(Process) is var now && now != this && PidNamespace == ReadNamespace();

    /// <summary>A process of this PID namespace; <see langword="null"/> when there is none with the id.</summary>
    internal static FilterOwner? Of(int process)
    {
        try
        {
            var status = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));

            // The name, which comes second, may hold spaces and parentheses; the start is the 22nd.
            return new FilterOwner(ReadNamespace(), process, status[(status.LastIndexOf(')') + 2)..].Split(' ')[19]);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Whether a filter's name is one that CustomProto gives.</summary>
    internal static bool IsOurs(string? name) => name is not null && (name == Nobody || TryParse(name, out _));

    /// <summary>Reads a filter's name.</summary>
    /// <returns>False for one that names no process.</returns>
    internal static bool TryParse(string? name, out FilterOwner owner)
    {
        owner = default;
        if (name?.Split('/') is not [Ours, var pidNamespace, var process, var start] || !int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            return false;
        }

        owner = new FilterOwner(pidNamespace, id, start);
        return true;
    }

    /// <summary>The name of a filter that belongs to the process.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Ours}/{PidNamespace}/{Process}/{StartTime}");

    static string ReadNamespace() => new FileInfo(Namespace).LinkTarget ?? "";
}
