using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Receive;

/// <summary>A frame and what the kernel program must make of it (tests/Fixtures/README.md).</summary>
public sealed record Fixture(
    string Name,
    string Origin,
    string Frame,
    FixtureConfiguration? Configuration,
    int LinearLength,
    string Verdict,
    IReadOnlyDictionary<string, long> Counters,
    FixtureMessage? Message)
{
    static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>All fixtures by name.</summary>
    internal static IReadOnlyDictionary<string, Fixture> All { get; } = new[] { "scapy.json", "byhand.json" }
        .SelectMany(file => JsonSerializer.Deserialize<Fixture[]>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", file)), s_options)!)
        .ToDictionary(fixture => fixture.Name);

    /// <summary>The frame's bytes.</summary>
    internal byte[] Bytes => Convert.FromHexString(Frame.Replace(" ", "", StringComparison.Ordinal));
}

/// <summary>What differs from the default configuration. A record, so that equal ones share a loaded program.</summary>
public sealed record FixtureConfiguration(
    MatchAction MatchAction = MatchAction.Pass,
    bool VerifyChecksum = false,
    int[]? Ports = null,
    int SnapLength = ushort.MaxValue,
    FixtureDefinition? Definition = null)
{
    /// <summary>A text that is equal for equal configurations.</summary>
    internal string Key => JsonSerializer.Serialize(this);

    /// <summary>The options to load the program with.</summary>
    internal ReceiverOptions Options => new()
    {
        Interface = "none",
        MatchAction = MatchAction,
        VerifyChecksum = VerifyChecksum,
        Ports = Ports,
        SnapLength = SnapLength,
        Protocol = Definition?.ToProtocol() ?? ProtocolDefinition.Default,
        RingSize = ReceiverOptions.MinRingSize,
    };
}

/// <summary>A protocol definition.</summary>
public sealed record FixtureDefinition(
    string Name,
    int[] Ports,
    int HeaderSize,
    FixtureField[] Fields,
    ByteOrder ByteOrder = ByteOrder.BigEndian,
    bool LengthCountsHeader = false)
{
    internal ProtocolDefinition ToProtocol() => new(
        Name,
        Ports,
        HeaderSize,
        Fields.Select(field => new ProtocolField(field.Name, field.Offset, field.Width, field.Role, field.Value)),
        ByteOrder,
        LengthCountsHeader);
}

/// <summary>A field of a definition.</summary>
public sealed record FixtureField(string Name, int Offset, int Width, FieldRole Role, ulong? Value = null);

/// <summary>What the reader gets.</summary>
public sealed record FixtureMessage(
    ulong Version,
    byte Type,
    int Length,
    string Data,
    int TrailingBytes,
    int CapturedLength,
    string SourceAddress,
    int SourcePort,
    string DestinationAddress,
    int DestinationPort,
    string SourceMac,
    string DestinationMac,
    int[] VlanId)
{
    /// <summary>The same view of a message that was read.</summary>
    internal static FixtureMessage From(CustomMessage message) => new(
        message.Version,
        (byte)message.Type,
        message.Length,
        Convert.ToHexStringLower(message.Data),
        message.TrailingBytes,
        message.CapturedLength,
        message.SourceAddress!.ToString(),
        message.SourcePort,
        message.DestinationAddress!.ToString(),
        message.DestinationPort,
        message.SourceMac.ToString(),
        message.DestinationMac.ToString(),
        message.VlanId);

    /// <summary>All values in one line, for comparing and for showing.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"version {Version} type {Type} length {Length} captured {CapturedLength} trailing {TrailingBytes} {SourceMac} {SourceAddress} {SourcePort} to {DestinationMac} {DestinationAddress} {DestinationPort} vlan [{string.Join(", ", VlanId)}] data {Data}");
}
