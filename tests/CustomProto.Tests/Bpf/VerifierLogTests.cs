using CustomProto.Bpf;

namespace CustomProto.Tests.Bpf;

/// <summary>Logs as kernels wrote them; 6.18 where nothing else is said.</summary>
public sealed class VerifierLogTests
{
    [Fact]
    public void The_last_words_are_the_reason_and_the_source_line_is_the_last_before_them()
    {
        var refusal = VerifierLog.Read(
            """
            0: R1=ctx() R10=fp0
            ; unsigned char *data = (void *)(long)ctx->data; @ refused.bpf.c:9
            0: (61) r1 = *(u32 *)(r1 +0)          ; R1=pkt(r=0)
            ; if (data[13] == 6) @ /home/me/refused.bpf.c:11
            1: (71) r1 = *(u8 *)(r1 +13)
            invalid access to packet, off=13 size=1, R1(id=0,off=13,r=0)
            R1 offset is outside of the packet
            processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0

            """);

        Assert.Equal(
            new VerifierRefusal(
                "invalid access to packet, off=13 size=1, R1(id=0,off=13,r=0); R1 offset is outside of the packet", "if (data[13] == 6)", "refused.bpf.c", 11),
            refusal);
        Assert.Equal(
            "invalid access to packet, off=13 size=1, R1(id=0,off=13,r=0); R1 offset is outside of the packet (refused.bpf.c:11: if (data[13] == 6))",
            refusal.ToString());
    }

    [Fact]
    public void Kernels_before_6_9_tell_the_line_without_its_place()
    {
        var refusal = VerifierLog.Read(
            """
            ; if (data[13] == 6)
            1: (71) r1 = *(u8 *)(r1 +13)
            invalid access to packet, off=13 size=1, R1(id=0,off=13,r=0)
            R1 offset is outside of the packet
            verification time 61 usec
            stack depth 0
            processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
            """);

        Assert.Equal(("if (data[13] == 6)", null, null), (refusal.Source, refusal.File, refusal.Line));
        Assert.EndsWith("outside of the packet (at the source line 'if (data[13] == 6)')", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_line_information_the_reason_stands_alone()
    {
        var refusal = VerifierLog.Read("0: (85) call bpf_trace_printk#6\ncannot call GPL-restricted function from non-GPL compatible program.\nprocessed 1 insns\n");

        Assert.Equal("cannot call GPL-restricted function from non-GPL compatible program", refusal.ToString());
    }

    [Fact]
    public void Frames_of_functions_and_lines_that_the_compiler_made_up_are_passed_over()
    {
        var refusal = VerifierLog.Read(
            """
            ; static __noinline long peek(int k) { return *v; } @ null.bpf.c:4
            20: (18) r1 = 0xffff88817e801a00      ; frame1: R1=map_ptr(map=m,ks=4,vs=8)
            22: (85) call bpf_map_lookup_elem#1   ; frame1: R0=map_value_or_null(id=1,map=m,ks=4,vs=8)
            ;  @ null.bpf.c:0
            23: (79) r0 = *(u64 *)(r0 +0)
             frame1: R0=map_value_or_null(id=1,map=m,ks=4,vs=8) R10=fp0
            R0 invalid mem access 'map_value_or_null'
            processed 24 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 1
            """);

        Assert.Equal("R0 invalid mem access 'map_value_or_null'", refusal.Reason);
        Assert.Equal(("null.bpf.c", 4), (refusal.File, refusal.Line));
    }

    [Fact]
    public void A_log_whose_beginning_is_lost_still_has_its_end()
    {
        var refusal = VerifierLog.Read(
            """
            =0x96e479
            9: (15) if r1 == 0x0 goto pc+1        ; R1=0x96e479
            BPF program is too large. Processed 1000001 insn
            processed 1000001 insns (limit 1000000) max_states_per_insn 4 total_states 15875 peak_states 15875 mark_read 0
            """);

        Assert.Equal("BPF program is too large. Processed 1000001 insn", refusal.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("processed 0 insns")]
    [InlineData("0: (95) exit")]
    public void A_log_that_says_nothing_is_empty(string log) => Assert.True(VerifierLog.Read(log).IsEmpty);

    [Theory]
    [InlineData(null, "")]
    [InlineData("", "")]
    [InlineData("libbpf: failed to load object 'x'\n", "")]
    [InlineData(
        "libbpf: Error in bpf_create_map_xattr(broken):Invalid argument(-22). Retrying without BTF.\nlibbpf: map 'broken': failed to create: Invalid argument(-22)\nlibbpf: failed to load object 'map.o'\n",
        "map 'broken': failed to create: Invalid argument(-22)")]
    [InlineData("libbpf: couldn't reuse it\nlibbpf: permission error while running as root; try raising 'ulimit -l'? current value: 8.0 MiB\n", "couldn't reuse it")]
    public void Of_what_libbpf_says_the_line_counts_that_comes_before_the_follow_ups(string? output, string expected) =>
        Assert.Equal(expected, VerifierLog.LastWords(output));
}
