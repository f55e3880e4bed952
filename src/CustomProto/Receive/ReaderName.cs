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
