using CustomProto.KernelTests.Receive;
using CustomProto.Net;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.KernelTests.Send;

/// <summary>
/// Frames of the in-kernel sender that are answered in place at the other end of a veth pair: the answer comes back in the memory that
/// the next frame is made in.
/// </summary>
[Collection(KernelSuite.Name)]
public sealed class XdpSenderAnswerTests
{
    const int Count = 300_000;

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(false, 64, null)]
    [InlineData(true, 17, null)]
    [InlineData(false, 1400, null)]
    [InlineData(false, 64, 100_000.0)]
    [InlineData(true, 1400, 100_000.0)]
    public void Every_request_is_right_and_answered(bool ipv6, int length, double? rate)
    {
        using var network = ResponderTest.CreateNetwork();
        using var asking = ResponderTest.Register(network, null, host: TestNetwork.Left);
        using var answering = ResponderTest.Register(network, ResponderTest.Unlimited);
        var answersBefore = Transmitted(network);

        var result = XdpSenderTests.Run(
            network, XdpSenderTests.ToRight(ipv6), length, new SendPlan { Count = rate is null ? Count : Count / 10, Pace = rate is { } kept ? new SendPace(kept) : null });

        // What was sent last is on its way for a moment.
        Assert.True(SpinWait.SpinUntil(() => asking.ReadStatistics().Seen >= Transmitted(network) - answersBefore, ResponderTest.Patience));
        var requests = answering.ReadStatistics();
        var answers = asking.ReadStatistics();
        Assert.Equal(rate is null ? Count : Count / 10, result.Packets);
        Assert.Equal((result.Confirmed!.Value, result.Confirmed!.Value), (requests.Seen, requests.Valid));
        Assert.Equal(requests.Valid, requests.Answered + requests.Limited + requests.Unanswerable);
        Assert.Equal((0, 0), (requests.Limited, requests.Unanswerable));
        Assert.Equal((answers.Seen, Transmitted(network) - answersBefore), (answers.Valid, answers.Valid));
        if (rate is not null)
        {
            // At a rate at which no queue on the way is ever full.
            Assert.Equal((result.Packets, result.Packets), (requests.Answered, answers.Valid));
        }
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(0, 0)]
    [InlineData(16, 16)]
    [InlineData(17, 9)]
    [InlineData(79, 79)]
    [InlineData(240, 240)]
    [InlineData(241, 241)]
    [InlineData(600, 600)]
    [InlineData(600, 500)]
    public void Data_that_a_receiver_changed_are_written_anew(int sent, int answered)
    {
        using var network = ResponderTest.CreateNetwork();
        using var asking = ResponderTest.Register(network, null, host: TestNetwork.Left, change: options => options with { MatchAction = MatchAction.Pass });
        using var answering = ResponderTest.Register(network, ResponderTest.Unlimited with { Data = SendTest.Data(answered + 1).AsMemory(1) });
        using var reader = answering.OpenReader();

        var result = XdpSenderTests.Run(network, XdpSenderTests.ToRight() with { Stamp = false }, sent, new SendPlan { Count = 2000, Pace = new SendPace(50_000) });

        Assert.Equal((2000, 2000), (result.Packets, answering.ReadStatistics().Answered));
        for (var i = 0; i < 2000; i++)
        {
            Assert.Equal(SendTest.Data(sent), reader.Read(ResponderTest.Patience)!.Data);
        }
    }

    static long Transmitted(TestNetwork network) =>
        network.Run(TestNetwork.Right, () => (long)NetworkLinks.Get(TestNetwork.InterfaceName(TestNetwork.Right)).Statistics.TransmittedPackets);
}
