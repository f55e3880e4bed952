using System.Buffers.Binary;
using CustomProto.KernelTests.Send;
using CustomProto.Net;
using CustomProto.Protocol;
using CustomProto.Receive;
using CustomProto.Send;

namespace CustomProto.KernelTests.Receive;

/// <summary>Encapsulation where the kernel keeps beside a packet what a network card has taken out of it.</summary>
[Collection(KernelSuite.Name)]
public sealed class EncapsulationOffloadTests
{
    static readonly ProtocolDefinition s_inner = new(
        "Inner", [SendTest.Port], 4, [new ProtocolField("Magic", 0, 2, FieldRole.Magic, 0xBEEF), new ProtocolField("Length", 2, 2, FieldRole.Length)]);

    /// <summary>Where packets arrive the outer tag is beside their bytes. What is left of a message is one of another protocol, for the next program.</summary>
    [KernelTheory(KernelNeed.Tcx)]
    [InlineData(false, new[] { 7 })]
    [InlineData(true, new[] { 7 })]
    [InlineData(false, new[] { 7, 4094 })]
    public void Tags_stay_when_the_header_goes(bool isIPv6, int[] tags)
    {
        using var network = new TestNetwork(permanentNeighbours: true);
        using var decapsulating = Register(network, Encapsulation.Decapsulate, ProtocolDefinition.Default);
        using var next = Register(network, Encapsulation.None, s_inner);
        using var reader = next.OpenReader();
        int[] sizes = [0, 1, 500, 1400];
        foreach (var size in sizes)
        {
            byte[] inner = [0xBE, 0xEF, 0, 0, .. SendTest.Data(size)];
            BinaryPrimitives.WriteUInt16BigEndian(inner.AsSpan(2), (ushort)size);
            network.Run(TestNetwork.Left, () =>
            {
                using var sender = Sender.Open(SendTest.ToRight(isIPv6, Transport.Raw) with { VlanId = tags });
                sender.Send(MessageEncoder.Encode(ProtocolDefinition.Default, MessageType.Request, inner), 1);
                sender.Complete();
            });

            // Its checksum is right, or it would have been rejected.
            var message = reader.Read(TimeSpan.FromSeconds(10))!;
            Assert.Equal(tags, message.VlanId);
            Assert.Equal(SendTest.Data(size), message.Data);
        }

        Assert.Equal(new EncapsulationStatistics { Considered = sizes.Length, Decapsulated = sizes.Length }, decapsulating.ReadEncapsulation());
    }

    static Receiver Register(TestNetwork network, Encapsulation way, ProtocolDefinition protocol) => network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions
    {
        Interface = TestNetwork.InterfaceName(TestNetwork.Right),
        AttachPoint = AttachPoint.TcIngress,
        Encapsulation = way,
        Protocol = protocol,
        VerifyChecksum = true,
        RingSize = ReceiverOptions.MinRingSize,
    }));
}
