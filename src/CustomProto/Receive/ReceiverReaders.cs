using CustomProto.Abi;
using CustomProto.Native;

namespace CustomProto.Receive;

/// <summary>
/// The readers of a program: names, rings, filters and owners. What there is stands in the program's maps, as another process may add a
/// reader to a persistent program, or take one away, at any time. Changes are made one after the other, under the receiver's lock and, between
/// processes, the one of the pins. What a process left that died is put in order by the next change.
/// </summary>
sealed unsafe class ReceiverReaders : IDisposable
{
    readonly Lock _lock;
    readonly ReceiverAbout _about;
    readonly ReceiverProgram _program;
    readonly uint _programId;
    readonly MemoryMapping _shared;
    readonly ReaderSlot?[] _slots = new ReaderSlot?[Limit.MaxReaders];
    bool _disposed;

    /// <summary>Looks after the readers of a program.</summary>
    /// <param name="receiverLock">Held by the callers of all methods.</param>
    /// <param name="about">The receiver.</param>
    /// <param name="program">The program.</param>
    /// <param name="first">The default reader.</param>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal ReceiverReaders(Lock receiverLock, ReceiverAbout about, ReceiverProgram program, ReaderSlot first)
    {
        _lock = receiverLock;
        _about = about;
        _program = program;
        _programId = program.Program.Info.Id;
        _shared = MemoryMapping.Map(program.Readers.Descriptor, (nuint)(Limit.MaxReaders * sizeof(Reader)), Libc.PROT_READ | Libc.PROT_WRITE, 0, "readers");
        _slots[first.Index] = first;
    }

    /// <summary>Whether this process has a reader open.</summary>
    internal bool AreOpen => _slots.Any(slot => slot is { IsOpen: true });

    /// <summary>The readers there are, in the order of their places.</summary>
    internal IReadOnlyList<(int Index, string Name)> List()
    {
        using var alone = Begin();
        return [.. Active().Select(index => (index, NameAt(index)))];
    }

    /// <summary>Adds a reader that stays until it is removed.</summary>
    /// <exception cref="CustomProtoException">There is one with the name, or there are as many as there can be.</exception>
    internal void Add(string name)
    {
        ReaderName.Check(name);
        using var alone = Begin();
        if (Find(name) >= 0)
        {
            throw new CustomProtoException(
                FailureKind.Exists, "ReaderExists", $"The program on '{_about.Interface}' has a reader '{name}' already.", $"Give another name, or read from it: Get-CustomMessage -Reader {name}", name);
        }

        Create(name, isKept: true, _about.RingSize);
    }

    /// <summary>Removes a reader that nobody reads from, with what is in its ring.</summary>
    /// <exception cref="CustomProtoException">There is none with the name, it is the default one, or somebody reads.</exception>
    internal void Remove(string name)
    {
        using var alone = Begin();
        var index = Require(name);
        if (index == 0)
        {
            throw new CustomProtoException(FailureKind.InvalidArgument, "DefaultReader", $"The reader '{name}' can't be removed.", "Unregister the program instead.", name);
        }

        SlotAt(index).Open(_about.Protocol, _about.Interface, slot => Forget(slot.Index)).Dispose();
    }

    /// <summary>
    /// Opens a reader, and has the program use a filter for it while it is open. One that isn't there is added, and goes when it is closed.
    /// </summary>
    /// <exception cref="CustomProtoException">Somebody has it, the filter can't be, or there are as many readers as there can be.</exception>
    internal MessageReader Open(string name, ReaderFilter? filter, int ringSize)
    {
        ReaderName.Check(name);
        Filter? wanted = filter is null ? null : FilterEncoder.Encode(filter, _about.Protocol);
        using var alone = Begin(except: name);
        var slot = Find(name) is >= 0 and var index ? SlotAt(index) : Create(name, isKept: false, ringSize);
        var reader = slot.Open(_about.Protocol, _about.Interface, Close);
        try
        {
            _program.SetFilter(slot.Index, wanted ?? _program.ReadKeptFilter(slot.Index));
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Changes the filter of a reader, also while somebody reads.</summary>
    /// <exception cref="CustomProtoException">There is no such reader, or the filter can't be.</exception>
    internal void SetFilter(string name, ReaderFilter filter)
    {
        var encoded = FilterEncoder.Encode(filter, _about.Protocol);
        using var alone = Begin();
        var index = Require(name);
        _program.KeepFilter(index, encoded);
        _program.SetFilter(index, encoded);
    }

    /// <summary>
    /// Ends the readers of this process. Of a program that stays, what they changed is put back.
    /// </summary>
    public void Dispose()
    {
        _disposed = true;
        using (var alone = ReceiverPins.Lock(_programId))
        {
            foreach (var slot in _slots.OfType<ReaderSlot>().Where(slot => slot.IsOpen && alone is not null))
            {
                PutBack(slot);
            }
        }

        foreach (var slot in _slots)
        {
            slot?.Dispose();
        }

        _shared.Dispose();
    }

    /// <summary>Keeps other processes from making changes, and puts in order what dead ones left.</summary>
    /// <param name="except">The reader that is to be taken over, with what is in its ring.</param>
    FileDescriptor? Begin(string? except = null)
    {
        var alone = ReceiverPins.Lock(_programId);
        try
        {
            foreach (var index in Active().Where(index => ReaderOwner.IsAbandoned(ref At(index)) && NameAt(index) != except).ToArray())
            {
                if (At(index).IsKept == 0)
                {
                    Forget(index);
                    continue;
                }

                _program.SetFilter(index, _program.ReadKeptFilter(index));
                ReaderOwner.Clear(ref At(index));
            }

            return alone;
        }
        catch
        {
            alone?.Dispose();
            throw;
        }
    }

    /// <summary>A reader was closed. If the receiver was before, it has seen to it.</summary>
    void Close(ReaderSlot slot)
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                using var alone = ReceiverPins.Lock(_programId);
                PutBack(slot);
            }
        }
    }

    void PutBack(ReaderSlot slot)
    {
        if (At(slot.Index).IsKept == 0)
        {
            Forget(slot.Index);
            return;
        }

        try
        {
            _program.SetFilter(slot.Index, _program.ReadKeptFilter(slot.Index));
        }
        finally
        {
            slot.Release();
        }
    }

    ReaderSlot Create(string name, bool isKept, int ringSize)
    {
        var used = Active().ToArray();
        var index = Enumerable.Range(0, Limit.MaxReaders).Except(used).DefaultIfEmpty(-1).First();
        if (index < 0)
        {
            throw new CustomProtoException(
                FailureKind.LimitExceeded,
                "TooManyReaders",
                $"The program on '{_about.Interface}' has {used.Length} readers, as many as it can have: {string.Join(", ", used.Select(NameAt))}.",
                "End one of them, or read from it.",
                name);
        }

        var slot = ReaderSlot.Create(_program, ringSize, index, name, isKept);
        try
        {
            if (ReceiverPins.Exist(_programId))
            {
                var pin = ReceiverPins.RingPath(_programId, index);
                File.Delete(pin);
                slot.Pin(pin);
            }
        }
        catch
        {
            slot.Dispose();
            _program.RemoveReader(index);
            throw;
        }

        _slots[index]?.Dispose();
        return _slots[index] = slot;
    }

    /// <summary>Takes a reader out of the program, and lets go of its ring.</summary>
    void Forget(int index)
    {
        _program.RemoveReader(index);
        if (ReceiverPins.Exist(_programId))
        {
            File.Delete(ReceiverPins.RingPath(_programId, index));
        }

        ReaderOwner.Clear(ref At(index));
        _slots[index]?.Dispose();
        _slots[index] = null;
    }

    /// <summary>The ring at a place; one that another process added is taken up from its pin.</summary>
    ReaderSlot SlotAt(int index)
    {
        ref var reader = ref At(index);
        if (_slots[index] is { } known)
        {
            if (known.Generation == reader.Generation)
            {
                return known;
            }

            known.Dispose();
            _slots[index] = null;
        }

        var ring = Bpf.BpfMap.Open(ReceiverPins.RingPath(_programId, index));
        return _slots[index] = ReaderSlot.Adopt(_program, ring, (int)reader.RingSize, index, NameAt(index));
    }

    int Require(string name) => Find(name) is >= 0 and var index
        ? index
        : throw new CustomProtoException(
            FailureKind.NotFound,
            "NoSuchReader",
            $"The program on '{_about.Interface}' has no reader '{name}'; it has {string.Join(", ", Active().Select(active => $"'{NameAt(active)}'"))}.",
            "Get-XdpStatistics lists the readers; Register-XdpProgram -Reader and Get-CustomMessage -Reader add one.",
            name);

    int Find(string name) => Active().Where(index => NameAt(index) == name).DefaultIfEmpty(-1).First();

    IEnumerable<int> Active()
    {
        var active = _program.ReadSettings().Readers;
        return Enumerable.Range(0, Limit.MaxReaders).Where(index => (active >> index & 1) != 0);
    }

    string NameAt(int index) => ReaderName.Read(ref At(index));

    ref Reader At(int index) => ref ((Reader*)_shared.Address)[index];
}
