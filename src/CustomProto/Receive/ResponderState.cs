using System.Globalization;
using System.Runtime.InteropServices;
using CustomProto.Abi;
using CustomProto.Net;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>Between <see cref="ResponderOptions"/> and what the kernel program is given.</summary>
static unsafe class ResponderState
{
    const ulong Second = 1_000_000_000;

    /// <summary>What the program is given to answer as the options say, or not to.</summary>
    /// <exception cref="CustomProtoException">An option can't be used, or not with this protocol.</exception>
    internal static Responder Create(ReceiverOptions receiver, bool isGeneric)
    {
        if (receiver.Responder is not { } options)
        {
            return default;
        }

        var protocol = receiver.Protocol;
        Check(options, protocol, receiver.PeerCapacity);
        var state = new Responder
        {
            Enabled = 1,
            Source = ToRate(options.Limit),
            SourceLimit = (uint)options.Limit,
            Total = ToRate(options.TotalLimit),
            TotalLimit = (uint)options.TotalLimit,
            MayBeLonger = options.MayBeLonger ? 1u : 0u,
            IsGeneric = isGeneric ? (byte)1 : (byte)0,
        };
        if (options.Data is { } data)
        {
            state.IsFixed = 1;
            state.DataLength = (uint)data.Length;
            data.Span.CopyTo(new Span<byte>(state.Data, Limit.MaxResponse));
        }

        var final = TypeNamed(protocol, nameof(MessageType.Response), MessageType.Response);
        foreach (var (request, response) in TypesOf(options, protocol))
        {
            state.Types[request] = (ushort)(response | Limit.ResponseGiven | (response == final ? Limit.ResponseFinal : 0));
        }

        return state;
    }

    /// <summary>What the options were; <see langword="null"/> where requests aren't answered.</summary>
    internal static ResponderOptions? ToOptions(in Responder state)
    {
        if (state.Enabled == 0)
        {
            return null;
        }

        fixed (Responder* at = &state)
        {
            var types = new Dictionary<byte, byte>();
            for (var type = 0; type < Responder.TypeCount; type++)
            {
                if ((at->Types[type] & Limit.ResponseGiven) != 0)
                {
                    types.Add((byte)type, (byte)at->Types[type]);
                }
            }

            return new ResponderOptions
            {
                Types = types,
                Data = at->IsFixed == 0 ? null : new ReadOnlySpan<byte>(at->Data, (int)Math.Min(at->DataLength, (uint)Limit.MaxResponse)).ToArray(),
                MayBeLonger = at->MayBeLonger != 0,
                Limit = (int)at->SourceLimit,
                TotalLimit = (int)at->TotalLimit,
            };
        }
    }

    /// <summary>Adds what requests are addressed to, and where no answer may go: the interface's MAC address and broadcast addresses.</summary>
    internal static void Describe(ref Responder state, NetworkLink link)
    {
        state.KnowsInterface = 1;
        fixed (Responder* at = &state)
        {
            link.Address.CopyTo(new Span<byte>(at->Mac, MacAddress.Length));
            var broadcasts = new Span<uint>(at->Broadcasts, Limit.MaxBroadcasts);
            broadcasts.Clear();
            var known = InterfaceAddresses.Broadcasts(link.Index);
            for (var i = 0; i < Math.Min(known.Count, broadcasts.Length); i++)
            {
                broadcasts[i] = MemoryMarshal.Read<uint>(known[i].GetAddressBytes());
            }
        }
    }

    /// <summary>Takes over what <see cref="Describe"/> added to another state.</summary>
    internal static void TakeOver(ref Responder state, in Responder like)
    {
        state.KnowsInterface = like.KnowsInterface;
        fixed (Responder* to = &state, from = &like)
        {
            new ReadOnlySpan<byte>(from->Mac, MacAddress.Length).CopyTo(new Span<byte>(to->Mac, MacAddress.Length));
            new ReadOnlySpan<uint>(from->Broadcasts, Limit.MaxBroadcasts).CopyTo(new Span<uint>(to->Broadcasts, Limit.MaxBroadcasts));
        }
    }

    static IReadOnlyDictionary<byte, byte> TypesOf(ResponderOptions options, ProtocolDefinition protocol)
    {
        if (options.Types is { } given)
        {
            return given;
        }

        return TypeNamed(protocol, nameof(MessageType.Request), MessageType.Request) is { } request
            && TypeNamed(protocol, nameof(MessageType.Response), MessageType.Response) is { } response
                ? new Dictionary<byte, byte> { [request] = response }
                : throw Invalid("ResponseType", $"The protocol '{protocol.Name}' has no types named Request and Response.", "Say which types are answered with which: -ResponseType @{ 5 = 6 }.", protocol.Name);
    }

    /// <summary>The type that a definition calls so; a value means what it usually does where the definition gives it no other name.</summary>
    static byte? TypeNamed(ProtocolDefinition protocol, string name, MessageType usual)
    {
        foreach (var (value, given) in protocol.TypeNames)
        {
            if (string.Equals(given, name, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return protocol.TypeNames.ContainsKey((byte)usual) ? null : (byte)usual;
    }

    /// <summary>The interval is rounded up, so that there are never more answers than the limit.</summary>
    static Rate ToRate(int limit) => limit == 0
        ? default
        : new Rate { IntervalNs = (Second + (ulong)limit - 1) / (ulong)limit, BurstNs = (Second + (ulong)limit - 1) / (ulong)limit * (ulong)limit };

    static void Check(ResponderOptions options, ProtocolDefinition protocol, int peerCapacity)
    {
        if (protocol.Type is not { } type)
        {
            throw Invalid("Respond", $"The protocol '{protocol.Name}' has no type field, so a response can't be told from a request.", "Answer in user space: Get-CustomMessage | Send-CustomPacket -Reply.", protocol.Name);
        }

        foreach (var (option, limit) in new[] { ("ResponseLimit", options.Limit), ("ResponseLimitTotal", options.TotalLimit) })
        {
            if (limit is < 0 or > ResponderOptions.MaxLimit)
            {
                throw Invalid(option, Show(limit), $"Give 1 to {ResponderOptions.MaxLimit} answers a second, or 0 for any number.", limit);
            }
        }

        if (peerCapacity == 0 && options.Limit > 0)
        {
            throw Invalid("ResponseLimit", $"{Show(options.Limit)} a second for each source, where no peers are kept (-PeerCapacity 0), by which sources are told apart.", "Keep peers, or give -ResponseLimit 0.", options.Limit);
        }

        CheckData(options, protocol);
        CheckTypes(TypesOf(options, protocol), protocol);
    }

    static void CheckData(ResponderOptions options, ProtocolDefinition protocol)
    {
        if (options.Data is not { } data)
        {
            return;
        }

        if (data.Length > ResponderOptions.MaxDataLength)
        {
            throw Invalid("ResponseData", $"{Show(data.Length)} bytes", $"A fixed response has at most {ResponderOptions.MaxDataLength} bytes of data.", data.Length);
        }

        var counted = data.Length + (protocol.LengthCountsHeader ? protocol.HeaderSize : 0);
        if (protocol.Length is { Width: < 4 } length && counted >> (8 * length.Width) != 0)
        {
            throw Invalid("ResponseData", $"{Show(data.Length)} bytes", $"The length field of the protocol '{protocol.Name}' has room for less.", data.Length);
        }
    }

    static void CheckTypes(IReadOnlyDictionary<byte, byte> types, ProtocolDefinition protocol)
    {
        if (types.Count == 0)
        {
            throw Invalid("ResponseType", "No type is answered.", "Give at least one: -ResponseType @{ 5 = 6 }.", types);
        }

        foreach (var response in types.Values.Where(types.ContainsKey))
        {
            throw Invalid("ResponseType", $"Type {Show(response)} answers and is answered, so two responders would answer each other without end.", "Let no type stand on both sides.", response);
        }

        if (TypeNamed(protocol, nameof(MessageType.Response), MessageType.Response) is { } final && types.ContainsKey(final))
        {
            throw Invalid("ResponseType", $"Type {Show(final)} is the protocol's Response, which is never answered.", "Answer another type.", final);
        }
    }

    static string Show(int number) => number.ToString(CultureInfo.InvariantCulture);

    static CustomProtoException Invalid(string option, string problem, string remedy, object target) =>
        new(FailureKind.InvalidArgument, $"Invalid{option}", $"{option}: {problem}{(problem.EndsWith('.') ? "" : " can't be used.")}", remedy, target);
}
