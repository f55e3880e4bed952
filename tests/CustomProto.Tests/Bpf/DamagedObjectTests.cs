using System.Buffers.Binary;
using CustomProto.Bpf;

namespace CustomProto.Tests.Bpf;

/// <summary>
/// Object files come from users too: damage is refused with words, and does nothing else. The seed is in the message of a failure.
/// </summary>
public sealed class DamagedObjectTests
{
    const int Mutations = 5_000;

    static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    static readonly byte[] s_object = EmbeddedObject.Read("receive");

    /// <summary>Numbers that sizes, counts and offsets go wrong at.</summary>
    static readonly uint[] s_edges = [0, 1, 2, 8, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];

    [Fact]
    public Task A_file_that_is_cut_anywhere_is_read_or_refused() => InTimeAsync(() =>
    {
        for (var length = 0; length < s_object.Length; length++)
        {
            Read(s_object[..length], $"the first {length} bytes");
        }
    });

    [Fact]
    public Task Types_that_are_cut_anywhere_are_read_or_refused() => InTimeAsync(() =>
    {
        var section = ElfFile.Parse(s_object, "receive").Section(".BTF").ToArray();
        for (var length = 0; length < section.Length; length++)
        {
            ReadTypes(section[..length], $"the first {length} bytes of .BTF");
        }

        // Cut in the middle of what the header says is whole.
        var types = BinaryPrimitives.ReadUInt32LittleEndian(section.AsSpan(12));
        for (var length = 0u; length < types; length++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(section.AsSpan(12), length);
            ReadTypes(section, $".BTF with {length} bytes of types");
        }
    });

    [Fact]
    public Task A_file_with_changed_bytes_is_read_or_refused() => InTimeAsync(() => Mutate(s_object, Read));

    [Fact]
    public Task Changed_types_are_read_or_refused() =>
        InTimeAsync(() => Mutate(ElfFile.Parse(s_object, "receive").Section(".BTF").ToArray(), ReadTypes));

    static async Task InTimeAsync(Action action) => await Task.Run(action).WaitAsync(s_patience);

    static void Mutate(byte[] original, Action<byte[], string> read)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var i = 0; i < Mutations; i++)
        {
            var damaged = (byte[])original.Clone();
            for (var changes = random.Next(1, 8); changes > 0; changes--)
            {
                Change(damaged, random);
            }

            read(damaged, $"seed {seed}, mutation {i}");
        }
    }

    static void Change(byte[] bytes, Random random)
    {
        // Half of the changes hit the ends, where the headers and tables are.
        var span = random.Next(4) switch
        {
            0 => bytes.AsSpan(0, 64),
            1 => bytes.AsSpan(bytes.Length - 2048),
            _ => bytes,
        };
        var at = random.Next(span.Length - sizeof(uint));
        switch (random.Next(3))
        {
            case 0:
                span[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                span[at] = (byte)random.Next(256);
                break;
            default:
                BinaryPrimitives.WriteUInt32LittleEndian(span[(at & ~3)..], s_edges[random.Next(s_edges.Length)]);
                break;
        }
    }

    static void Read(byte[] file, string origin) => RefusedAtMost(() => Btf.Parse(ElfFile.Parse(file, "x").Section(".BTF"), "x"), origin);

    static void ReadTypes(byte[] section, string origin) => RefusedAtMost(() => Btf.Parse(section, "x"), origin);

    static void RefusedAtMost(Action action, string origin)
    {
        try
        {
            action();
        }
        catch (CustomProtoException refusal) when (refusal is { Kind: FailureKind.InvalidData, ErrorId: "InvalidObjectFile" })
        {
            // Refused with words.
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"Not refused as it should be: {origin}.", exception);
        }
    }
}
