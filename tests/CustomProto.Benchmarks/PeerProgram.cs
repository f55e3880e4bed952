using CustomProto.KernelTests;

namespace CustomProto.Benchmarks;

/// <summary>A BPF program of <c>peers/</c> on an interface, while this lives.</summary>
sealed class PeerProgram : IDisposable
{
    readonly TestNetwork _network;
    readonly int _host;

    internal PeerProgram(TestNetwork network, int host, Peers peers, string name)
    {
        _network = network;
        _host = host;
        network.Ip(host, $"link set dev {TestNetwork.InterfaceName(host)} xdpdrv object {peers.CompileBpf(name)} section xdp");
    }

    public void Dispose() => _network.Ip(_host, $"link set dev {TestNetwork.InterfaceName(_host)} xdp off");
}
