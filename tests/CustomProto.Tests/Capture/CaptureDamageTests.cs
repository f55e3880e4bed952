using System.Buffers.Binary;
using CustomProto.Capture;

namespace CustomProto.Tests.Capture;

/// <summary>
/// Captures come from anywhere: damage is refused with words after the frames before it, and does nothing else. The seed is in the message of
/// a failure.
/// </summary>
public sealed class CaptureDamageTests
{
    const int Mutations = 5_000;

    static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    /// <summary>Numbers that lengths, types and indices go wrong at.</summary>
    static readonly uint[] s_edges = [0, 1, 2, 3, 4, 6, 8, 12, 16, 28, 32, 0x7f, 0xff, 0xffff, 0x01000000, 0x0a0d0d0a, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff];

    [Fact]
    public Task A_file_that_is_cut_anywhere_ends_after_its_whole_frames() => InTimeAsync(() =>
    {
        foreach (var file in CaptureFiles.All)
        {
            var whole = CaptureReaderTests.ReadAll(file.Bytes);
            var before = 0;
            var complete = 0;
            for (var length = 0; length <= file.Bytes.Length; length++)
            {
                var origin = $"the first {length} bytes of {file}";
                foreach (var stream in (Stream[])[new MemoryStream(file.Bytes[..length]), new Pipe(file.Bytes[..length])])
                {
                    var (frames, refusal) = Read(stream, origin);

                    Assert.True(whole.Take(frames.Count).Select(Show).SequenceEqual(frames.Select(Show)), origin);
                    Assert.True(frames.Count - before is 0 or 1, origin);
                    Assert.True(refusal is null or { ErrorId: "CaptureDamaged" } || (length < 4 && refusal.ErrorId == "NotACapture"), $"{origin}: {refusal?.Message}");
                    before = frames.Count;
                    complete += refusal is null ? 1 : 0;
                }
            }

            // Nowhere but between blocks can the end of the file be its own.
            Assert.Equal(whole.Count, before);
            Assert.InRange(complete, 2 * whole.Count, file.Bytes.Length / 4);
        }
    });

    [Fact]
    public Task A_file_with_changed_bytes_is_read_or_refused() => InTimeAsync(() =>
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var i = 0; i < Mutations; i++)
        {
            var file = CaptureFiles.All[i % CaptureFiles.All.Count];
            var damaged = file.Bytes;
            for (var changes = random.Next(1, 8); changes > 0; changes--)
            {
                Change(damaged, random);
            }

            Read(i % 2 == 0 ? new MemoryStream(damaged) : new Pipe(damaged), $"seed {seed}, mutation {i} of {file}");
        }
    });

    [Fact]
    public void Damage_is_located_and_nothing_is_read_after_it()
    {
        var file = CaptureFiles.Get("scapy-le.pcapng").Bytes;

        // The second frame's block: after the section, the interface and the first frame.
        const int Second = 28 + 20 + 92;
        Assert.Equal(6u, BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(Second)));
        foreach (var (at, value, problem) in ((int, uint, string)[])
        [
            (Second + 4, 85, "has the length 85, which none can have"),
            (Second + 4, 8, "has the length 8, which none can have"),
            (Second + 4, 0, "has the length 0, which none can have"),
            (Second + 4, (16 << 20) + 4, "has the length 16777220, which none can have"),
            (Second + 4, 16 << 20, "ends with the file"),
            (Second + 8, 1, "is of interface 1, and 1 are described before it"),
            (Second + 20, 85, "is too short for its frame of 85 bytes"),
            (Second + 24, 0x80000000, "has a frame that was 2147483648 bytes long"),
            (Second + 12, 0xffffffff, "has a time centuries away"),
        ])
        {
            var damaged = (byte[])file.Clone();
            BinaryPrimitives.WriteUInt32LittleEndian(damaged.AsSpan(at), value);
            using var reader = new CaptureReader(new MemoryStream(damaged), "my.pcapng");
            Assert.NotNull(reader.Read());
            var refusal = Assert.Throws<CustomProtoException>(() => reader.Read());

            Assert.Equal((FailureKind.InvalidData, "CaptureDamaged"), (refusal.Kind, refusal.ErrorId));
            Assert.Contains($"'my.pcapng' is damaged: the block at offset {Second} {problem}", refusal.Message, StringComparison.Ordinal);
            Assert.Null(reader.Read());
        }
    }

    static async Task InTimeAsync(Action action) => await Task.Run(action).WaitAsync(s_patience);

    static void Change(byte[] bytes, Random random)
    {
        var at = random.Next(bytes.Length - sizeof(uint));
        switch (random.Next(4))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at & ~3), s_edges[random.Next(s_edges.Length)]);
                break;
            default:
                BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(at & ~3), s_edges[random.Next(s_edges.Length)]);
                break;
        }
    }

    static (List<CapturedFrame> Frames, CustomProtoException? Refusal) Read(Stream stream, string origin)
    {
        List<CapturedFrame> frames = [];
        try
        {
            using var reader = new CaptureReader(stream, "x");
            while (reader.Read() is { } frame)
            {
                frames.Add(frame);
                Assert.True(frames.Count < 1_000 && frame.OriginalLength >= frame.Bytes.Length, origin);
                _ = frame.Timestamp;
            }

            return (frames, null);
        }
        catch (CustomProtoException refusal) when (refusal.ErrorId is "NotACapture" or "CaptureDamaged" or "CaptureUnsupported")
        {
            return (frames, refusal);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"Not refused as it should be: {origin}.", exception);
        }
    }

    static string Show(CapturedFrame frame) => $"{frame.Number} {frame.UnixNanoseconds} {frame.InterfaceIndex} {frame.OriginalLength} {Convert.ToHexString(frame.Bytes)}";

    sealed class Pipe(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();
    }
}
