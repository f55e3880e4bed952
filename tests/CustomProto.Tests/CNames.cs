using System.Text;

namespace CustomProto.Tests;

/// <summary>How names of the kernel's side follow from those of the assembly.</summary>
static class CNames
{
    /// <summary><c>SourcePort</c> becomes <c>source_port</c>.</summary>
    internal static string Snake(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name)
        {
            text.Append(char.IsUpper(letter) && text.Length > 0 ? "_" : "").Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}
