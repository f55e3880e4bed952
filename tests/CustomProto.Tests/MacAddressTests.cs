using System.Globalization;

namespace CustomProto.Tests;

public sealed class MacAddressTests
{
    [Theory]
    [InlineData("02:00:5e:10:00:01", "02:00:5e:10:00:01")]
    [InlineData("02-00-5E-10-00-01", "02:00:5e:10:00:01")]
    [InlineData("FF:FF:FF:FF:FF:FF", "ff:ff:ff:ff:ff:ff")]
    [InlineData("00:00:00:00:00:00", "00:00:00:00:00:00")]
    [InlineData("aB:Cd:eF:01:23:45", "ab:cd:ef:01:23:45")]
    public void It_is_read_in_either_form_and_written_in_one(string text, string expected)
    {
        Assert.Equal(expected, MacAddress.Parse(text).ToString());
        Assert.True(MacAddress.TryParse(text, CultureInfo.InvariantCulture, out var address));
        Assert.Equal(expected, address.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("02:00:5e:10:00")]
    [InlineData("02:00:5e:10:00:01:02")]
    [InlineData("02:00:5e:10:00:0")]
    [InlineData("02:00:5e:10:00:0g")]
    [InlineData("02:00:5e-10-00-01")]
    [InlineData("02.00.5e.10.00.01")]
    [InlineData("02005e100001")]
    [InlineData("02:00:5e:10:00:+1")]
    [InlineData("02:00:5e:10:00: 1")]
    [InlineData("02:00:5e:10:00:1 ")]
    [InlineData("02:00:5e:10:00:1\0")]
    [InlineData("02:00:5e:10:00:0x")]
    [InlineData(" 2:00:5e:10:00:01")]
    [InlineData("٠٢:00:5e:10:00:01")] // Arabic digits
    public void Anything_else_is_refused(string text)
    {
        Assert.False(MacAddress.TryParse(text, null, out var address));
        Assert.Equal(default, address);
        var refusal = Assert.Throws<FormatException>(() => MacAddress.Parse(text));
        Assert.StartsWith($"'{text}' is not a MAC address", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_text_is_no_address() => Assert.False(MacAddress.TryParse(null, null, out _));

    [Fact]
    public void It_comes_from_and_goes_to_bytes_in_wire_order()
    {
        byte[] bytes = [0x02, 0x00, 0x5e, 0x10, 0x00, 0xff];
        var address = new MacAddress(bytes);
        var copy = new byte[8];

        address.CopyTo(copy.AsSpan(1));

        Assert.Equal("02:00:5e:10:00:ff", address.ToString());
        Assert.Equal([0, .. bytes, 0], copy);
        Assert.Equal(address, MacAddress.Parse("02:00:5e:10:00:ff"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(7)]
    public void It_has_six_bytes(int length)
    {
        var refusal = Assert.Throws<ArgumentException>(() => new MacAddress(new byte[length]));
        Assert.StartsWith($"A MAC address has 6 bytes, not {length}.", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("01:00:5e:00:00:01", true)]
    [InlineData("33:33:00:00:00:01", true)]
    [InlineData("ff:ff:ff:ff:ff:ff", true)]
    [InlineData("02:00:00:00:00:01", false)]
    [InlineData("fe:ff:ff:ff:ff:ff", false)]
    [InlineData("00:01:01:01:01:01", false)]
    public void The_lowest_bit_of_the_first_byte_makes_it_a_group(string text, bool isMulticast) =>
        Assert.Equal(isMulticast, MacAddress.Parse(text).IsMulticast);

    [Fact]
    public void Only_zeros_are_no_address()
    {
        Assert.True(default(MacAddress).IsZero);
        Assert.False(MacAddress.Parse("00:00:00:00:00:01").IsZero);
    }
}
