namespace CustomProto.Net;

/// <summary>A filter of the clsact qdisc that runs a BPF program: how tc programs were attached before there were links for it.</summary>
/// <param name="InterfaceIndex">The interface.</param>
/// <param name="Point">Where it is attached.</param>
/// <param name="ProgramId">The kernel's id of the program.</param>
/// <param name="Name">The name it was given when it was attached, such as its object file and section.</param>
/// <param name="Tag">The hash of its instructions.</param>
/// <param name="Handle">The filter's handle.</param>
/// <param name="Info">Priority and EtherType, as the kernel has them (<c>tcm_info</c>).</param>
/// <param name="Chain">The chain it is in.</param>
readonly record struct TcFilter(int InterfaceIndex, AttachPoint Point, uint ProgramId, string? Name, string? Tag, uint Handle, uint Info, uint Chain);
