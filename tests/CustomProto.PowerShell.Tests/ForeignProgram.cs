using System.Diagnostics;
using CustomProto.KernelTests;

namespace CustomProto.PowerShell.Tests;

/// <summary>An XDP program that somebody else attached: compiled here, and attached by iproute2 through netlink.</summary>
sealed class ForeignProgram : IDisposable
{
    internal const string Name = "stranger";

    const string Source =
        "__attribute__((section(\"xdp\"), used)) int stranger(void *context) { return 2; }\n"
        + "char _license[] __attribute__((section(\"license\"), used)) = \"GPL\";\n";

    readonly TestNetwork _network;
    readonly int _host;
    readonly string _interfaceName;
    readonly string _object = Path.GetTempFileName();

    internal ForeignProgram(TestNetwork network, int host, string interfaceName)
    {
        (_network, _host, _interfaceName) = (network, host, interfaceName);
        var start = new ProcessStartInfo("clang", ["-target", "bpf", "-O2", "-g", "-x", "c", "-c", "-", "-o", _object]) { RedirectStandardInput = true };
        using var clang = Process.Start(start)!;
        clang.StandardInput.Write(Source);
        clang.StandardInput.Close();
        clang.WaitForExit();
        Assert.Equal(0, clang.ExitCode);
        network.Ip(host, $"link set dev {interfaceName} xdp obj {_object} sec xdp");
    }

    public void Dispose()
    {
        _network.Ip(_host, $"link set dev {_interfaceName} xdp off");
        File.Delete(_object);
    }
}
