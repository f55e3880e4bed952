using CustomProto.Net;

namespace CustomProto.Tests.Net;

/// <summary>Every prefix of a recording, and the recording with each byte changed: parsers may refuse it, and do nothing else.</summary>
static class Damage
{
    internal static void ForEach(byte[] recording, Action<byte[]> parse)
    {
        for (var length = 0; length < recording.Length; length++)
        {
            Try(recording[..length], parse);
        }

        foreach (var value in (byte[])[0x00, 0x01, 0x03, 0x05, 0x7f, 0x80, 0xff])
        {
            for (var position = 0; position < recording.Length; position++)
            {
                var damaged = (byte[])recording.Clone();
                damaged[position] = value;
                Try(damaged, parse);
            }
        }
    }

    /// <summary>The body of a recording's only message.</summary>
    internal static byte[] Body(byte[] recording)
    {
        var messages = new NetlinkMessageReader(recording);
        Assert.True(messages.MoveNext());
        return messages.Body.ToArray();
    }

    static void Try(byte[] damaged, Action<byte[]> parse)
    {
        try
        {
            parse(damaged);
        }
        catch (CustomProtoException exception)
        {
            Assert.Equal(FailureKind.InvalidData, exception.Kind);
            Assert.Equal("NetlinkMessageMalformed", exception.ErrorId);
        }
    }
}
