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

    ReaderSlot(ReceiverProgram program, BpfMap ring, int ringSize, int index, string name)
    {
        Index = index;
        Name = name;
        try
        {
            _shared = MemoryMapping.Map(program.Readers.Descriptor, (nuint)(Limit.MaxReaders * sizeof(Reader)), Libc.PROT_READ | Libc.PROT_WRITE, 0, "readers");
            _ring = new RingReader(ring, ringSize);
            Generation = Shared.Generation;
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
    internal string Name { get; }

    /// <summary>Tells the reader from others that had or will have its place.</summary>
    internal uint Generation { get; private set; }

    /// <summary>Makes the default reader's ring and gives it to the program.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal static ReaderSlot Create(ReceiverProgram program, int ringSize) => Create(program, ringSize, 0, Receiver.DefaultReader, isKept: true);

    /// <summary>Makes a reader's ring and gives it to the program.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal static ReaderSlot Create(ReceiverProgram program, int ringSize, int index, string name, bool isKept)
    {
        var slot = new ReaderSlot(program, BpfMap.CreateRing("cp_ring", ringSize), ringSize, index, name);
        try
        {
            ref var shared = ref slot.Shared;
            shared.Owner = 0;
            shared.OwnerStarted = 0;
            shared.RingSize = (uint)ringSize;
            shared.IsKept = isKept ? 1u : 0u;
            slot.Generation = ++shared.Generation;
            ReaderName.Write(ref shared, name);
            program.AddReader(index, slot._ring.Map);
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
    internal static ReaderSlot Adopt(ReceiverProgram program, BpfMap ring, int ringSize) => Adopt(program, ring, ringSize, 0, Receiver.DefaultReader);

    /// <inheritdoc cref="Adopt(ReceiverProgram, BpfMap, int)"/>
    internal static ReaderSlot Adopt(ReceiverProgram program, BpfMap ring, int ringSize, int index, string name) =>
        new(program, ring, ringSize, index, name);

    /// <summary>Pins the ring.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void Pin(string path) => _ring.Map.Pin(path);

    /// <summary>Whether somebody in this process reads.</summary>
    internal bool IsOpen => _owner is { IsClosed: false };

    /// <summary>Gives the ring to a reader. The caller holds the receiver's lock.</summary>
    /// <param name="protocol">The protocol that messages are read with.</param>
    /// <param name="interfaceName">The interface that messages are said to come from.</param>
    /// <param name="closing">Does what there is to do when the reader is closed, instead of <see cref="Release"/>.</param>
    /// <exception cref="CustomProtoException">Somebody has it, in this process or another.</exception>
    internal MessageReader Open(ProtocolDefinition protocol, string interfaceName, Action<ReaderSlot>? closing = null)
    {
        var holder = IsOpen ? Environment.ProcessId : ReaderOwner.Claim(ref Shared);
        if (holder != 0)
        {
            throw new CustomProtoException(
                FailureKind.Busy,
                "ReaderBusy",
                $"The reader '{Name}' of the program on '{interfaceName}' is in use by process {holder}{(holder == Environment.ProcessId ? ", which is this one" : "")}.",
                "End the Get-CustomMessage there first.",
                Name);
        }

        return _owner = new MessageReader(protocol, interfaceName, _ring, _shared, Index, () => (closing ?? (static slot => slot.Release()))(this));
    }

    /// <summary>Lets go of the ring for others.</summary>
    internal void Release() => ReaderOwner.Release(ref Shared);

    ref Reader Shared => ref ((Reader*)_shared.Address)[Index];

    /// <inheritdoc/>
    public void Dispose()
    {
        _owner?.End();
        _ring.Dispose();
        _shared.Dispose();
    }
}
