using System.Text;

namespace CustomProto.Programs;

/// <summary>
/// The kernel's own type information, readable by everyone: it tells what was built in, also where a distribution took something over
/// into an older kernel.
/// </summary>
sealed class KernelTypes
{
    internal const string Path = "/sys/kernel/btf/vmlinux";

    readonly Lazy<byte[]?> _bytes = new(() => File.Exists(Path) ? File.ReadAllBytes(Path) : null);

    /// <summary>Whether the kernel tells at all.</summary>
    internal bool IsThere => _bytes.Value is not null;

    /// <summary>Whether there is a type or member of a name; <see langword="null"/> where the kernel doesn't tell.</summary>
    internal bool? Has(string name) => _bytes.Value is { } bytes ? bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes($"\0{name}\0")) >= 0 : null;
}
