namespace CustomProto.Native;

/// <summary>A descriptor's number, for structures that hold numbers; it stays open until this ends.</summary>
readonly ref struct BorrowedDescriptor
{
    readonly FileDescriptor _owner;
    readonly bool _held;

    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    internal BorrowedDescriptor(FileDescriptor owner)
    {
        _owner = owner;
        owner.DangerousAddRef(ref _held);
    }

    /// <summary>The number.</summary>
    internal int Value => _owner.DangerousGetHandle().ToInt32();

    /// <summary>Lets it be closed again.</summary>
    public void Dispose()
    {
        if (_held)
        {
            _owner.DangerousRelease();
        }
    }
}
