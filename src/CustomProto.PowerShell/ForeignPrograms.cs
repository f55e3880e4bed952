using CustomProto.Programs;

namespace CustomProto.PowerShell;

/// <summary>What is said about programs that this process didn't register.</summary>
static class ForeignPrograms
{
    /// <summary>The failure of an attempt to treat a foreign program as one's own.</summary>
    internal static CustomProtoException Refusal(XdpProgram program) => new(
        FailureKind.Busy,
        "ForeignProgram",
        $"The XDP {program} wasn't registered by this PowerShell process, so it is left alone{Holder(program)}.",
        Remedy(program),
        program);

    static string Holder(XdpProgram program) => program.LinkId is { } link ? $"; BPF link {link} holds it" : "";

    static string Remedy(XdpProgram program) => $"Unregister-XdpProgram -Interface {program.Interface} -Force detaches it.";
}
