using CustomProto.KernelTests;

namespace CustomProto.PowerShell.Tests;

/// <summary>
/// A test with PowerShell processes of its own on the real kernel. Where PowerShell is there as a package alone, there is nothing to start.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
sealed class ProcessFactAttribute : FactAttribute
{
    public ProcessFactAttribute(KernelNeed needs = KernelNeed.Namespaces) => Skip =
        KernelProbe.ReasonToSkip(needs) ?? (Installation.Executable is null ? "probe Executable: there is no pwsh, only the package" : null);
}
