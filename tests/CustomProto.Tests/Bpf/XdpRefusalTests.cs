using CustomProto.Bpf;

namespace CustomProto.Tests.Bpf;

public sealed class XdpRefusalTests
{
    const string Mark = " .NET TP Worker-77      [000] .....    12.000001: tracing_mark_write: customproto asks";
    const string Ours = " .NET TP Worker-77      [001] .....    12.000002: bpf_xdp_link_attach_failed: errmsg=";
    const string Other = "            dumb-78      [000] .....    12.000002: bpf_xdp_link_attach_failed: errmsg=Other";

    [Theory]
    [InlineData($"{Mark}\n{Ours}Peer MTU is too large to set XDP\n", "Peer MTU is too large to set XDP")]
    [InlineData($"{Other}\n{Mark}\n{Other}\n{Ours}errmsg=: odd \n", "errmsg=: odd")]
    [InlineData($"{Ours}Before\n{Mark}\n{Ours}After\n", "After")]
    [InlineData($"{Mark}\n{Other}\n", null)]
    [InlineData($"{Mark}\n{Ours}(null)\n", null)]
    [InlineData($"{Mark}\n{Ours}\n", null)]
    [InlineData($"{Ours}No mark\n", null)]
    [InlineData($"CPU:0 [LOST 3 EVENTS]\n{Mark}\n\n", null)]
    [InlineData("", null)]
    public void Words_are_those_said_to_the_thread_that_asks(string trace, string? words) => Assert.Equal(words, XdpRefusal.Find(trace));
}
