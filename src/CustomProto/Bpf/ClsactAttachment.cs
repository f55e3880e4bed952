using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.Bpf;

/// <summary>
/// A tc program's attachment as a filter of the clsact qdisc, for kernels without links at tc (before Linux 6.6). Nothing ends it with the
/// process but the process itself, which does so when it closes or ends; what a killed one left <see cref="RemoveOrphans"/> removes.
/// </summary>
sealed class ClsactAttachment : AttachedProgram
{
    static readonly AttachPoint[] s_points = [AttachPoint.TcIngress, AttachPoint.TcEgress];

    readonly Lock _lock = new();
    readonly NetlinkSocket _socket;
    readonly string _interface;
    readonly int _interfaceIndex;
    readonly AttachPoint _point;
    readonly uint _programId;
    readonly bool _madeQdisc;
    bool _disposed;

    ClsactAttachment(NetlinkSocket socket, string interfaceName, int interfaceIndex, AttachPoint point, uint programId, ProgramLifetime lifetime, bool madeQdisc)
    {
        _socket = socket;
        _interface = interfaceName;
        _interfaceIndex = interfaceIndex;
        _point = point;
        _programId = programId;
        _madeQdisc = madeQdisc;
        Lifetime = lifetime;
        if (lifetime == ProgramLifetime.Process)
        {
            AppDomain.CurrentDomain.ProcessExit += OnExit;
        }
    }

    /// <inheritdoc/>
    internal override ProgramLifetime Lifetime { get; }

    /// <summary>Whether the filter is there.</summary>
    internal bool IsAttached
    {
        get
        {
            lock (_lock)
            {
                return !_disposed && Find() is not null;
            }
        }
    }

    /// <summary>Attaches a program, after those that are there. Needs CAP_BPF and CAP_NET_ADMIN.</summary>
    /// <param name="program">The program.</param>
    /// <param name="link">The interface, in the calling thread's network namespace.</param>
    /// <param name="point">One of the two at tc.</param>
    /// <param name="persist">Whether it outlives the process.</param>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal static ClsactAttachment Attach(BpfProgram program, NetworkLink link, AttachPoint point, bool persist)
    {
        RemoveOrphans([link]);
        var socket = new NetlinkSocket();
        var madeQdisc = false;
        try
        {
            madeQdisc = TcFilters.AddQdisc(socket, link);
            using var descriptor = new BorrowedDescriptor(program.Descriptor);
            TcFilters.Add(socket, link, point, descriptor.Value, persist ? FilterOwner.Nobody : FilterOwner.Current.ToString());
            return new ClsactAttachment(
                socket, link.Name, link.Index, point, program.Info.Id, persist ? ProgramLifetime.Persistent : ProgramLifetime.Process, madeQdisc);
        }
        catch
        {
            if (madeQdisc)
            {
                RemoveEmptyQdisc(socket, link.Index);
            }

            socket.Dispose();
            throw;
        }
    }

    /// <summary>A persistent attachment that is there, in the calling thread's network namespace.</summary>
    internal static ClsactAttachment Open(string interfaceName, int interfaceIndex, AttachPoint point, uint programId) =>
        new(new NetlinkSocket(), interfaceName, interfaceIndex, point, programId, ProgramLifetime.Persistent, madeQdisc: false);

    /// <summary>Removes the filters of processes of this PID namespace that have ended. Without CAP_NET_ADMIN none is.</summary>
    /// <param name="links">Interfaces in the calling thread's network namespace.</param>
    internal static void RemoveOrphans(IEnumerable<NetworkLink> links)
    {
        using var socket = new NetlinkSocket();
        foreach (var link in links)
        {
            foreach (var filter in s_points.SelectMany(point => TcFilters.List(socket, link.Index, point)))
            {
                if (FilterOwner.TryParse(filter.Name, out var owner) && owner.HasEnded)
                {
                    TryRemove(socket, filter, link.Name);
                }
            }
        }
    }

    /// <inheritdoc/>
    internal override void Detach()
    {
        lock (_lock)
        {
            if (_disposed || Find() is not { } filter)
            {
                return;
            }

            TcFilters.Remove(_socket, filter, _interface);
            if (_madeQdisc)
            {
                RemoveEmptyQdisc(_socket, _interfaceIndex);
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            AppDomain.CurrentDomain.ProcessExit -= OnExit;
            try
            {
                if (Lifetime == ProgramLifetime.Process)
                {
                    Detach();
                }
            }
            catch (NativeException)
            {
                // Closing can't fail; the next command finds what it left.
            }

            _disposed = true;
            _socket.Dispose();
        }
    }

    /// <summary>The qdisc goes with all its filters, so it stays for those that others have added.</summary>
    static void RemoveEmptyQdisc(NetlinkSocket socket, int interfaceIndex)
    {
        if (s_points.All(point => TcFilters.List(socket, interfaceIndex, point).Count == 0))
        {
            TcFilters.RemoveQdisc(socket, interfaceIndex);
        }
    }

    static void TryRemove(NetlinkSocket socket, TcFilter filter, string interfaceName)
    {
        try
        {
            TcFilters.Remove(socket, filter, interfaceName);
        }
        catch (NativeException failure) when (failure.Kind is FailureKind.PermissionDenied or FailureKind.NotFound or FailureKind.Gone)
        {
            // For whoever may, or another command was faster.
        }
    }

    TcFilter? Find() => TcFilters.List(_socket, _interfaceIndex, _point).Where(filter => filter.ProgramId == _programId).Select(filter => (TcFilter?)filter).FirstOrDefault();

    void OnExit(object? sender, EventArgs e) => Dispose();
}
