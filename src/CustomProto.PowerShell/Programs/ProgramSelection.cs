using System.Globalization;
using CustomProto.Net;
using CustomProto.Programs;

namespace CustomProto.PowerShell.Programs;

/// <summary>From an interface's name or a program's id to the attached programs of one kind.</summary>
/// <param name="kind">The kind, as messages name it.</param>
/// <param name="noun">The noun of the cmdlets for it.</param>
/// <param name="list">The programs on some interfaces.</param>
/// <param name="elsewhere">A program of this process that isn't in this network namespace.</param>
sealed class ProgramSelection<TProgram>(
    string kind, string noun, Func<IReadOnlyList<NetworkLink>, IReadOnlyList<TProgram>> list, Func<uint, TProgram?>? elsewhere = null)
    where TProgram : KernelProgram
{
    /// <summary>The kind, as messages name it.</summary>
    internal string Kind => kind;

    /// <summary>The programs on some interfaces.</summary>
    internal IReadOnlyList<TProgram> On(IReadOnlyList<NetworkLink> links) => list(links);

    /// <summary>The programs on the interfaces that a name or a wildcard pattern means.</summary>
    /// <exception cref="CustomProtoException">There is no interface with the name, or no program on the one that was named.</exception>
    internal IReadOnlyList<TProgram> RequireOn(string name)
    {
        var links = InterfaceSelection.Find(name);
        var programs = list(links);
        return programs.Count > 0 || links is not [var only]
            ? programs
            : throw NotFound($"No {kind} program is attached to '{only.Name}'.", only.Name);
    }

    /// <summary>The attached program with an id.</summary>
    /// <exception cref="CustomProtoException">There is none in this network namespace, nor one of this process elsewhere.</exception>
    internal TProgram Require(uint id) =>
        list(NetworkLinks.List()).FirstOrDefault(program => program.Id == id)
        ?? elsewhere?.Invoke(id)
        ?? throw NotFound(string.Create(CultureInfo.InvariantCulture, $"No {kind} program with the id {id} is attached in this network namespace."), id);

    /// <summary>The failure for a program that this process has no receiver for.</summary>
    internal CustomProtoException NoReceiver(TProgram program)
    {
        var isAttached = NetworkLinks.TryGet(program.InterfaceIndex, out var link) && list([link]).Any(one => one.Id == program.Id);
        return isAttached
            ? new CustomProtoException(
                FailureKind.Busy,
                "ForeignProgram",
                $"The {kind} program {program} wasn't registered by this PowerShell process, so it is left alone{(program.LinkId is { } held ? $"; BPF link {held} holds it" : "")}.",
                string.Create(CultureInfo.InvariantCulture, $"Unregister-{noun} -Id {program.Id} -Force detaches it."),
                program)
            : NotFound($"The {kind} program {program} isn't attached any more.", program);
    }

    CustomProtoException NotFound(string message, object target) => new(
        FailureKind.NotFound, "ProgramNotFound", message, $"Get-{noun} lists the programs that are attached in this network namespace.", target);
}
