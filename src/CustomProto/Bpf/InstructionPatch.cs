using System.Runtime.InteropServices;

namespace CustomProto.Bpf;

/// <summary>
/// Writes numbers into a program's instructions before it is loaded. A value of the configuration would do for most things, but not for an
/// offset that is added to a packet pointer: from a register, that is for CAP_PERFMON (kernel/bpf/verifier.c).
/// </summary>
static class InstructionPatch
{
    const byte AddImmediate = 0x07; // BPF_ALU64 | BPF_ADD | BPF_K

    /// <summary>Replaces the operand of every addition of a number that stands for another.</summary>
    /// <param name="elf">The object file, which is changed.</param>
    /// <param name="name">The object, for messages.</param>
    /// <param name="placeholder">The number in the source.</param>
    /// <param name="value">What it stands for.</param>
    /// <exception cref="CustomProtoException">The object isn't one.</exception>
    /// <exception cref="InvalidOperationException">Nowhere is the number added.</exception>
    internal static void Replace(byte[] elf, string name, int placeholder, int value)
    {
        var found = false;
        foreach (var section in ElfFile.Parse(elf, name).Sections)
        {
            if (section.IsCode)
            {
                foreach (ref var instruction in MemoryMarshal.Cast<byte, Instruction>(elf.AsSpan((int)section.Offset, (int)section.Size)))
                {
                    if (instruction.Code == AddImmediate && instruction.Immediate == placeholder)
                    {
                        instruction.Immediate = value;
                        found = true;
                    }
                }
            }
        }

        if (!found)
        {
            throw new InvalidOperationException($"The BPF object '{name}' nowhere adds {placeholder:x8}.");
        }
    }

    /// <summary><c>struct bpf_insn</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    struct Instruction
    {
        internal byte Code;
        internal byte Registers;
        internal short Offset;
        internal int Immediate;
    }
}
