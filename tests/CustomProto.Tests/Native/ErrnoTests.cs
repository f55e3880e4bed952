using System.Reflection;
using CustomProto.Native;

namespace CustomProto.Tests;

public sealed class ErrnoTests
{
    [Fact]
    public void Every_error_number_has_its_name()
    {
        var constants = Constants();

        Assert.NotEmpty(constants);
        Assert.All(constants, constant => Assert.Equal(constant.Name, Errno.Name((int)constant.GetRawConstantValue()!)));
        Assert.Equal(constants.Length, constants.Select(constant => constant.GetRawConstantValue()).Distinct().Count());
    }

    [Theory]
    [InlineData(0, "errno 0")]
    [InlineData(-1, "errno -1")]
    [InlineData(4095, "errno 4095")]
    public void Other_numbers_are_called_by_the_number(int errno, string expected) => Assert.Equal(expected, Errno.Name(errno));

    static FieldInfo[] Constants() => [.. typeof(Errno).GetFields(BindingFlags.Static | BindingFlags.NonPublic).Where(field => field.IsLiteral)];
}
