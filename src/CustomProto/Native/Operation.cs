namespace CustomProto.Native;

/// <summary>
/// What a native call was for, as a row key of <see cref="Failures"/> and as the first words of its message.
/// The text of each is in <see cref="Failures"/>, beside the hints.
/// </summary>
enum Operation
{
    OpenObject,
    LoadProgram,
    AttachXdp,
    DetachXdp,
    AttachTc,
    DetachTc,
    CreateMap,
    ReadMap,
    WriteMap,
    MapMemory,
    TestRun,
    OpenKernelObject,
    OpenTrace,
    Pin,
    OpenPin,
    OpenSocket,
    BindSocket,
    ConfigureSocket,
    Send,
    Wait,
    PinThread,
    QueryNetwork,
    ResolveNeighbour,
}
