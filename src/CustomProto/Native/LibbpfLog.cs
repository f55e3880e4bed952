using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace CustomProto.Native;

/// <summary>
/// What libbpf prints while it works for this thread. It would go to the terminal; here it is kept, so that a failure can carry it.
/// </summary>
static unsafe class LibbpfLog
{
    const int LevelDebug = 2;
    const int LineSize = 1024;
    const int KeptCharacters = 64 * 1024;

    [ThreadStatic]
    static StringBuilder? t_text;

    /// <summary>Forgets what this thread's calls printed so far.</summary>
    internal static void Clear() => t_text?.Clear();

    /// <summary>What this thread's calls printed since <see cref="Clear"/>, or <see langword="null"/> for nothing.</summary>
    internal static string? Text => t_text is { Length: > 0 } text ? text.ToString() : null;

    /// <summary>A <c>libbpf_print_fn_t</c>. A <c>va_list</c> parameter is a pointer on x86-64 and on arm64.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    internal static int Print(int level, byte* format, void* arguments)
    {
        if (level >= LevelDebug)
        {
            return 0;
        }

        var line = stackalloc byte[LineSize];
        var length = Libc.VSNPrintF(line, LineSize, format, arguments);
        var text = t_text ??= new StringBuilder();
        if (length > 0 && text.Length < KeptCharacters)
        {
            text.Append(Encoding.UTF8.GetString(line, Math.Min(length, LineSize - 1)));
        }

        return length;
    }
}
