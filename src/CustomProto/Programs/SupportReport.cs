using CustomProto.Net;

namespace CustomProto.Programs;

/// <summary>
/// What works here, what doesn't, and what to do about it. Nothing is attached or changed to find out, and nothing needs privilege: what
/// can't be seen without is <see cref="SupportStatus.Unknown"/>.
/// </summary>
public static class SupportReport
{
    /// <summary>What holds for the whole machine and this process.</summary>
    public static IReadOnlyList<SupportRow> ReadHost()
    {
        var types = new KernelTypes();
        return
        [
            .. KernelSupport.Checks(types).Concat(EnvironmentSupport.Checks).Concat(PrivilegeSupport.Checks).Select(Run),
        ];
    }

    /// <summary>What holds for an interface, as it is at the moment.</summary>
    /// <param name="link">The interface, in the calling thread's network namespace.</param>
    public static IReadOnlyList<SupportRow> ReadInterface(NetworkLink link)
    {
        ArgumentNullException.ThrowIfNull(link);
        return [.. new InterfaceSupport(link).Checks.Select(Run).Select(row => row with { Interface = link.Name })];
    }

    /// <summary>A question that can't be answered is a row too.</summary>
    static SupportRow Run((string Name, Func<string, SupportRow> Check) question)
    {
        try
        {
            return question.Check(question.Name);
        }
        catch (Exception exception) when (exception is CustomProtoException or IOException or UnauthorizedAccessException or FormatException)
        {
            return SupportRow.Unknown(question.Name, exception.Message);
        }
    }
}
