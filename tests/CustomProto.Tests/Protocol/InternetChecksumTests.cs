using CustomProto.Protocol;

namespace CustomProto.Tests.Protocol;

public sealed class InternetChecksumTests
{
    [Fact]
    public void The_example_of_RFC_1071_comes_out()
    {
        // Section 3: the sum is 2ddf0, folded ddf2.
        var sum = InternetChecksum.Sum([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);

        Assert.Equal(0xddf2U, sum);
        Assert.Equal(0x220d, InternetChecksum.Finish(sum));
    }

    [Fact]
    public void Every_length_up_to_200_sums_like_the_definition()
    {
        var random = new Random(1071);
        for (var length = 0; length <= 200; length++)
        {
            var data = new byte[length];
            random.NextBytes(data);

            Assert.Equal(Naive(data), InternetChecksum.Sum(data));
        }
    }

    [Theory]
    [InlineData(1472, 0xff)]
    [InlineData(1473, 0xff)]
    [InlineData(65535, 0xff)]
    [InlineData(65535, 0x00)]
    public void Carries_survive(int length, byte value)
    {
        var data = new byte[length];
        data.AsSpan().Fill(value);

        Assert.Equal(Naive(data), InternetChecksum.Sum(data));
    }

    [Fact]
    public void Unaligned_memory_sums_the_same()
    {
        var data = new byte[300];
        new Random(2).NextBytes(data);
        for (var offset = 0; offset < 64; offset++)
        {
            var part = data.AsSpan(offset, 200);

            Assert.Equal(Naive(part), InternetChecksum.Sum(part));
        }
    }

    [Theory]
    [InlineData(0UL, 0xffff)]
    [InlineData(0xffffUL, 0)]
    [InlineData(0x10000UL, 0xfffe)]
    [InlineData(0x1fffeUL, 0)]
    [InlineData(0xffff_ffff_ffff_ffffUL, 0)]
    public void Finishing_folds_until_nothing_is_carried(ulong sum, ushort expected) =>
        Assert.Equal(expected, InternetChecksum.Finish(sum));

    static uint Naive(ReadOnlySpan<byte> data)
    {
        uint sum = 0;
        for (var i = 0; i < data.Length; i += 2)
        {
            var word = (uint)(data[i] << 8) | (i + 1 < data.Length ? data[i + 1] : 0U);
            sum += word;
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return sum;
    }
}
