namespace CustomProto.PowerShell.Tests;

/// <summary>What stands for the whole suite in a build without PowerShell.</summary>
public sealed class PowerShellSuite
{
    [NoPowerShellFact]
    public void The_PowerShell_suite_runs() => Assert.Fail(NoPowerShellFactAttribute.Reason);
}

/// <summary>A test that is skipped with the reason, and fails where CUSTOMPROTO_REQUIRE_POWERSHELL=1 says that PowerShell has to be there.</summary>
[AttributeUsage(AttributeTargets.Method)]
sealed class NoPowerShellFactAttribute : FactAttribute
{
    internal const string Reason =
        "THE POWERSHELL SUITE IS SKIPPED: it was built without PowerShell. ./build.sh test builds it with the pwsh on PATH, or with the package Microsoft.PowerShell.SDK.";

    public NoPowerShellFactAttribute() => Skip = Environment.GetEnvironmentVariable("CUSTOMPROTO_REQUIRE_POWERSHELL") == "1" ? null : Reason;
}
