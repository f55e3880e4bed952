using System.Management.Automation;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell;

/// <summary>The end of the module in a shell: <c>Remove-Module</c> detaches what the shell registered. Importing does nothing.</summary>
public sealed class ModuleLifetime : IModuleAssemblyCleanup
{
    /// <summary>Detaches every program that this process registered.</summary>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        Receivers.CloseAll();
        UserPrograms.CloseAll();
    }
}
