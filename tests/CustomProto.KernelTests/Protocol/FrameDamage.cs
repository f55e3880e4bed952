using System.Buffers.Binary;

namespace CustomProto.KernelTests.Protocol;

/// <summary>Changes frames in ways that headers are sensitive to, knowing nothing of the protocol.</summary>
sealed class FrameDamage(Random random)
{
    static readonly byte[] s_bytes = [0, 1, 4, 5, 6, 17, 43, 44, 45, 0x46, 60, 0x7f, 0x80, 0xff];

    static readonly ushort[] s_words =
    [
        0, 1, 5, 7, 8, 9, 13, 14, 15, 20, 28, 34, 40, 0x7fff, 0x8000, 0xffff, 0x2000, 0x2001, 0x4000, 0x1fff, 0x0001, 0x0008, 0xfff8,
        0x8100, 0x88a8, 0x0800, 0x86dd, 12345, 0xcafe,
    ];

    /// <summary>Makes a changed copy of at least an Ethernet header.</summary>
    internal byte[] Apply(byte[] frame)
    {
        var changed = (byte[])frame.Clone();
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            changed = Change(changed);
        }

        return changed;
    }

    byte[] Change(byte[] frame)
    {
        // Mostly within the headers.
        var at = random.Next(random.Next(4) == 0 ? frame.Length : Math.Min(frame.Length, 110));
        var word = Math.Min(at & ~1, frame.Length - 2);
        switch (random.Next(8))
        {
            case 0:
                frame[at] ^= (byte)(1 << random.Next(8));
                return frame;
            case 1:
                frame[at] = s_bytes[random.Next(s_bytes.Length)];
                return frame;
            case 2:
                frame[at] = (byte)random.Next(256);
                return frame;
            case 3:
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(word), s_words[random.Next(s_words.Length)]);
                return frame;
            case 4:
                var sum = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(word)) + random.Next(-9, 10);
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(word), (ushort)sum);
                return frame;
            case 5:
                return frame[..random.Next(14, frame.Length + 1)];
            case 6:
                return [.. frame, .. new byte[random.Next(1, 40)]];
            default:
                var length = random.Next(1, 12);
                return [.. frame[..at], .. frame[Math.Max(0, at - length)..at], .. frame[at..]];
        }
    }
}
