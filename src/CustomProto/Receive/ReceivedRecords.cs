using System.Diagnostics.CodeAnalysis;

namespace CustomProto.Receive;

/// <summary>
/// What is in a reader's ring, one record after the other, without a copy and without an object: for <c>foreach</c>. It ends when the ring is
/// empty. A record goes back to the kernel when the next one is asked for, and when this ends (<see cref="Dispose"/>, which
/// <c>foreach</c> calls); what comes next then is the record after it, whatever happened in the loop.
/// </summary>
/// <remarks>
/// Only one can be open for a reader. Neither it nor its records can leave the method that opened it. A copy of it reads from the same place
/// and ends with it.
/// </remarks>
public readonly ref struct ReceivedRecords
{
    readonly RecordBorrow _borrow;
    readonly ulong _number;

    internal ReceivedRecords(RecordBorrow borrow)
    {
        _borrow = borrow;
        _number = borrow.Begin();
    }

    /// <summary>The record, until the next one is asked for.</summary>
    /// <exception cref="InvalidOperationException"><see cref="MoveNext"/> wasn't called, or was the last time in vain.</exception>
    public ReceivedRecord Current
    {
        [UnscopedRef]
        get => new(_borrow);
    }

    /// <summary>For <c>foreach</c>.</summary>
    public ReceivedRecords GetEnumerator() => this;

    /// <summary>Gives the record back that was looked at, and goes on to the next.</summary>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="CustomProtoException">The receiver was closed (<see cref="FailureKind.Gone"/>), or the ring is damaged.</exception>
    /// <exception cref="ObjectDisposedException">This has ended.</exception>
    public bool MoveNext() => _borrow.MoveNext(_number);

    /// <summary>Gives the last record back, and lets others read.</summary>
    public void Dispose() => _borrow?.End(_number);
}
