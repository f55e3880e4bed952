namespace CustomProto.Programs;

/// <summary>A program on an interface, at XDP or at tc, by the kernel's number of it.</summary>
public interface IKernelProgram
{
    /// <summary>The kernel's id of the program.</summary>
    uint Id { get; }
}
