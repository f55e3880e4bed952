using System.Runtime.InteropServices;
using System.Text;
using CustomProto.Abi;

namespace CustomProto.Receive;

/// <summary>The name of a reader, where every process that uses the program finds it.</summary>
static class ReaderName
{
    /// <summary>Refuses what can't be a name.</summary>
    /// <exception cref="CustomProtoException">It is empty or too long, or has other characters than letters, digits, '.', '-' and '_'.</exception>
    internal static void Check(string name)
    {
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) >= Limit.MaxReaderName || !name.All(letter => char.IsLetterOrDigit(letter) || letter is '.' or '-' or '_'))
        {
            throw new CustomProtoException(
                FailureKind.InvalidArgument,
                "InvalidReaderName",
                $"'{Protocol.VisibleText.Decode(Encoding.UTF8.GetBytes(name))}' can't be the name of a reader.",
                $"Give letters, digits, '.', '-' and '_': {Limit.MaxReaderName - 1} bytes at most.",
                name);
        }
    }

    /// <summary>Refuses what can't be the names of a program's readers beside the default one, before there is a program.</summary>
    /// <exception cref="CustomProtoException">One can't be a name or comes twice, or they are more than there can be.</exception>
    internal static void CheckAll(IReadOnlyList<string> names)
    {
        var known = new HashSet<string> { Receiver.DefaultReader };
        foreach (var name in names)
        {
            Check(name);
            if (!known.Add(name))
            {
                throw new CustomProtoException(
                    FailureKind.Exists, "ReaderExists", $"The program can't have two readers '{name}'.", $"Give each name once; '{Receiver.DefaultReader}' is always there.", name);
            }
        }

        if (known.Count > Limit.MaxReaders)
        {
            throw new CustomProtoException(
                FailureKind.LimitExceeded,
                "TooManyReaders",
                $"The program can't have {names.Count} readers beside '{Receiver.DefaultReader}'.",
                $"Name {Limit.MaxReaders - 1} at most.",
                names[Limit.MaxReaders - 1]);
        }
    }

    internal static string Read(ref Reader reader)
    {
        var bytes = MemoryMarshal.CreateReadOnlySpan(ref FirstByte(ref reader), Limit.MaxReaderName);
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    internal static void Write(ref Reader reader, string name)
    {
        var bytes = MemoryMarshal.CreateSpan(ref FirstByte(ref reader), Limit.MaxReaderName);
        bytes.Clear();
        Encoding.UTF8.GetBytes(name, bytes);
    }

    static unsafe ref byte FirstByte(ref Reader reader) => ref reader.Name[0];
}
