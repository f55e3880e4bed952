using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using CustomProto.Native;

namespace CustomProto.Bpf;

/// <summary>What the kernel tells of a program.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Type">What kind of program it is (<c>enum bpf_prog_type</c>).</param>
/// <param name="Name">Its name, at most 15 characters.</param>
/// <param name="Tag">A hash of its instructions.</param>
/// <param name="LoadTime">When it was loaded, in nanoseconds of CLOCK_BOOTTIME.</param>
readonly record struct ProgramInfo(uint Id, uint Type, string Name, string Tag, long LoadTime)
{
    /// <summary>Nanoseconds it ran while statistics were switched on.</summary>
    internal long RunTime { get; init; }

    /// <summary>How often it ran while statistics were switched on.</summary>
    internal long RunCount { get; init; }

    /// <summary>How many instructions it has after the verifier rewrote it.</summary>
    internal int Instructions { get; init; }

    /// <summary>Bytes of machine code; 0 where there is no JIT compiler, or without CAP_SYS_ADMIN.</summary>
    internal int MachineCodeLength { get; init; }

    /// <summary>How many instructions the verifier followed; 0 before Linux 5.16.</summary>
    internal int VerifiedInstructions { get; init; }

    /// <summary>What the verifier's acceptance tells, for a program that took so long to load.</summary>
    internal VerificationReport ToReport(string name, TimeSpan loadTime) => new()
    {
        Name = name,
        Tag = Tag,
        Instructions = Instructions,
        VerifiedInstructions = VerifiedInstructions,
        MachineCodeLength = MachineCodeLength,
        LoadTime = loadTime,
    };
}

/// <summary>What the kernel tells of an XDP link.</summary>
sealed record XdpLinkInfo(uint Id, uint ProgramId, int InterfaceIndex);

/// <summary>What the kernel tells of a link at tc.</summary>
sealed record TcxLinkInfo(uint Id, uint ProgramId, int InterfaceIndex, uint AttachType);

/// <summary>Programs and links by their ids (bpf(2)); needs CAP_SYS_ADMIN, unless the caller holds a descriptor.</summary>
static unsafe class KernelObjects
{
    const uint LinkTypeXdp = 6;
    const uint LinkTypeTcx = 11;

    /// <summary>Reads a program's info.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal static ProgramInfo ReadProgram(FileDescriptor program, string target)
    {
        var info = default(ProgramInfoBuffer);
        var length = (uint)sizeof(ProgramInfoBuffer);
        var result = Libbpf.bpf_obj_get_info_by_fd(program, &info, &length);
        if (result < 0)
        {
            throw Failures.Create(Operation.OpenKernelObject, result, $"the program '{target}'");
        }

        var name = new ReadOnlySpan<byte>(info.Name, 16);
        var end = name.IndexOf((byte)0);
        return new ProgramInfo(
            info.Id,
            info.Type,
            Encoding.UTF8.GetString(end < 0 ? name : name[..end]),
            Convert.ToHexStringLower(new ReadOnlySpan<byte>(info.Tag, 8)),
            (long)info.LoadTime)
        {
            Instructions = (int)info.TranslatedLength / sizeof(ulong),
            MachineCodeLength = (int)info.JitedLength,
            VerifiedInstructions = (int)info.VerifiedInstructions,
            RunTime = (long)info.RunTime,
            RunCount = (long)info.RunCount,
        };
    }

    /// <summary>Reads the info of the program with an id.</summary>
    /// <exception cref="NativeException">There is none any more, or CAP_SYS_ADMIN is missing.</exception>
    internal static ProgramInfo ReadProgram(uint id)
    {
        using var program = OpenProgram(id);
        return ReadProgram(program, id.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Opens the program with an id.</summary>
    /// <exception cref="NativeException">There is none any more, or CAP_SYS_ADMIN is missing.</exception>
    internal static FileDescriptor OpenProgram(uint id)
    {
        var result = Libbpf.bpf_prog_get_fd_by_id(id);
        return result < 0
            ? throw Failures.Create(Operation.OpenKernelObject, result, $"the program with id {id}")
            : new FileDescriptor(result);
    }

    /// <summary>The ids of the maps that a program uses.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal static uint[] ReadMapIds(FileDescriptor program, string target)
    {
        const int MaxMaps = 64;
        var ids = new uint[MaxMaps];
        fixed (uint* first = ids)
        {
            var info = new ProgramInfoBuffer { MapCount = MaxMaps, MapIds = (ulong)first };
            var length = (uint)sizeof(ProgramInfoBuffer);
            var result = Libbpf.bpf_obj_get_info_by_fd(program, &info, &length);
            return result < 0
                ? throw Failures.Create(Operation.OpenKernelObject, result, $"the program '{target}'")
                : ids[..(int)Math.Min(info.MapCount, MaxMaps)];
        }
    }

    /// <summary>The ids of all programs of the system.</summary>
    /// <exception cref="NativeException">CAP_SYS_ADMIN is missing.</exception>
    internal static IReadOnlyList<uint> ReadProgramIds()
    {
        var ids = new List<uint>();
        uint id = 0;
        int result;
        while ((result = Libbpf.bpf_prog_get_next_id(id, &id)) == 0)
        {
            ids.Add(id);
        }

        return result == -Errno.ENOENT ? ids : throw Failures.Create(Operation.OpenKernelObject, result, "the BPF programs");
    }

    /// <summary>Switches run-time statistics on for all programs, until the descriptor is closed (BPF_ENABLE_STATS).</summary>
    /// <exception cref="NativeException">CAP_SYS_ADMIN is missing.</exception>
    internal static FileDescriptor EnableStatistics()
    {
        const int RunTime = 0;
        var result = Libbpf.bpf_enable_stats(RunTime);
        return result < 0 ? throw Failures.Create(Operation.OpenKernelObject, result, "run-time statistics") : new FileDescriptor(result);
    }

    /// <summary>The size in bytes of a map's values.</summary>
    /// <exception cref="NativeException">The kernel refuses.</exception>
    internal static int ReadMapValueSize(FileDescriptor map, string target)
    {
        var info = default(MapInfoBuffer);
        var length = (uint)sizeof(MapInfoBuffer);
        var result = Libbpf.bpf_obj_get_info_by_fd(map, &info, &length);
        return result < 0 ? throw Failures.Create(Operation.OpenKernelObject, result, $"the map '{target}'") : (int)info.ValueSize;
    }

    /// <summary>The links at tc of the whole system.</summary>
    /// <exception cref="NativeException">CAP_SYS_ADMIN is missing.</exception>
    internal static IReadOnlyList<TcxLinkInfo> ReadTcxLinks()
    {
        var links = new List<TcxLinkInfo>();
        VisitLinks(link =>
        {
            if (ReadTcxLink(link) is { } info)
            {
                links.Add(info);
            }

            return false;
        });
        return links;
    }

    /// <summary>What the kernel tells of a link, if it is one at tc.</summary>
    internal static TcxLinkInfo? ReadTcxLink(FileDescriptor link) => ReadLink(link, LinkTypeTcx) is { } info
        ? new TcxLinkInfo(info.Id, info.ProgramId, (int)info.InterfaceIndex, info.AttachType)
        : null;

    /// <summary>Opens the link with an id.</summary>
    /// <exception cref="NativeException">There is none any more, or CAP_SYS_ADMIN is missing.</exception>
    internal static FileDescriptor OpenLink(uint id)
    {
        var result = Libbpf.bpf_link_get_fd_by_id(id);
        return result < 0 ? throw Failures.Create(Operation.OpenKernelObject, result, $"the BPF link with id {id}") : new FileDescriptor(result);
    }

    /// <summary>The XDP links of the whole system.</summary>
    /// <exception cref="NativeException">CAP_SYS_ADMIN is missing.</exception>
    internal static IReadOnlyList<XdpLinkInfo> ReadXdpLinks()
    {
        var links = new List<XdpLinkInfo>();
        VisitXdpLinks(info =>
        {
            links.Add(info);
            return false;
        });
        return links;
    }

    /// <summary>What the kernel tells of a link, if it is one of XDP.</summary>
    internal static XdpLinkInfo? ReadXdpLink(FileDescriptor link) => ReadLink(link, LinkTypeXdp) is { } info
        ? new XdpLinkInfo(info.Id, info.ProgramId, (int)info.InterfaceIndex)
        : null;

    /// <summary>Whether a link of XDP or tcx, which tell it in the same place, holds its program on an interface.</summary>
    internal static bool IsAttached(FileDescriptor link)
    {
        var info = default(LinkInfoBuffer);
        var length = (uint)sizeof(LinkInfoBuffer);
        return Libbpf.bpf_obj_get_info_by_fd(link, &info, &length) == 0 && info.InterfaceIndex != 0;
    }

    /// <summary>Opens the link that holds a program on an interface, or nothing where no link does.</summary>
    /// <exception cref="NativeException">CAP_SYS_ADMIN is missing.</exception>
    internal static FileDescriptor? OpenXdpLink(uint programId, int interfaceIndex) =>
        VisitXdpLinks(info => info.ProgramId == programId && info.InterfaceIndex == interfaceIndex);

    /// <summary>Looks at every XDP link until the visitor wants one; that one is returned open.</summary>
    static FileDescriptor? VisitXdpLinks(Func<XdpLinkInfo, bool> wants) => VisitLinks(link => ReadXdpLink(link) is { } info && wants(info));

    static LinkInfoBuffer? ReadLink(FileDescriptor link, uint type)
    {
        var info = default(LinkInfoBuffer);
        var length = (uint)sizeof(LinkInfoBuffer);
        return Libbpf.bpf_obj_get_info_by_fd(link, &info, &length) == 0 && info.Type == type ? info : null;
    }

    /// <summary>Looks at every link until the visitor wants one; that one is returned open.</summary>
    static FileDescriptor? VisitLinks(Func<FileDescriptor, bool> wants)
    {
        uint id = 0;
        int result;
        while ((result = Libbpf.bpf_link_get_next_id(id, &id)) == 0)
        {
            var descriptor = Libbpf.bpf_link_get_fd_by_id(id);
            if (descriptor < 0)
            {
                // It went away since, which is no failure.
                continue;
            }

            var link = new FileDescriptor(descriptor);
            if (wants(link))
            {
                return link;
            }

            link.Dispose();
        }

        return result == -Errno.ENOENT ? null : throw Failures.Create(Operation.OpenKernelObject, result, "the BPF links");
    }

    /// <summary><c>struct bpf_prog_info</c> up to <c>verified_insns</c>; an older kernel leaves the end 0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    struct ProgramInfoBuffer
    {
        internal uint Type;
        internal uint Id;
        internal fixed byte Tag[8];
        internal uint JitedLength;
        internal uint TranslatedLength;
        internal ulong JitedInstructions;
        internal ulong TranslatedInstructions;
        internal ulong LoadTime;
        internal uint CreatedByUid;
        internal uint MapCount;
        internal ulong MapIds;
        internal fixed byte Name[16];
        internal uint InterfaceIndex;
        internal uint GplCompatible;
        internal ulong NamespaceDevice;
        internal ulong NamespaceInode;
        internal uint KernelSymbolCount;
        internal uint FunctionLengthCount;
        internal ulong KernelSymbols;
        internal ulong FunctionLengths;
        internal uint BtfId;
        internal uint FunctionInfoSize;
        internal ulong FunctionInfo;
        internal uint FunctionInfoCount;
        internal uint LineInfoCount;
        internal ulong LineInfo;
        internal ulong JitedLineInfo;
        internal uint JitedLineInfoCount;
        internal uint LineInfoSize;
        internal uint JitedLineInfoSize;
        internal uint TagCount;
        internal ulong Tags;
        internal ulong RunTime;
        internal ulong RunCount;
        internal ulong RecursionMisses;
        internal uint VerifiedInstructions;
        internal uint AttachedObjectId;
    }

    /// <summary><c>struct bpf_map_info</c>, as far as it is used.</summary>
    [StructLayout(LayoutKind.Sequential)]
    struct MapInfoBuffer
    {
        internal uint Type;
        internal uint Id;
        internal uint KeySize;
        internal uint ValueSize;
        internal uint MaxEntries;
        internal uint Flags;
    }

    /// <summary><c>struct bpf_link_info</c>, as far as XDP and tc use it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    struct LinkInfoBuffer
    {
        internal uint Type;
        internal uint Id;
        internal uint ProgramId;
        internal uint Reserved;
        internal uint InterfaceIndex;
        internal uint AttachType;
    }
}
