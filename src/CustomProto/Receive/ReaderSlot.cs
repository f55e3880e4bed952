using CustomProto.Abi;
using CustomProto.Bpf;
using CustomProto.Native;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>One of a program's readers, whether or not somebody reads: its ring, and the word it shares with the program.</summary>
sealed unsafe class ReaderSlot : IDisposable
{
    readonly RingReader _ring;
    readonly MemoryMapping _shared;
    MessageReader? _owner;

    ReaderSlot(ReceiverProgram program, BpfMap ring, int ringSize)
    {
        try
        {
            _shared = MemoryMapping.Map(program.Readers.Descriptor, (nuint)(Limit.MaxReaders * sizeof(Reader)), Libc.PROT_READ | Libc.PROT_WRITE, 0, "readers");
            _ring = new RingReader(ring, ringSize);
        }
        catch
        {
            _shared?.Dispose();
            ring.Dispose();
            throw;
        }
    }

    /// <summary>The reader's place in the program's maps.</summary>
    internal int Index { get; }

    /// <summary>The reader's name.</summary>
    internal string Name { get; } = Receiver.DefaultReader;

    /// <summary>Makes a ring and gives it to the program.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal static ReaderSlot Create(ReceiverProgram program, int ringSize)
    {
        var slot = new ReaderSlot(program, BpfMap.CreateRing("cp_ring", ringSize), ringSize);
        try
        {
            program.AddReader(slot.Index, slot._ring.Map);
            return slot;
        }
        catch
        {
            slot.Dispose();
            throw;
        }
    }

    /// <summary>Takes up a ring that the program has.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal static ReaderSlot Adopt(ReceiverProgram program, BpfMap ring, int ringSize) => new(program, ring, ringSize);

    /// <summary>Pins the ring.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void Pin(string path) => _ring.Map.Pin(path);

    /// <summary>Gives the ring to a reader. The caller holds the receiver's lock.</summary>
    /// <exception cref="CustomProtoException">Somebody has it, in this process or another.</exception>
    internal MessageReader Open(ProtocolDefinition protocol, string interfaceName)
    {
        var holder = _owner is { IsClosed: false } ? Environment.ProcessId : ReaderOwner.Claim(ref Shared);
        if (holder != 0)
        {
            throw new CustomProtoException(
                FailureKind.Busy,
                "ReaderBusy",
                $"The reader '{Name}' of the program on '{interfaceName}' is in use by process {holder}{(holder == Environment.ProcessId ? ", which is this one" : "")}.",
                "End the Get-CustomMessage there first.",
                Name);
        }

        return _owner = new MessageReader(protocol, interfaceName, _ring, _shared, Index);
    }

    ref Reader Shared => ref ((Reader*)_shared.Address)[Index];

    /// <inheritdoc/>
    public void Dispose()
    {
        _owner?.End();
        _ring.Dispose();
        _shared.Dispose();
    }
}
