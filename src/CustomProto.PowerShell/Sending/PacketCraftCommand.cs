using System.Globalization;
using System.Management.Automation;
using CustomProto.Send;

namespace CustomProto.PowerShell.Sending;

/// <summary>The parameters of packets that are wrong on purpose, or out of the ordinary.</summary>
public abstract class PacketCraftCommand : CustomProtoCommand
{
    /// <summary>The value of the magic field.</summary>
    [Parameter]
    public ulong? Magic { get; set; }

    /// <summary>The value of the version field.</summary>
    [Parameter]
    public ulong? Version { get; set; }

    /// <summary>The value of the length field.</summary>
    [Parameter]
    public ulong? Length { get; set; }

    /// <summary>How many bytes follow the data.</summary>
    [Parameter]
    [ValidateRange(0, ushort.MaxValue)]
    public int TrailingBytes { get; set; }

    /// <summary>The UDP checksum.</summary>
    [Parameter]
    public ChecksumKind Checksum { get; set; }

    /// <summary>How many bytes are cut off the frame.</summary>
    [Parameter]
    [ValidateRange(0, ushort.MaxValue)]
    public int Truncate { get; set; }

    /// <summary>Whether what is longer than the MTU goes in fragments.</summary>
    [Parameter]
    public SwitchParameter Fragment { get; set; }

    /// <summary>The most bytes of a datagram in a fragment.</summary>
    [Parameter]
    [ValidateRange(PacketCraft.MinFragmentSize, ushort.MaxValue)]
    public int? FragmentSize { get; set; }

    /// <summary>IPv4 options.</summary>
    [Parameter]
    [ValidateCount(1, PacketCraft.MaxIPOptionLength)]
    public byte[]? IPOption { get; set; }

    /// <summary>Whether every packet is changed.</summary>
    [Parameter]
    public SwitchParameter Fuzz { get; set; }

    /// <summary>What tells one series of changed packets from another.</summary>
    [Parameter]
    public long? Seed { get; set; }

    /// <summary>All of them.</summary>
    private protected PacketCraft Craft { get; private set; } = PacketCraft.None;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Seed is not null && !Fuzz)
        {
            ThrowTerminatingError(ErrorRecords.From(new CustomProtoException(
                FailureKind.InvalidArgument, "SeedWithoutFuzz", "-Seed says which series of changed packets is made, but none is without -Fuzz.", "Give -Fuzz too, or leave out -Seed.", Seed)));
        }

        Craft = new PacketCraft
        {
            Magic = Magic,
            Version = Version,
            Length = Length,
            TrailingBytes = TrailingBytes,
            Checksum = Checksum,
            Truncate = Truncate,
            Fragment = Fragment,
            FragmentSize = FragmentSize,
            IPOption = IPOption ?? [],
            FuzzSeed = Fuzz ? Seed ?? ChooseSeed() : null,
        };
    }

    /// <summary>A seed of chance is told, as nobody could make the same packets again otherwise.</summary>
    long ChooseSeed()
    {
        var seed = Random.Shared.Next();
        WriteWarning(string.Create(CultureInfo.InvariantCulture, $"Fuzzing with the seed {seed}: -Seed {seed} makes the same packets again."));
        return seed;
    }
}
