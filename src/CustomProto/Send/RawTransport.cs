using CustomProto.Native;

namespace CustomProto.Send;

/// <summary>Whole frames over an AF_PACKET socket.</summary>
sealed class RawTransport : SocketTransport
{
    readonly FileDescriptor _socket;
    readonly FrameOrigin? _origin;
    readonly FrameBuilder _frames;

    /// <summary>Makes frames that are out of the ordinary, if that was asked for.</summary>
    readonly FrameCrafter? _crafter;

    /// <summary>Whether what is sent is a whole frame, and not a payload.</summary>
    bool _isReady;
    ushort _identification = (ushort)Random.Shared.Next();

    /// <summary>Takes over a socket of <see cref="PacketSocket.Open"/>, and closes it also when this fails.</summary>
    /// <param name="socket">The socket, bound to the interface.</param>
    /// <param name="path">The way to the receiver.</param>
    /// <param name="options">The options.</param>
    /// <param name="destinationPort">The port that is sent to.</param>
    /// <param name="cancellationToken">Ends the wait for the next hop's MAC address.</param>
    internal RawTransport(
        FileDescriptor socket, PacketPath path, SendOptions options, int destinationPort, CancellationToken cancellationToken)
        : base(path)
    {
        _socket = socket;
        try
        {
            _origin = new FrameOrigin(path, options, destinationPort, cancellationToken);
            _frames = new FrameBuilder(_origin.Headers);
            _crafter = options.Craft == PacketCraft.None ? null : MakeCrafter(_frames, path, options);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    internal override Transport Kind => Transport.Raw;

    /// <inheritdoc/>
    internal override int SourcePort => _origin!.Headers.SourcePort;

    /// <inheritdoc/>
    protected override FileDescriptor Descriptor => _socket;

    /// <summary>
    /// The bytes of VLAN tags that count against the interface's MTU: the kernel lets frames be longer by one tag, and only if it is an
    /// 802.1Q tag (<c>packet_extra_vlan_len_allowed</c>, net/packet/af_packet.c). So two tags have to fit into the MTU.
    /// </summary>
    internal static int UnprovidedTagBytes(PacketPath path, SendOptions options) =>
        options.VlanId.Count == 1 && !path.Link.IsLoopback ? 0 : options.VlanId.Count * FrameBuilder.VlanTagLength;

    /// <inheritdoc/>
    public override void Dispose()
    {
        PacketSocket.CloseAside(_socket);
        _origin?.Dispose();
    }

    /// <inheritdoc/>
    internal override void Send(ReadOnlySpan<byte> payload, SendRun run, SendTally tally)
    {
        if (_crafter is not { IsVaried: true })
        {
            base.Send(payload, run, tally);
            return;
        }

        _isReady = true;
        try
        {
            while (run.Next(1) > 0)
            {
                foreach (var frame in _crafter.MakeFrames(payload, _identification++))
                {
                    SendOne(frame, tally, run.Token);
                }
            }
        }
        finally
        {
            _isReady = false;
        }
    }

    /// <summary>Sends frames with these bytes.</summary>
    internal void SendFrame(ReadOnlySpan<byte> frame, SendRun run, SendTally tally)
    {
        _isReady = true;
        try
        {
            base.Send(frame, run, tally);
        }
        finally
        {
            _isReady = false;
        }
    }

    /// <inheritdoc/>
    protected override int Fill(ReadOnlySpan<byte> payload, int slots)
    {
        if (_isReady || _crafter is not null)
        {
            return Repeat(_isReady ? payload : _crafter!.MakeFrame(payload, _identification), slots);
        }

        var length = _frames.HeaderLength + payload.Length;
        Batch.Lay(slots, length, shared: false);
        _frames.Build(Batch[0], payload, _identification);
        for (var slot = 1; slot < slots; slot++)
        {
            Batch[0].CopyTo(Batch[slot]);
        }

        return length;
    }

    /// <inheritdoc/>
    protected override void Renew(int count)
    {
        if (_isReady)
        {
            return;
        }

        for (var slot = 0; slot < count; slot++)
        {
            if (_crafter is null)
            {
                _frames.SetIdentification(Batch[slot], _identification++);
            }
            else
            {
                _crafter.SetIdentification(Batch[slot], _identification++);
            }
        }
    }

    int Repeat(ReadOnlySpan<byte> frame, int slots)
    {
        Batch.Lay(slots, frame.Length, shared: false);
        for (var slot = 0; slot < slots; slot++)
        {
            frame.CopyTo(Batch[slot]);
        }

        return frame.Length;
    }

    /// <summary>What makes frames that are out of the ordinary.</summary>
    internal static FrameCrafter MakeCrafter(FrameBuilder frames, PacketPath path, SendOptions options)
    {
        var mutator = options.Craft.FuzzSeed is { } seed ? new PacketMutator(options.Protocol, seed) : null;
        return new FrameCrafter(frames, options.Craft, path.LimitsFor(0, UnprovidedTagBytes(path, options)).Mtu, mutator);
    }
}
