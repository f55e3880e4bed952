using CustomProto.KernelTests;

namespace CustomProto.PowerShell.Tests;

/// <summary>Packets from the left host that we didn't make ourselves. Scapy is installed by build.sh with what else the tests need.</summary>
static class Scapy
{
    /// <summary>Debian's Python, for which Debian's Scapy is installed; another one may come first on PATH.</summary>
    const string Python = "/usr/bin/python3";

    /// <summary>Sends packets over the veth pair.</summary>
    /// <param name="network">The network.</param>
    /// <param name="layers">The packets from the network layer up, as Scapy writes them.</param>
    internal static void Send(TestNetwork network, params string[] layers)
    {
        var header = $"Ether(src='{TestNetwork.Mac(TestNetwork.Left)}',dst='{TestNetwork.Mac(TestNetwork.Right)}')";
        var packets = string.Join(',', layers.Select(layer => $"{header}/{layer}"));
        network.Execute(
            TestNetwork.Left,
            Python,
            $"-c \"import logging; logging.getLogger('scapy').setLevel(logging.ERROR); from scapy.all import *; sendp([{packets}], iface='{TestNetwork.InterfaceName(TestNetwork.Left)}', verbose=0)\"");
    }
}
