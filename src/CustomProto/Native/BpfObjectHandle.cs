using Microsoft.Win32.SafeHandles;

namespace CustomProto.Native;

/// <summary>An owned <c>struct bpf_object</c>: the object file as libbpf holds it before and while it is loaded.</summary>
sealed class BpfObjectHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    internal BpfObjectHandle(nint pointer)
        : base(ownsHandle: true) => SetHandle(pointer);

    protected override bool ReleaseHandle()
    {
        Libbpf.bpf_object__close(handle);
        return true;
    }
}
