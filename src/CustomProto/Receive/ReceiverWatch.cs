using System.Globalization;
using CustomProto.Bpf;
using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.Receive;

/// <summary>
/// Notices when no message can come any more: the interface was deleted, moved or switched off, or the program is not its program any more.
/// The kernel tells of interfaces (RTNLGRP_LINK), in the network namespace in which this was made, but not of links that are detached, so
/// whoever waits also looks from time to time. Safe to use from several threads.
/// </summary>
sealed class ReceiverWatch : IDisposable
{
    /// <summary>How long a wait goes on without a look.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    readonly Lock _lock = new();
    readonly string _interface;
    readonly int _interfaceIndex;
    readonly uint _programId;
    readonly bool _isXdp;
    readonly AttachedProgram _attachment;
    readonly NetlinkSocket _news = new(Rtnetlink.RTNLGRP_LINK);
    readonly NetlinkSocket _questions;
    bool _isMoved;

    /// <summary>Watches, from the interface's network namespace.</summary>
    /// <exception cref="NativeException">The process has no descriptor left.</exception>
    internal ReceiverWatch(string interfaceName, int interfaceIndex, uint programId, bool isXdp, AttachedProgram attachment)
    {
        _interface = interfaceName;
        _interfaceIndex = interfaceIndex;
        _programId = programId;
        _isXdp = isXdp;
        _attachment = attachment;
        try
        {
            _questions = new NetlinkSocket();
        }
        catch
        {
            _news.Dispose();
            throw;
        }
    }

    /// <summary>Readable when there is news of some interface.</summary>
    internal FileDescriptor Descriptor => _news.Descriptor;

    /// <summary>Looks whether messages can still come.</summary>
    /// <param name="wasUp">Whether the interface was seen to be on; one that never was may still be switched on.</param>
    /// <returns>Why they can't, or <see langword="null"/>.</returns>
    /// <exception cref="ObjectDisposedException">The receiver is closed.</exception>
    internal CustomProtoException? Look(ref bool wasUp)
    {
        lock (_lock)
        {
            _news.Drain(TakeNews);
            if (!NetworkLinks.TryGet(_questions, _interfaceIndex, out var link))
            {
                // The kernel answers when what it is about is done, and has told of it by then.
                _news.Drain(TakeNews);
                return _isMoved
                    ? Over("InterfaceMoved", $"The interface '{_interface}' was moved to another network namespace", "Register it there.")
                    : Over("InterfaceGone", $"The interface '{_interface}' was deleted", "Register again when there is one.");
            }

            if (!link.IsUp && wasUp)
            {
                return Over("InterfaceDown", $"The interface '{_interface}' was switched off", $"Switch it on (ip link set {_interface} up) and read again.");
            }

            wasUp |= link.IsUp;
            return IsAttached(link) ? null : Detached(link);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _news.Dispose();
        _questions.Dispose();
    }

    void TakeNews(ushort type, ReadOnlySpan<byte> body)
    {
        if (type != Rtnetlink.RTM_DELLINK)
        {
            return;
        }

        var header = NetlinkMessageReader.ReadHeader<Rtnetlink.LinkMessage>(body, out var attributes);
        while (header.Index == _interfaceIndex && attributes.MoveNext())
        {
            _isMoved |= attributes.Type is Rtnetlink.IFLA_NEW_NETNSID or Rtnetlink.IFLA_NEW_IFINDEX;
        }
    }

    bool IsAttached(NetworkLink link) => _isXdp
        ? link.XdpAttachments.Any(attachment => attachment.ProgramId == _programId)
        : _attachment switch
        {
            ProgramLink held => held.IsAttached,
            ClsactAttachment filter => filter.IsAttached,
            _ => true,
        };

    CustomProtoException Detached(NetworkLink link)
    {
        var by = _isXdp && link.XdpAttachments is [var other, ..] ? string.Create(CultureInfo.InvariantCulture, $" and program {other.ProgramId} put in its place") : "";
        return Over(
            "ProgramDetached",
            string.Create(CultureInfo.InvariantCulture, $"The program on '{_interface}' (id {_programId}) was detached by somebody else{by}"),
            "Get-XdpProgram shows what is there; register again to go on.");
    }

    CustomProtoException Over(string id, string problem, string hint) => new(
        FailureKind.Gone, id, $"{problem} while its messages were being read. All that were recorded before have been.", hint, _interface);
}
