using CustomProto.Abi;
using CustomProto.Bpf;
using CustomProto.Protocol;

namespace CustomProto.Receive;

/// <summary>
/// What a <see cref="ReceivedRecords"/> and its records share, whatever copies there are of them: the ring, and the record that is lent out.
/// It is kept for all borrows of a reader, so none costs an object.
/// </summary>
sealed unsafe class RecordBorrow(MessageReader reader, RingReader ring, RecordDecoder decoder)
{
    byte* _record;
    int _length;
    ulong _borrows;

    /// <summary>The record that is lent out, by number; what was lent out before has another.</summary>
    internal ulong Records { get; private set; }

    /// <summary>Whether a borrow is open, and the ring is its alone.</summary>
    internal bool IsOpen { get; private set; }

    /// <summary>What makes messages of the records.</summary>
    internal RecordDecoder Decoder => decoder;

    /// <summary>Opens a borrow.</summary>
    /// <returns>Its number.</returns>
    internal ulong Begin()
    {
        ring.Begin();
        IsOpen = true;
        return ++_borrows;
    }

    /// <summary>Goes on to the next record, in the borrow with a number.</summary>
    internal bool MoveNext(ulong number)
    {
        ObjectDisposedException.ThrowIf(!IsOpen || number != _borrows, typeof(ReceivedRecords));
        GiveBack();
        reader.RequireOpen();
        ReadOnlySpan<byte> record;
        do
        {
            if (!ring.TryRead(out record))
            {
                reader.ThrowIfOver();
                return false;
            }
        }
        while (PassesOver(record));

        decoder.Check(record);
        _length = record.Length;
        fixed (byte* first = record)
        {
            // It isn't the collector's, so it stays where it is.
            _record = first;
        }

        return true;
    }

    /// <summary>Packets that are no messages aren't lent out.</summary>
    bool PassesOver(ReadOnlySpan<byte> record)
    {
        var isRejected = decoder.IsRejected(record);
        if (isRejected)
        {
            ring.Advance();
        }

        return isRejected;
    }

    /// <summary>Ends the borrow with a number; nothing happens if it has ended.</summary>
    internal void End(ulong number)
    {
        if (IsOpen && number == _borrows)
        {
            GiveBack();
            IsOpen = false;
            ring.End();
            reader.EndBorrow();
        }
    }

    /// <summary>The record with a number, as long as it is the one that is lent out.</summary>
    /// <exception cref="InvalidOperationException">It was given back.</exception>
    internal ref readonly Event Header(ulong record) => ref record == Records && _record is not null ? ref *(Event*)_record : ref ThrowGivenBack();

    /// <inheritdoc cref="Header"/>
    internal ReadOnlySpan<byte> Payload(ulong record) => new((byte*)ReadablePayload(record), _length - sizeof(Event));

    /// <inheritdoc cref="Header"/>
    internal CustomMessage Decode(ulong record)
    {
        _ = Header(record);
        return decoder.Decode(new ReadOnlySpan<byte>(_record, _length));
    }

    byte* ReadablePayload(ulong record)
    {
        _ = Header(record);
        return _record + sizeof(Event);
    }

    void GiveBack()
    {
        if (_record is not null)
        {
            _record = null;
            Records++;
            ring.Advance();
        }
    }

    static ref readonly Event ThrowGivenBack() =>
        throw new InvalidOperationException("There is no record here: it was given back, or none was asked for yet. What is to be kept has to be copied (ToMessage).");
}
