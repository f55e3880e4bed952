using System.Net;
using CustomProto.Abi;
using CustomProto.Bpf;
using CustomProto.Exchange;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Exchange;

/// <summary>Requests where another process has left programs that stamp them.</summary>
[Collection(KernelSuite.Name)]
public sealed class PersistentProgramTests : IDisposable
{
    readonly TestNetwork _network = new(permanentNeighbours: true);

    public void Dispose() => _network.Dispose();

    [KernelTheory(KernelNeed.Tcx | KernelNeed.BpfFileSystem)]
    [InlineData(AttachPoint.Xdp)]
    [InlineData(AttachPoint.TcIngress)]
    public void They_are_used_and_give_a_request_a_small_ring(AttachPoint point)
    {
        using var service = UdpService.Echo(_network, TestNetwork.Right);
        var (arrivals, departures) = (Leave(point), Leave(AttachPoint.TcEgress));
        try
        {
            _network.Run(TestNetwork.Left, () =>
            {
                using var requester = new Requester(new RequestOptions { RegisterPrograms = false });
                requester.Send(IPAddress.Parse("192.0.2.2"), CustomMessage.Create(ProtocolDefinition.Default, MessageType.Request, "Hello"u8));

                Assert.Equal(RoundTripClock.Kernel, requester.Next(TimeSpan.FromSeconds(10))!.Result!.Clock);
                Assert.Equal([arrivals, departures], Receivers.All.Select(receiver => receiver.ProgramId));
                foreach (var program in (uint[])[arrivals, departures])
                {
                    using var readers = BpfMap.Open(ReceiverPins.Path(program, ReceiverPins.Readers));
                    Assert.Equal(
                        (ReceiverOptions.DefaultRingSize, ReceiverOptions.MinRingSize),
                        ((int)readers.Lookup<Reader>(0).RingSize, (int)readers.Lookup<Reader>(1).RingSize));
                }
            });
        }
        finally
        {
            _network.Run(TestNetwork.Left, () =>
            {
                Receivers.Find(arrivals)!.Unregister();
                Receivers.Find(departures)!.Unregister();
            });
        }
    }

    uint Leave(AttachPoint point) => _network.Run(TestNetwork.Left, () =>
    {
        using var receiver = Receiver.Register(new ReceiverOptions { Interface = TestNetwork.InterfaceName(TestNetwork.Left), AttachPoint = point, Persist = true });
        return receiver.ProgramId;
    });
}
