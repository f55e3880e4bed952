using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CustomProto.Native;

/// <summary>
/// The names in a directory, one after the other, as bytes and without a look at what they stand for: of the thousands in
/// <c>/proc</c> hardly one matters.
/// </summary>
sealed unsafe class DirectoryStream : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Where the name begins in <c>struct dirent</c> on 64-bit Linux.</summary>
    const int NameOffset = 19;

    /// <summary>Needed by the import generator, which fills in the stream.</summary>
    public DirectoryStream()
        : base(ownsHandle: true)
    {
    }

    /// <summary>Opens a directory.</summary>
    /// <param name="path">Its path, with a zero at the end.</param>
    /// <returns>An invalid stream where it isn't there or may not be read.</returns>
    internal static DirectoryStream Open(ReadOnlySpan<byte> path)
    {
        fixed (byte* bytes = path)
        {
            return Libc.OpenDir(bytes);
        }
    }

    /// <summary>Goes to the next name.</summary>
    /// <param name="name">The name, with a zero behind it; it holds until the next call.</param>
    /// <returns>Whether there is one; an error, such as a process that ended, is the end too.</returns>
    internal bool Next(out ReadOnlySpan<byte> name)
    {
        var entry = (byte*)Libc.ReadDir(this);
        name = entry is null ? default : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + NameOffset);
        return entry is not null;
    }

    /// <summary>What a symbolic link of the directory points to.</summary>
    /// <param name="name">Its name, as <see cref="Next"/> gave it.</param>
    /// <param name="target">Room for it; what doesn't fit is cut off.</param>
    /// <returns>How long it is, or a negative number where it is no link.</returns>
    internal int ReadLink(ReadOnlySpan<byte> name, Span<byte> target)
    {
        fixed (byte* link = name, bytes = target)
        {
            return (int)Libc.ReadLinkAt(Libc.DirFd(this), link, bytes, (nuint)target.Length);
        }
    }

    protected override bool ReleaseHandle() => Libc.CloseDir(handle) == 0;
}
