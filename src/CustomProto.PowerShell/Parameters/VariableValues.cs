using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace CustomProto.PowerShell.Parameters;

/// <summary>From the hashtable that a user gives for -Variable to the values that the library takes.</summary>
static class VariableValues
{
    /// <summary>The values by name. PowerShell wraps what went through a pipeline; the library takes values as they are.</summary>
    internal static IReadOnlyDictionary<string, object?> From(Hashtable variables) => variables
        .Cast<DictionaryEntry>()
        .ToDictionary(entry => Convert.ToString(entry.Key, CultureInfo.InvariantCulture) ?? "", entry => Unwrap(entry.Value));

    static object? Unwrap(object? value) => value switch
    {
        PSObject wrapped => Unwrap(wrapped.BaseObject),
        byte[] or string => value,
        IDictionary members => members.Cast<DictionaryEntry>().ToDictionary(entry => entry.Key, entry => Unwrap(entry.Value)),
        Array elements => elements.Cast<object?>().Select(Unwrap).ToArray(),
        _ => value,
    };
}
