using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace CustomProto.Protocol;

/// <summary>The checksum of IPv4 and UDP: the one's complement of the one's complement sum of all 16-bit words (RFC 1071).</summary>
static class InternetChecksum
{
    /// <summary>The sum of the words of some bytes, which begin on a word boundary; an odd last byte is the high half of a word.</summary>
    /// <returns>The sum as a number of 16 bits. Sums and single words may be added as plain numbers before <see cref="Finish"/>.</returns>
    internal static uint Sum(ReadOnlySpan<byte> data)
    {
        // The sum is the same in every byte order but for its own two bytes (RFC 1071, section 2 B), so the machine's will do until the
        // end; and words of 32 bits fold into the same sum as words of 16. No lane can overflow below 2^33 words.
        var sum = 0UL;
        if (data.Length >= Vector256<byte>.Count)
        {
            var lanes = Vector256<ulong>.Zero;
            do
            {
                var (lower, upper) = Vector256.Widen(Vector256.Create(data).AsUInt32());
                lanes += lower + upper;
                data = data[Vector256<byte>.Count..];
            }
            while (data.Length >= Vector256<byte>.Count);
            sum = Vector256.Sum(lanes);
        }

        for (; data.Length >= sizeof(ushort); data = data[sizeof(ushort)..])
        {
            sum += MemoryMarshal.Read<ushort>(data);
        }

        if (data.Length > 0)
        {
            sum += BitConverter.IsLittleEndian ? data[0] : (uint)data[0] << 8;
        }

        var folded = Fold(sum);
        return BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(folded) : folded;
    }

    /// <summary>Makes a checksum of a sum.</summary>
    internal static ushort Finish(ulong sum) => (ushort)~Fold(sum);

    /// <summary>Whether a UDP datagram has the right checksum; 0, which means "none", doesn't count as one.</summary>
    /// <param name="addresses">The addresses of the IP header, source and destination.</param>
    /// <param name="datagram">Header and payload, as long as the header says.</param>
    internal static bool IsRight(ReadOnlySpan<byte> addresses, ReadOnlySpan<byte> datagram) =>
        Finish(Sum(addresses) + Sum(datagram) + (uint)datagram.Length + FrameFormat.UdpProtocol) == 0;

    static ushort Fold(ulong sum)
    {
        while (sum > ushort.MaxValue)
        {
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        }

        return (ushort)sum;
    }
}
