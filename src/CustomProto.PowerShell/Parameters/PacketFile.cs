using System.Globalization;

namespace CustomProto.PowerShell.Parameters;

/// <summary>Files whose content is that of a packet.</summary>
static class PacketFile
{
    /// <summary>More than any packet has, with all headers.</summary>
    const int MostBytes = 70_000;

    /// <summary>Reads a file.</summary>
    /// <exception cref="CustomProtoException">It isn't there, can't be read, or is longer than any packet.</exception>
    internal static byte[] Read(string path)
    {
        try
        {
            // Not by its length, which says nothing of devices and pipes.
            using var stream = File.OpenRead(path);
            var bytes = new byte[MostBytes + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length <= MostBytes ? bytes[..length] : throw TooLong(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CustomProtoException(FailureKind.NotFound, "FileNotFound", $"There is no file '{path}'.", "Check the path.", path, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new CustomProtoException(
                FailureKind.InvalidData, "FileUnreadable", $"The file '{path}' can't be read: {(Directory.Exists(path) ? "it is a folder" : exception.Message.TrimEnd('.'))}.", "Give a file that you may read.", path, exception);
        }
    }

    static CustomProtoException TooLong(string path) => new(
        FailureKind.LimitExceeded,
        "FileTooLong",
        string.Create(CultureInfo.InvariantCulture, $"The file '{path}' has more than {MostBytes:N0} bytes, which no packet can carry."),
        "Split it into several messages.",
        path);
}
