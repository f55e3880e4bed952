using CustomProto.Native;

namespace CustomProto.Bpf;

/// <summary>A loaded map with keys of four bytes: an array of one kind or another.</summary>
sealed unsafe class BpfMap(string name, FileDescriptor descriptor) : IDisposable
{
    static readonly Lazy<int> s_possibleCpus = new(() => Libbpf.libbpf_num_possible_cpus() is > 0 and var count
        ? count
        : throw new InvalidOperationException("libbpf can't tell how many CPUs are possible."));

    /// <summary>How many CPUs the machine may have, which is how many values a per-CPU map has for a key.</summary>
    internal static int PossibleCpus => s_possibleCpus.Value;

    /// <summary>The map's name in its object.</summary>
    internal string Name => name;

    /// <summary>The map.</summary>
    internal FileDescriptor Descriptor => descriptor;

    /// <summary>Makes a ring buffer.</summary>
    /// <param name="name">At most 15 characters.</param>
    /// <param name="size">Bytes: a power of two and a multiple of the page size.</param>
    /// <exception cref="NativeException">The size is wrong, memory or a capability is missing.</exception>
    internal static BpfMap CreateRing(string name, int size)
    {
        const uint RingBuffer = 27;
        var result = Libbpf.bpf_map_create(RingBuffer, name, 0, 0, (uint)size, null);
        return result < 0
            ? throw Failures.Create(Operation.CreateMap, result, name)
            : new BpfMap(name, new FileDescriptor(result));
    }

    /// <summary>Makes an array with one value.</summary>
    /// <param name="name">At most 15 characters.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="NativeException">A capability is missing.</exception>
    internal static BpfMap CreateValue(string name, ReadOnlySpan<byte> value)
    {
        const uint Array = 2;
        var result = Libbpf.bpf_map_create(Array, name, sizeof(uint), (uint)value.Length, 1, null);
        if (result < 0)
        {
            throw Failures.Create(Operation.CreateMap, result, name);
        }

        var map = new BpfMap(name, new FileDescriptor(result));
        var key = 0u;
        fixed (byte* bytes = value)
        {
            result = Libbpf.bpf_map_update_elem(map.Descriptor, &key, bytes, 0);
        }

        if (result < 0)
        {
            map.Dispose();
            throw Failures.Create(Operation.WriteMap, result, name);
        }

        return map;
    }

    /// <summary>Opens a pinned map.</summary>
    /// <exception cref="NativeException">There is none.</exception>
    internal static BpfMap Open(string path) => new(Path.GetFileName(path), BpfFileSystem.Open(path));

    /// <summary>Pins the map.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void Pin(string path) => BpfFileSystem.Pin(descriptor, path);

    /// <summary>Reads the value of a map that has one.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal byte[] ReadValue()
    {
        var value = new byte[KernelObjects.ReadMapValueSize(descriptor, name)];
        var key = 0u;
        fixed (byte* bytes = value)
        {
            var result = Libbpf.bpf_map_lookup_elem(descriptor, &key, bytes);
            return result < 0 ? throw Failures.Create(Operation.ReadMap, result, name) : value;
        }
    }

    /// <summary>Reads a value of an array.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal T Lookup<T>(uint key)
        where T : unmanaged
    {
        T value;
        var result = Libbpf.bpf_map_lookup_elem(descriptor, &key, &value);
        return result < 0 ? throw Failures.Create(Operation.ReadMap, result, name) : value;
    }

    /// <summary>Writes a value.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void Update<T>(uint key, T value)
        where T : unmanaged
    {
        var result = Libbpf.bpf_map_update_elem(descriptor, &key, &value, 0);
        if (result < 0)
        {
            throw Failures.Create(Operation.WriteMap, result, name);
        }
    }

    /// <summary>Puts a map into this array of maps, and waits until no program uses the one that was there.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void Update(uint key, BpfMap inner)
    {
        var held = false;
        try
        {
            inner.Descriptor.DangerousAddRef(ref held);
            Update(key, inner.Descriptor.DangerousGetHandle().ToInt32());
        }
        finally
        {
            if (held)
            {
                inner.Descriptor.DangerousRelease();
            }
        }
    }

    /// <summary>Takes an entry out; one that isn't there is no failure. From an array of maps: when this returns, no program uses the map any more.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void Remove(uint key)
    {
        var result = Libbpf.bpf_map_delete_elem(descriptor, &key);
        if (result < 0 && result != -Errno.ENOENT)
        {
            throw Failures.Create(Operation.WriteMap, result, name);
        }
    }

    /// <summary>
    /// Reads all entries of a hash table, each once, many at a time (Linux 5.6). What is put in or taken out meanwhile may be among them or not.
    /// </summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal List<(TKey Key, TValue Value)> ReadEntries<TKey, TValue>()
        where TKey : unmanaged
        where TValue : unmanaged
    {
        const int AtOnce = 4096;
        var entries = new List<(TKey, TValue)>();
        var keys = new TKey[AtOnce];
        var values = new TValue[AtOnce];

        // The kernel's place in the table: at most as long as a key.
        var place = default(TKey);
        for (var isFirst = true; ; isFirst = false)
        {
            var count = (uint)keys.Length;
            int result;
            fixed (TKey* firstKey = keys)
            {
                fixed (TValue* firstValue = values)
                {
                    result = Libbpf.bpf_map_lookup_batch(descriptor, isFirst ? null : &place, &place, firstKey, firstValue, &count, null);
                }
            }

            if (result == -Errno.ENOSPC)
            {
                // One slot of the table alone has more entries than that.
                Array.Resize(ref keys, keys.Length * 2);
                Array.Resize(ref values, values.Length * 2);
                continue;
            }

            if (result < 0 && result != -Errno.ENOENT)
            {
                throw Failures.Create(Operation.ReadMap, result, name);
            }

            for (var i = 0; i < count; i++)
            {
                entries.Add((keys[i], values[i]));
            }

            if (result < 0)
            {
                return entries;
            }
        }
    }

    /// <summary>Reads the values of all CPUs from a per-CPU map. The size of <typeparamref name="T"/> is a multiple of 8.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal T[] LookupPerCpu<T>(uint key)
        where T : unmanaged
    {
        var values = new T[PossibleCpus];
        fixed (T* first = values)
        {
            var result = Libbpf.bpf_map_lookup_elem(descriptor, &key, first);
            if (result < 0)
            {
                throw Failures.Create(Operation.ReadMap, result, name);
            }
        }

        return values;
    }

    /// <summary>Sets the values of all CPUs of a per-CPU map to zero.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal void ClearPerCpu<T>(uint key)
        where T : unmanaged
    {
        var values = new T[PossibleCpus];
        fixed (T* first = values)
        {
            var result = Libbpf.bpf_map_update_elem(descriptor, &key, first, 0);
            if (result < 0)
            {
                throw Failures.Create(Operation.WriteMap, result, name);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => descriptor.Dispose();
}
