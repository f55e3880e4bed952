using System.Globalization;
using CustomProto.Net;
using CustomProto.Protocol;

namespace CustomProto.Send;

/// <summary>
/// What would be sent, for a person to read: the bytes with the names of their fields. Finds the way as <see cref="Sender.Open"/> does, but
/// sends nothing, and asks no neighbour for its MAC address.
/// </summary>
public static class SendPreview
{
    const int MostFrames = 4;

    /// <summary>Describes the packets of a message.</summary>
    /// <param name="options">Where and how it would be sent.</param>
    /// <param name="message">The message, as <see cref="Sender.Send(CustomMessage, CancellationToken)"/> takes it.</param>
    /// <returns>Lines of text.</returns>
    /// <exception cref="CustomProtoException">It couldn't be sent; see <see cref="Sender.Open"/> and the methods that send.</exception>
    public static IReadOnlyList<string> Describe(SendOptions options, CustomMessage message)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(message);
        Sender.CheckWhole(message, options.Protocol);
        return Describe(options, message.Payload);
    }

    /// <summary>Describes the packets of a UDP payload.</summary>
    /// <param name="options">Where and how it would be sent.</param>
    /// <param name="payload">The UDP payload.</param>
    /// <returns>Lines of text.</returns>
    /// <exception cref="CustomProtoException">It couldn't be sent; see <see cref="Sender.Open"/> and the methods that send.</exception>
    public static IReadOnlyList<string> Describe(SendOptions options, ReadOnlySpan<byte> payload)
    {
        ArgumentNullException.ThrowIfNull(options);
        options = SendOptionsCheck.Check(options);
        var path = PacketPath.Find(options);
        var choice = TransportChoice.Make(options, path);
        choice.RawSocket?.Dispose();
        var transport = options.Transport == Transport.Xdp ? Transport.Xdp : choice.RawSocket is null ? Transport.Udp : Transport.Raw;
        payload = options.Craft.Apply(options.Protocol, payload);
        payload = transport == Transport.Xdp && options.Stamp ? Stamps.Append(options.Protocol, payload) : payload;
        Sender.LimitsOf(options, path, transport).Check(payload.Length);
        var way = $"over '{path.Link.Name}', transport {transport}: {choice.Reason}";
        return transport != Transport.Udp
            ? DescribeFrames(options, path, payload, way)
            : [Invariant($"UDP payload of {payload.Length} bytes {way}. The kernel makes the headers."), .. Lines(PacketDump.OfPayload(options.Protocol, payload))];
    }

    /// <summary>Describes a ready frame.</summary>
    /// <param name="protocol">The protocol.</param>
    /// <param name="frame">The frame, from the Ethernet header on.</param>
    /// <returns>Lines of text.</returns>
    public static IReadOnlyList<string> DescribeFrame(ProtocolDefinition protocol, ReadOnlySpan<byte> frame) =>
        [Invariant($"Frame of {frame.Length} bytes."), .. Lines(PacketDump.OfFrame(protocol, frame))];

    static List<string> DescribeFrames(SendOptions options, PacketPath path, ReadOnlySpan<byte> payload, string way)
    {
        var mac = options.DestinationMac ?? Neighbours.Find(path.Link, path.NextHop);
        var sourcePort = options.SourcePort == 0 && options.Craft.FuzzSeed is { } seed ? FrameOrigin.PortOf(seed) : options.SourcePort;
        var port = options.DestinationPort ?? options.Protocol.Ports[0];
        var builder = new FrameBuilder(FrameOrigin.MakeHeaders(path, options, port, mac ?? default, sourcePort));
        var frames = RawTransport.MakeCrafter(builder, path, options).MakeFrames(payload, identification: 0);

        var lines = new List<string>();
        for (var i = 0; i < Math.Min(frames.Count, MostFrames); i++)
        {
            var number = frames.Count == 1 ? "" : Invariant($" {i + 1} of {frames.Count}");
            lines.Add(Invariant($"Frame{number} of {frames[i].Length} bytes {way}."));
            lines.AddRange(Lines(PacketDump.OfFrame(options.Protocol, frames[i])));
        }

        if (frames.Count > MostFrames)
        {
            lines.Add(Invariant($"And another {frames.Count - MostFrames} frames."));
        }

        if (mac is null)
        {
            lines.Add($"The MAC address of {path.NextHop} isn't known yet; it is asked for when something is sent.");
        }

        if (options.Transport == Transport.Xdp && options.Stamp)
        {
            lines.Add("The sequence number and the time that end the data are written by the kernel, packet by packet.");
        }

        if (sourcePort == 0)
        {
            lines.Add("The source port 0 stands for a free one, which is taken when something is sent; the checksum goes with it.");
        }

        return lines;
    }

    static IEnumerable<string> Lines(IEnumerable<PacketDumpLine> dump) => dump.Select(line => $"  {line}".ReplaceLineEndings($"{Environment.NewLine}  "));

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
