using System.Buffers.Binary;
using CustomProto.Bpf;
using CustomProto.Fixtures;
using CustomProto.Programs;

namespace CustomProto.Tests.Programs;

public sealed class ObjectFileTests
{
    /// <summary>Where xdp-tools keep their objects.</summary>
    static readonly string[] s_installed = ["/usr/lib/x86_64-linux-gnu/bpf", "/usr/lib/aarch64-linux-gnu/bpf", "/usr/lib64/bpf"];

    [Fact]
    public void Programs_have_names_sections_and_sizes()
    {
        var file = ObjectFile.Read(FixtureObjects.Compile("many"));

        Assert.Equal(["tail", "first", "second", "side"], file.Programs.Select(program => program.Name));
        Assert.Equal(["xdp", "xdp", "xdp.frags", "tc"], file.Programs.Select(program => program.Section));
        Assert.Equal([true, true, true, false], file.Programs.Select(program => program.IsXdp));
        Assert.Equal([false, false, true, false], file.Programs.Select(program => program.TakesFragments));
        Assert.All(file.Programs, program => Assert.InRange(program.Instructions, 2, 200));
        Assert.Equal("GPL", file.License);
        Assert.Equal(["tail"], file.Contents.JumpTargets());
    }

    [Fact]
    public void Variables_have_types_as_C_has_them()
    {
        var variables = ObjectFile.Read(FixtureObjects.Compile("variables")).Variables.ToDictionary(variable => variable.Name);

        Assert.Equal(
            ("const volatile __u16 port", 2, ".rodata", true),
            (variables["port"].ToString(), variables["port"].Size, variables["port"].Section, variables["port"].IsConstant));
        Assert.Equal("const volatile char[8]", variables["name"].Type);
        Assert.Equal(("const volatile struct limits", 20), (variables["limits"].Type, variables["limits"].Size));
        Assert.Equal(("const volatile enum verdict", 4), (variables["verdict"].Type, variables["verdict"].Size));
        Assert.Equal((".rodata.custom", 4), (variables["custom"].Section, variables["custom"].Size));
        Assert.Equal((".data", false), (variables["counter"].Section, variables["counter"].IsConstant));
        Assert.Equal((".bss", "__u32[3]"), (variables["zeros"].Section, variables["zeros"].Type));
        Assert.Contains("hidden_in_file", variables.Keys);
        Assert.DoesNotContain("seen", variables.Keys);
        Assert.DoesNotContain("_license", variables.Keys);
    }

    [Fact]
    public void The_only_xdp_program_needs_no_name() =>
        Assert.Equal("pass", ObjectFile.Read(FixtureObjects.Compile("pass")).ChooseProgram().Name);

    [Theory]
    [InlineData("many", null, "ObjectProgramNotChosen", "has several XDP programs: tail, first, second. Say which with -ProgramName.")]
    [InlineData("many", "third", "ObjectProgramNotFound", "has no program 'third'. Its XDP programs are: tail, first, second.")]
    [InlineData("many", "classify", "ObjectProgramNotFound", "has no program 'classify'.")]
    [InlineData("many", "side", "NotAnXdpProgram", "is in the section 'tc', so it isn't an XDP program. An XDP program stands in SEC(\"xdp\"), or in SEC(\"xdp.frags\")")]
    [InlineData("tc", null, "ObjectProgramNotFound", "has no XDP program; it has classifier (SEC(\"tc\")), filter (SEC(\"my_filter\")). An XDP program stands in SEC(\"xdp\")")]
    [InlineData("tc", "nothing", "ObjectProgramNotFound", "has no XDP program; it has classifier")]
    public void A_program_that_is_not_there_or_not_for_xdp_is_one_clear_error(string name, string? program, string errorId, string message)
    {
        var file = ObjectFile.Read(FixtureObjects.Compile(name));

        var refusal = Assert.Throws<CustomProtoException>(() => file.ChooseProgram(program));

        Assert.Equal(errorId, refusal.ErrorId);
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_one_clear_error()
    {
        var refusal = Assert.Throws<CustomProtoException>(() => ObjectFile.Read("/nonexistent/x.o"));
        Assert.Equal((FailureKind.NotFound, "ObjectFileNotFound"), (refusal.Kind, refusal.ErrorId));

        var folder = Assert.Throws<CustomProtoException>(() => ObjectFile.Read(Path.GetTempPath()));
        Assert.Equal("ObjectFileUnreadable", folder.ErrorId);
    }

    [Fact]
    public void A_source_file_is_told_from_an_object_file()
    {
        var refusal = Assert.Throws<CustomProtoException>(() => ObjectFile.Read(Path.Combine(FixtureObjects.Sources, "pass.bpf.c")));

        Assert.Equal("InvalidObjectFile", refusal.ErrorId);
        Assert.Contains("is C source, not an object file. Compile it first: Build-XdpProgram", refusal.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string> Objects =>
    [
        "pass", "variables", "many", "refused", "tc",
    ];

    [Theory]
    [MemberData(nameof(Objects))]
    public void What_clang_makes_is_found_whole(string name) => CheckedObject.Require(File.ReadAllBytes(FixtureObjects.Compile(name)), name);

    [Fact]
    public void What_the_module_and_other_tools_bring_is_found_whole()
    {
        CheckedObject.Require(EmbeddedObject.Read("receive"), "receive");
        foreach (var folder in s_installed.Where(Directory.Exists))
        {
            foreach (var path in Directory.EnumerateFiles(folder, "*.o"))
            {
                CheckedObject.Require(File.ReadAllBytes(path), path);
            }
        }
    }

    public static TheoryData<string, string> Damages => new()
    {
        { "type", "it is a program or library, not what clang -c writes" },
        { "segments", "its header is damaged" },
        { "names", "its section names are damaged" },
        { "cut section", "its section 'xdp' is damaged" },
        { "half an instruction", "its section 'xdp' isn't made of whole instructions" },
        { "old maps", "its maps are declared in the old way" },
        { "function past the end", "its symbol 'first' (number" },
        { "symbol in no section", "is damaged" },
        { "reference past the end", "has a reference at offset" },
        { "reference to no symbol", "has a reference at offset" },
        { "call without reference", "a call in its section 'xdp' leads nowhere" },
        { "no types", "it has no BTF" },
        { "type in a circle", "in its BTF" },
        { "type of nothing", "in its BTF" },
        { "negative member", "its .BTF.ext is damaged" },
        { "struct_ops map", "it has a map of type BPF_MAP_TYPE_STRUCT_OPS" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void Damage_is_refused_with_words(string damage, string problem)
    {
        var damaged = new DamagedObject(File.ReadAllBytes(FixtureObjects.Compile("many")));
        damaged.Apply(damage);

        var refusal = Assert.Throws<CustomProtoException>(() => CheckedObject.Require(damaged.Bytes, "x.o"));

        Assert.Equal((FailureKind.InvalidData, "InvalidObjectFile"), (refusal.Kind, refusal.ErrorId));
        Assert.StartsWith("The BPF object 'x.o' can't be used: ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>An object file with one thing wrong; most of these end libbpf 1.1, and with it the process.</summary>
    sealed class DamagedObject(byte[] bytes)
    {
        readonly ElfFile _file = ElfFile.Parse((byte[])bytes.Clone(), "x");
        readonly int _table = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(40));

        internal byte[] Bytes => bytes;

        internal void Apply(string damage)
        {
            var xdp = Section("xdp");
            switch (damage)
            {
                case "type":
                    bytes[16] = 3;
                    break;
                case "segments":
                    bytes[56] = 1;
                    break;
                case "names":
                    bytes[62] = (byte)xdp.Index;
                    break;
                case "cut section":
                    Write64(Header(xdp) + 24, (ulong)bytes.Length);
                    break;
                case "half an instruction":
                    Write64(Header(xdp) + 32, xdp.Size - 4);
                    break;
                case "old maps":
                    Rename("license", "maps\0");
                    break;
                case "function past the end":
                    Write64(Symbol("first") + 16, 0xfffffffffffffff8);
                    break;
                case "symbol in no section":
                    bytes[Symbol("packets") + 7] = 0x7f;
                    break;
                case "reference past the end":
                    Write64((int)Section(".relxdp").Offset, 0x7ffffff8);
                    break;
                case "reference to no symbol":
                    bytes[(int)Section(".relxdp").Offset + 15] = 0x7f;
                    break;
                case "call without reference":
                    // The last instruction but one.
                    bytes[(int)(xdp.Offset + xdp.Size) - 16] = 0x85;
                    bytes[(int)(xdp.Offset + xdp.Size) - 15] = 0x10;
                    break;
                case "no types":
                    Rename(".BTF", ".BTX");
                    break;
                case "type in a circle":
                    Write32(Alias(out var id) + 8, id);
                    break;
                case "type of nothing":
                    Write32(Alias(out _) + 8, 0x00ffffff);
                    break;
                case "negative member":
                    var path = bytes.AsSpan((int)Section(".BTF").Offset, (int)Section(".BTF").Size).IndexOf("0:0\0"u8);
                    "-:0"u8.CopyTo(bytes.AsSpan((int)Section(".BTF").Offset + path));
                    break;
                default:
                    MakeStructOps();
                    break;
            }
        }

        ElfSection Section(string name) => _file.Sections.First(section => section.Name == name);

        int Header(ElfSection section) => _table + (64 * section.Index);

        int Symbol(string name)
        {
            var table = Section(".symtab");
            var names = _file.Contents(Section(".strtab"));
            for (var i = 0; i < (int)table.Size / ElfSymbol.EntrySize; i++)
            {
                if (ElfSymbol.Read(_file.Contents(table), i, names).Name == name)
                {
                    return (int)table.Offset + (i * ElfSymbol.EntrySize);
                }
            }

            throw new InvalidOperationException($"No symbol {name}.");
        }

        /// <summary>Where the first typedef is described, and its id.</summary>
        int Alias(out uint id)
        {
            var btf = _file.Section(".BTF");
            var types = Btf.Parse(btf, "x").Types;
            var at = (int)Section(".BTF").Offset + 24;
            for (id = 1; types[(int)id].Kind != BtfKind.Typedef; id++)
            {
                var (count, size) = BtfType.Shape(types[(int)id].Kind, types[(int)id].Count)!.Value;
                at += 12 + (count * size);
            }

            return at;
        }

        /// <summary>Makes every array of two elements one of 26, among them those that stand for a map's type.</summary>
        void MakeStructOps()
        {
            var types = Btf.Parse(_file.Section(".BTF"), "x").Types;
            var at = (int)Section(".BTF").Offset + 24;
            foreach (var type in types.Skip(1))
            {
                if (type.Kind == BtfKind.Array && type.Parts[0].Value is 2 or 1 or 3)
                {
                    Write32(at + 20, 26);
                }

                var (count, size) = BtfType.Shape(type.Kind, type.Count)!.Value;
                at += 12 + (count * size);
            }
        }

        void Rename(string from, string to)
        {
            var names = (int)Section(".strtab").Offset;
            var at = (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(Header(Section(from))));
            System.Text.Encoding.ASCII.GetBytes(to).CopyTo(bytes, names + at);
        }

        void Write64(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), value);

        void Write32(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), value);
    }
}
