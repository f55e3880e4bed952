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

    /// <summary>Writes a pcapng file.</summary>
    /// <param name="network">The network.</param>
    /// <param name="path">The file.</param>
    /// <param name="frames">The frames, as they are.</param>
    internal static void WriteCapture(TestNetwork network, string path, IEnumerable<byte[]> frames) => network.Execute(
        TestNetwork.Left,
        Python,
        $"-c \"import sys; from scapy.utils import RawPcapNgWriter; w = RawPcapNgWriter('{path}'); w.write_header(None); [w.write_packet(bytes.fromhex(line), sec=1700000000) for line in sys.stdin]; w.close()\"",
        string.Join('\n', frames.Select(Convert.ToHexString)));
}
