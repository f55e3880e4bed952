using CustomProto.Protocol;

namespace CustomProto.Tests.Protocol;

/// <summary>The managed side against packets that the kernel's parser is judged by, most of them made by Scapy.</summary>
public sealed class FixtureTests
{
    [Theory]
    [InlineData("scapy.json", 150)]
    [InlineData("byhand.json", 30)]
    public void The_encoder_makes_the_bytes_that_are_in_the_frame(string file, int atLeast)
    {
        var compared = 0;
        foreach (var fixture in FixtureMessage.Read(file))
        {
            var definition = fixture.Definition;
            var payload = fixture.Payload.AsSpan(0, fixture.Payload.Length - fixture.TrailingBytes);
            var encoded = MessageEncoder.Encode(definition, fixture.Type, payload[definition.HeaderSize..]);
            var expected = payload.ToArray();
            ClearWhatTheEncoderDoesNotKnow(definition, expected);

            Assert.True(expected.AsSpan().SequenceEqual(encoded), $"{fixture.Name}: {Convert.ToHexString(expected)} in the frame, {Convert.ToHexString(encoded)} encoded");
            Assert.True(payload[definition.HeaderSize..].StartsWith(fixture.CapturedData), fixture.Name);
            compared++;
        }

        Assert.True(compared >= atLeast, $"Only {compared} fixtures of {file} are messages.");
    }

    [Theory]
    [InlineData("scapy.json")]
    [InlineData("byhand.json")]
    public void A_message_reads_from_the_frame_what_the_fixture_says(string file)
    {
        foreach (var fixture in FixtureMessage.Read(file))
        {
            var message = new CustomMessage(fixture.Definition, fixture.Payload, fixture.Length, fixture.TrailingBytes);

            Assert.True((fixture.Version, fixture.Type) == (message.Version, message.Type), $"{fixture.Name}: version {message.Version}, type {message.Type}");
            Assert.True(fixture.Payload.Length == fixture.Definition.HeaderSize + fixture.Length + fixture.TrailingBytes, fixture.Name);
        }
    }

    /// <summary>Plain fields and gaps: a sender may put anything there, the encoder zeros.</summary>
    static void ClearWhatTheEncoderDoesNotKnow(ProtocolDefinition definition, byte[] payload)
    {
        for (var at = 0; at < definition.HeaderSize; at++)
        {
            if (!definition.Fields.Any(field => field.Role != FieldRole.Plain && at >= field.Offset && at < field.Offset + field.Width))
            {
                payload[at] = 0;
            }
        }
    }
}
