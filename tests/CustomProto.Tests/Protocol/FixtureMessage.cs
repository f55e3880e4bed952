using System.Buffers.Binary;
using System.Text.Json;
using CustomProto.Protocol;

namespace CustomProto.Tests.Protocol;

/// <summary>A message of tests/Fixtures: the frame that carries it, mostly made by Scapy, and what is in it.</summary>
sealed record FixtureMessage(string Name, ProtocolDefinition Definition, byte[] Payload, ulong Version, MessageType Type, int Length, int TrailingBytes, byte[] CapturedData)
{
    const int Udp = 17;

    /// <summary>The fixtures that are valid messages.</summary>
    internal static IEnumerable<FixtureMessage> Read(string file)
    {
        using var fixtures = JsonDocument.Parse(File.ReadAllText(Repository.Locate("tests", "Fixtures", file)));
        foreach (var fixture in fixtures.RootElement.EnumerateArray())
        {
            if (fixture.GetProperty("message") is { ValueKind: JsonValueKind.Object } message)
            {
                var frame = Convert.FromHexString(fixture.GetProperty("frame").GetString()!.Replace(" ", "", StringComparison.Ordinal));
                yield return new FixtureMessage(
                    fixture.GetProperty("name").GetString()!,
                    ReadDefinition(fixture),
                    UdpPayload(frame).ToArray(),
                    message.GetProperty("version").GetUInt64(),
                    (MessageType)message.GetProperty("type").GetByte(),
                    message.GetProperty("length").GetInt32(),
                    message.GetProperty("trailingBytes").GetInt32(),
                    Convert.FromHexString(message.GetProperty("data").GetString()!));
            }
        }
    }

    static ProtocolDefinition ReadDefinition(JsonElement fixture)
    {
        if (!fixture.TryGetProperty("configuration", out var configuration) || !configuration.TryGetProperty("definition", out var definition))
        {
            return ProtocolDefinition.Default;
        }

        return new ProtocolDefinition(
            definition.GetProperty("name").GetString()!,
            definition.GetProperty("ports").EnumerateArray().Select(port => port.GetInt32()),
            definition.GetProperty("headerSize").GetInt32(),
            definition.GetProperty("fields").EnumerateArray().Select(ReadField),
            Enum.Parse<ByteOrder>(definition.GetProperty("byteOrder").GetString()!),
            definition.GetProperty("lengthCountsHeader").GetBoolean());
    }

    static ProtocolField ReadField(JsonElement field) => new(
        field.GetProperty("name").GetString()!,
        field.GetProperty("offset").GetInt32(),
        field.GetProperty("width").GetInt32(),
        Enum.Parse<FieldRole>(field.GetProperty("role").GetString()!),
        field.TryGetProperty("value", out var value) ? value.GetUInt64() : null);

    /// <summary>The payload of a frame that is known to be good, so nothing is checked.</summary>
    static ReadOnlySpan<byte> UdpPayload(ReadOnlySpan<byte> frame)
    {
        var at = 12;
        while (BinaryPrimitives.ReadUInt16BigEndian(frame[at..]) is 0x8100 or 0x88a8)
        {
            at += 4;
        }

        var isIPv6 = BinaryPrimitives.ReadUInt16BigEndian(frame[at..]) == 0x86dd;
        var packet = frame[(at + 2)..];
        var udp = packet[(isIPv6 ? SkipIPv6(packet) : (packet[0] & 15) * 4)..];
        return udp[8..BinaryPrimitives.ReadUInt16BigEndian(udp[4..])];
    }

    static int SkipIPv6(ReadOnlySpan<byte> packet)
    {
        const int FragmentHeader = 44;
        int next = packet[6];
        var at = 40;
        while (next != Udp)
        {
            var length = next == FragmentHeader ? 8 : 8 * (1 + packet[at + 1]);
            next = packet[at];
            at += length;
        }

        return at;
    }
}
