namespace CustomProto.Programs;

/// <summary>A process that holds a program or its link open.</summary>
/// <param name="Id">The process id.</param>
/// <param name="Name">The process's name (<c>/proc/PID/comm</c>).</param>
public sealed record OwnerProcess(int Id, string Name)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Id})";
}
