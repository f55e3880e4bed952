using CustomProto.Abi;
using CustomProto.Bpf;

namespace CustomProto.Tests.Bpf;

public sealed class AbiCheckTests
{
    const string Object = "receive";

    static BtfMember SourcePort => ReadObject().Structs["cp_event"].Members.Single(member => member.Name == "source_port");

    [Fact]
    public void The_embedded_object_fits_the_assembly()
    {
        Assert.Empty(AbiCheck.Compare(ReadObject()));
        AbiCheck.Require(ReadObject(), Object);
        AbiCheck.Require(Btf.Parse(ElfFile.Parse(EmbeddedObject.Read("send"), "send").Section(".BTF"), "send"), "send", AbiCheck.Sending);
    }

    [Fact]
    public void Everything_in_the_mirror_is_compared()
    {
        string[] compared = [.. AbiCheck.Compare(BtfBuilder.Empty()), .. AbiCheck.Compare(BtfBuilder.Empty(), AbiCheck.Sending)];

        Assert.All(AbiTypes.Structs, type => Assert.Contains($"struct {AbiTypes.CName(type)} is not in the object", compared));
        Assert.All(AbiTypes.Enums, type => Assert.Contains($"enum {AbiTypes.CName(type)} is not in the object", compared));
        Assert.Equal(AbiTypes.Structs.Count + AbiTypes.Enums.Count, compared.Length);
    }

    [Fact]
    public void A_member_at_another_place_is_found() => AssertOnly(
        $"cp_event.source_port: offset {SourcePort.Offset + 2} and 2 bytes in the object, offset {SourcePort.Offset} and 2 bytes in the assembly",
        WithSourcePort(SourcePort with { Offset = SourcePort.Offset + 2 }));

    [Fact]
    public void A_member_of_another_size_is_found() => AssertOnly(
        $"cp_event.source_port: offset {SourcePort.Offset} and 4 bytes in the object, offset {SourcePort.Offset} and 2 bytes in the assembly",
        WithSourcePort(SourcePort with { Size = 4 }));

    [Fact]
    public void A_member_that_the_assembly_has_alone_is_found()
    {
        var btf = ReadObject();
        var layout = btf.Structs["cp_event"];
        btf.Structs["cp_event"] = layout with { Members = [.. layout.Members.Where(member => member.Name != "source_port")] };

        AssertOnly("cp_event.source_port: not in the object", btf);
    }

    [Fact]
    public void A_member_that_the_object_has_alone_is_found()
    {
        var btf = ReadObject();
        var layout = btf.Structs["cp_event"];
        btf.Structs["cp_event"] = layout with { Members = [.. layout.Members, new("flow_label", layout.Size, 4)] };

        AssertOnly("cp_event.flow_label: not in the assembly", btf);
    }

    [Fact]
    public void A_structure_of_another_size_is_found()
    {
        var btf = ReadObject();
        var size = btf.Structs["cp_event"].Size;
        btf.Structs["cp_event"] = btf.Structs["cp_event"] with { Size = size + 8 };

        AssertOnly($"cp_event: {size + 8} bytes in the object, {size} in the assembly", btf);
    }

    [Fact]
    public void A_structure_that_is_missing_is_found()
    {
        var btf = ReadObject();
        btf.Structs.Remove("cp_counters");

        AssertOnly("struct cp_counters is not in the object", btf);
    }

    [Fact]
    public void An_enumerator_with_another_value_is_found()
    {
        var btf = ReadObject();
        btf.Enums["cp_reason"]["CP_REASON_BAD_MAGIC"] = 77;

        AssertOnly($"CP_REASON_BAD_MAGIC: 77 in the object, {(int)Reason.BadMagic} in the assembly", btf);
    }

    [Fact]
    public void A_constant_with_another_value_is_found()
    {
        var btf = ReadObject();
        btf.Enums["cp_limit"]["CP_MAX_READERS"] = 77;

        AssertOnly($"CP_MAX_READERS: 77 in the object, {Limit.MaxReaders} in the assembly", btf);
    }

    [Fact]
    public void An_enumerator_on_one_side_only_is_found()
    {
        var btf = ReadObject();
        btf.Enums["cp_reason"]["CP_REASON_TOO_LATE"] = 99;
        btf.Enums["cp_match_action"].Remove("CP_MATCH_DROP");

        var differences = AbiCheck.Compare(btf).ToArray();

        Assert.Equal(2, differences.Length);
        Assert.Contains(differences, difference => difference.StartsWith("CP_REASON_TOO_LATE: 99 in the object", StringComparison.Ordinal));
        Assert.Contains(differences, difference => difference.StartsWith("CP_MATCH_DROP: ", StringComparison.Ordinal));
    }

    [Fact]
    public void An_enumeration_that_is_missing_is_found()
    {
        var btf = ReadObject();
        btf.Enums.Remove("cp_match_action");

        AssertOnly("enum cp_match_action is not in the object", btf);
    }

    [Fact]
    public void A_refusal_says_both_sides_and_what_to_do()
    {
        var refusal = Assert.Throws<CustomProtoException>(() => AbiCheck.Require(WithSourcePort(SourcePort with { Offset = 1 }), Object));

        Assert.Equal((FailureKind.InvalidData, "AbiMismatch", Object), (refusal.Kind, refusal.ErrorId, refusal.Target));
        Assert.StartsWith("The BPF object 'receive' doesn't fit this assembly: cp_event.source_port: offset 1 ", refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith("build both again (./build.sh build).", refusal.Message, StringComparison.Ordinal);
    }

    static void AssertOnly(string difference, Btf btf) => Assert.Equal([difference], AbiCheck.Compare(btf));

    static Btf WithSourcePort(BtfMember instead)
    {
        var btf = ReadObject();
        var layout = btf.Structs["cp_event"];
        btf.Structs["cp_event"] = layout with { Members = [.. layout.Members.Select(member => member.Name == instead.Name ? instead : member)] };
        return btf;
    }

    static Btf ReadObject() => Btf.Parse(ElfFile.Parse(EmbeddedObject.Read(Object), Object).Section(".BTF"), Object);
}
