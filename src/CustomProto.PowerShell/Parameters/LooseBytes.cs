using System.Diagnostics.CodeAnalysis;

namespace CustomProto.PowerShell.Parameters;

/// <summary>Bytes that come through the pipeline one by one, as Get-Content -AsByteStream gives them, and belong together.</summary>
sealed class LooseBytes
{
    readonly List<byte> _bytes = [];

    /// <summary>Takes a byte that the pipeline took out of an array; nothing of use has only one.</summary>
    /// <param name="bytes">What the pipeline brought.</param>
    /// <param name="isPiped">Whether it did, and it wasn't a parameter.</param>
    internal bool TryTake(byte[]? bytes, bool isPiped)
    {
        if (!isPiped || bytes is not [var single])
        {
            return false;
        }

        _bytes.Add(single);
        return true;
    }

    /// <summary>What was taken since the last time, if anything was.</summary>
    internal bool TryFinish([NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = _bytes.Count > 0 ? [.. _bytes] : null;
        _bytes.Clear();
        return bytes is not null;
    }
}
