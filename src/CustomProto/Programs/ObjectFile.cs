using System.Diagnostics.CodeAnalysis;
using CustomProto.Bpf;

namespace CustomProto.Programs;

/// <summary>
/// A user's compiled BPF object file, read and checked from one end to the other by this library alone: nothing of it reaches libbpf or
/// the kernel before it is loaded. It holds nothing open.
/// </summary>
public sealed class ObjectFile
{
    /// <summary>The longest file that is read; objects have some ten kilobytes.</summary>
    public const int MaxLength = 64 << 20;

    const string SectionAdvice = "An XDP program stands in SEC(\"xdp\"), or in SEC(\"xdp.frags\") when it takes jumbo frames too.";

    ObjectFile(string path, CheckedObject contents)
    {
        Path = path;
        Contents = contents;
        Programs = ReadPrograms(contents);
        Variables = ReadVariables(contents);
        License = ElfFile.ReadString(contents.File.Section("license"), 0);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Its programs, in the order of their sections; functions that they call are none.</summary>
    public IReadOnlyList<ObjectProgram> Programs { get; }

    /// <summary>Its global variables, in the order of their sections.</summary>
    public IReadOnlyList<ObjectVariable> Variables { get; }

    /// <summary>What its section <c>license</c> says; empty without one.</summary>
    public string License { get; }

    /// <summary>The file as it was checked.</summary>
    internal CheckedObject Contents { get; }

    /// <summary>Reads and checks a file. No privilege is needed.</summary>
    /// <exception cref="CustomProtoException">
    /// It isn't there or can't be read (ObjectFileNotFound, ObjectFileUnreadable), or it is no BPF object, has no BTF, or is damaged (InvalidObjectFile).
    /// </exception>
    public static ObjectFile Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var bytes = ReadBytes(path);
        if (bytes is not [0x7f, (byte)'E', (byte)'L', (byte)'F', ..] && System.IO.Path.GetExtension(path) is ".c" or ".h")
        {
            throw new CustomProtoException(
                FailureKind.InvalidData, "InvalidObjectFile", $"'{path}' is C source, not an object file.", $"Compile it first: Build-XdpProgram '{path}'.", path);
        }

        return new ObjectFile(path, CheckedObject.Require(bytes, path));
    }

    /// <summary>The program with a name, or the only XDP program if no name is given.</summary>
    /// <exception cref="CustomProtoException">There is none, it isn't for XDP, or a name is needed (ObjectProgramNotFound, NotAnXdpProgram); the message lists those that are there.</exception>
    public ObjectProgram ChooseProgram(string? name = null)
    {
        var xdp = Programs.Where(program => program.IsXdp).ToArray();
        if (name is null)
        {
            return xdp switch
            {
                [var only] => only,
                [] => throw NoXdpProgram(),
                _ => throw new CustomProtoException(
                    FailureKind.InvalidArgument, "ObjectProgramNotChosen", $"'{Path}' has several XDP programs: {Names(xdp)}.", "Say which with -ProgramName.", Path),
            };
        }

        return Programs.FirstOrDefault(program => program.Name == name) switch
        {
            { IsXdp: true } found => found,
            { } other => throw new CustomProtoException(
                FailureKind.InvalidArgument, "NotAnXdpProgram", $"The program '{name}' of '{Path}' is in the section '{other.Section}', so it isn't an XDP program.", SectionAdvice, name),
            null when xdp.Length == 0 => throw NoXdpProgram(),
            null => throw new CustomProtoException(
                FailureKind.NotFound, "ObjectProgramNotFound", $"'{Path}' has no program '{name}'.", $"Its XDP programs are: {Names(xdp)}.", name),
        };
    }

    CustomProtoException NoXdpProgram() => new(
        FailureKind.NotFound,
        "ObjectProgramNotFound",
        Programs.Count == 0 ? $"'{Path}' has no program." : $"'{Path}' has no XDP program; it has {string.Join(", ", Programs)}.",
        SectionAdvice,
        Path);

    static string Names(IEnumerable<ObjectProgram> programs) => string.Join(", ", programs.Select(program => program.Name));

    static byte[] ReadBytes(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            if (stream.Length > MaxLength)
            {
                throw Unreadable(path, $"it has {stream.Length} bytes, more than any BPF object", null);
            }

            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CustomProtoException(
                FailureKind.NotFound, "ObjectFileNotFound", $"There is no file '{path}'.", "Build-XdpProgram makes object files from C source.", path, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Unreadable(path, FileProblem.Describe(path, exception), exception);
        }
    }

    static CustomProtoException Unreadable(string path, string problem, Exception? cause) =>
        new(FailureKind.InvalidArgument, "ObjectFileUnreadable", $"Cannot read the BPF object '{path}': {problem}.", "Name an object file that clang made.", path, cause);

    static ObjectProgram[] ReadPrograms(CheckedObject contents) =>
    [
        .. contents.Symbols
            .Where(symbol => symbol is { Type: ElfSymbolType.Function, IsLocal: false, Section: > 0 and < ElfSymbol.FirstReserved })
            .OrderBy(symbol => symbol.Section)
            .ThenBy(symbol => symbol.Value)
            .Select(symbol => (Symbol: symbol, Section: contents.File.Sections[symbol.Section]))
            .Where(found => found.Section is { IsCode: true, Name: not ".text" })
            .Select(found => new ObjectProgram { Name = found.Symbol.Name, Section = found.Section.Name, Instructions = (int)found.Symbol.Size / sizeof(ulong) }),
    ];

    static List<ObjectVariable> ReadVariables(CheckedObject contents)
    {
        var variables = new List<ObjectVariable>();
        foreach (var section in contents.File.Sections.Where(IsData))
        {
            foreach (var part in contents.DataSection(section.Name)?.Parts ?? [])
            {
                if (TryDescribe(contents, section, part, out var variable))
                {
                    variables.Add(variable);
                }
            }
        }

        return variables;
    }

    /// <summary>Whether libbpf makes a map of the section.</summary>
    static bool IsData(ElfSection section)
    {
        var name = section.Name;
        return section.Size > 0 && section.Type switch
        {
            ElfSectionType.Data => !section.IsCode && (name is ".data" or ".rodata" || name.StartsWith(".data.", StringComparison.Ordinal) || name.StartsWith(".rodata.", StringComparison.Ordinal)),
            ElfSectionType.Zeros => name == ".bss" || name.StartsWith(".bss.", StringComparison.Ordinal),
            _ => false,
        };
    }

    /// <summary>clang leaves the offset of a variable that other files know to the symbol.</summary>
    static bool TryDescribe(CheckedObject contents, ElfSection section, BtfPart part, [NotNullWhen(true)] out ObjectVariable? variable)
    {
        var declaration = contents.Types.Types[(int)part.Type];
        var symbol = Array.Find(contents.Symbols, symbol => symbol.Type == ElfSymbolType.Object && symbol.Section == section.Index && symbol.Name == declaration.Name);
        var offset = symbol.Name is null ? (ulong)part.Value : symbol.Value;
        var size = contents.Types.SizeOf(declaration.SizeOrType);
        variable = size > 0 && offset + (ulong)size <= section.Size
            ? new ObjectVariable
            {
                Name = declaration.Name,
                Section = section.Name,
                Type = TypeText.Describe(contents.Types, declaration.SizeOrType),
                Size = (int)size,
                Offset = (int)offset,
                TypeId = declaration.SizeOrType,
            }
            : null;
        return variable is not null;
    }
}
