using System.Runtime.InteropServices;

namespace CustomProto.Tests.Architecture.Synthetic.Upper;

class Thing : Lower.Innocent
{
    internal static int s_count;

    internal static void Do()
    {
    }

    internal sealed class Part;
}

interface IThing;

struct Piece;

sealed class FailingException : Exception;

[AttributeUsage(AttributeTargets.All)]
sealed class MarkAttribute : Attribute;

static partial class Importing
{
    [LibraryImport("libc", EntryPoint = "getpid")]
    internal static partial int GetProcessId();
}
