using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.Receive;

/// <summary>What receive times of the card need: a program in the driver's own mode, bound to it, and a driver that has them.</summary>
static class HardwareTime
{
    /// <summary>Refuses what can't be, before anything is loaded.</summary>
    /// <returns>The options, with native mode in place of <see cref="AttachMode.Auto"/>: generic mode is no way out.</returns>
    /// <exception cref="CustomProtoException">The mode, the interface or its driver can't.</exception>
    internal static ReceiverOptions Require(ReceiverOptions options, NetworkLink link)
    {
        if (options.AttachPoint != AttachPoint.Xdp)
        {
            throw Unavailable(link, "only a program at XDP can ask a driver for them");
        }

        if (options.Mode is not (AttachMode.Auto or AttachMode.Native))
        {
            throw Unavailable(link, $"in {options.Mode.ToString().ToLowerInvariant()} mode the program can't ask the driver for them", "Use -Mode Native, or leave out -HardwareTimestamp.");
        }

        if (link.IsLoopback || XdpCapabilities.Read(link.Index) is { } features && !features.HasFlag(XdpFeatures.Native))
        {
            throw Unavailable(link, "it has no native mode, and in generic mode the program can't ask for them");
        }

        return XdpCapabilities.ReadMetadata(link.Index) is { } metadata && !metadata.HasFlag(XdpMetadata.Timestamp)
            ? throw Unavailable(link, "its driver has none for XDP programs")
            : options with { Mode = AttachMode.Native };
    }

    /// <summary>Loads the program that asks for them.</summary>
    /// <exception cref="CustomProtoException">The kernel can't, or refuses for another reason.</exception>
    internal static ReceiverProgram Load(ReceiverOptions options, NetworkLink link)
    {
        try
        {
            return ReceiverProgram.Load(options, link.Index);
        }
        catch (NativeException failure) when (failure.Errno is Errno.EINVAL or Errno.EOPNOTSUPP or Errno.ESRCH)
        {
            throw new CustomProtoException(
                FailureKind.Unsupported,
                "HardwareTimestampUnsupported",
                $"Cannot take hardware times on '{link.Name}': this kernel doesn't bind the program to the driver ({failure.ErrnoName}).",
                "Use a newer kernel (6.18 does), or leave out -HardwareTimestamp: times then come from the kernel's clock.",
                link.Name,
                failure);
        }
    }

    /// <summary>What a user of an interface without a card should know.</summary>
    internal static void AddNotice(NetworkLink link, List<string> notices)
    {
        if (link.Kind == "veth")
        {
            notices.Add($"'{link.Name}' is no card and stamps nothing: only packets that were stamped on their way have a hardware time, the others the kernel's.");
        }
    }

    static CustomProtoException Unavailable(NetworkLink link, string why, string? remedy = null) => new(
        FailureKind.Unsupported,
        "HardwareTimestampUnsupported",
        $"Cannot take hardware times on '{link.Name}': {why}.",
        remedy ?? "Leave out -HardwareTimestamp: times then come from the kernel's clock.",
        link.Name);
}
