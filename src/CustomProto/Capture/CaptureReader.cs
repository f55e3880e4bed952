using System.Buffers.Binary;

namespace CustomProto.Capture;

/// <summary>
/// Reads the Ethernet frames of a capture file, classic pcap or pcapng, one by one. Files come from anywhere: what is damaged is refused with
/// words, after the whole frames before the damage. For one thread at a time.
/// </summary>
public sealed class CaptureReader : IDisposable
{
    readonly CaptureStream _stream;
    readonly CaptureFormat _format;
    bool _isEnded;
    bool _isDisposed;

    /// <summary>Reads from a stream.</summary>
    /// <param name="stream">The stream, which needn't seek; it is closed with this reader, and at once if it can't be read.</param>
    /// <param name="name">What messages call it: the path of the file.</param>
    /// <exception cref="CustomProtoException">It is no capture (NotACapture), damaged (CaptureDamaged), or of a kind that isn't read (CaptureUnsupported).</exception>
    public CaptureReader(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentException.ThrowIfNullOrEmpty(name);
        _stream = new CaptureStream(stream, name);
        try
        {
            _format = Recognise(_stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="CustomProtoException">
    /// It isn't there or can't be opened (CaptureNotFound, CaptureUnreadable), or it is no capture (NotACapture), damaged (CaptureDamaged), or of a
    /// kind that isn't read (CaptureUnsupported).
    /// </exception>
    public static CaptureReader Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return new CaptureReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16), path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CustomProtoException(FailureKind.NotFound, "CaptureNotFound", $"There is no file '{path}'.", "Name a pcap or pcapng file.", path, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw CaptureStream.Unreadable(path, FileProblem.Describe(path, exception), exception);
        }
    }

    /// <summary>The next frame; <see langword="null"/> at the end, and after a failure.</summary>
    /// <param name="cancellationToken">Ends a long search for it.</param>
    /// <exception cref="CustomProtoException">
    /// The file is damaged here (CaptureDamaged), the frame isn't an Ethernet frame (CaptureUnsupported), or the file can't be read (CaptureUnreadable).
    /// </exception>
    /// <exception cref="ObjectDisposedException">The reader is closed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public CapturedFrame? Read(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_isEnded)
        {
            return null;
        }

        try
        {
            var frame = _format.Read(cancellationToken);
            _isEnded = frame is null;
            return frame;
        }
        catch (CustomProtoException)
        {
            // Where the next block begins isn't known.
            _isEnded = true;
            throw;
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _stream.Dispose();
    }

    static CaptureFormat Recognise(CaptureStream stream)
    {
        Span<byte> magic = stackalloc byte[sizeof(uint)];
        magic = magic[..stream.ReadUpTo(magic)];
        if (magic.Length == sizeof(uint))
        {
            var big = BinaryPrimitives.ReadUInt32BigEndian(magic);
            var little = BinaryPrimitives.ReadUInt32LittleEndian(magic);
            if (PcapFormat.Recognises(big))
            {
                return new PcapFormat(stream, big, bigEndian: true);
            }

            if (PcapFormat.Recognises(little))
            {
                return new PcapFormat(stream, little, bigEndian: false);
            }

            if (big == PcapngBlocks.SectionHeader)
            {
                return new PcapngFormat(stream);
            }
        }

        var what = magic switch
        {
            [] => "it is empty",
            [0x1f, 0x8b, ..] => "it is compressed with gzip",
            [0x28, 0xb5, 0x2f, 0xfd] => "it is compressed with Zstandard",
            _ => $"it begins with {Convert.ToHexString(magic)}",
        };
        throw stream.NotACapture(what);
    }
}
