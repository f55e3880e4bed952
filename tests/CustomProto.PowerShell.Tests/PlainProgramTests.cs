using System.Diagnostics;
using CustomProto.KernelTests;

namespace CustomProto.PowerShell.Tests;

/// <summary>Two hosts on which netcat runs, which has never heard of the protocol, and one between them that reads their messages.</summary>
[Collection(KernelSuite.Name)]
public sealed class PlainProgramTests : IDisposable
{
    const int Far = 2;
    const string FarAddress = "198.51.100.2";

    readonly TestNetwork _network = new(hosts: 3, permanentNeighbours: true);
    readonly Shell _left;
    readonly Shell _between;
    readonly Shell _far;

    public PlainProgramTests()
    {
        _network.Connect(TestNetwork.Right, "far0", Far, "far1");
        _network.Ip(TestNetwork.Right, "address add 198.51.100.1/24 dev far0");
        _network.Ip(Far, $"address add {FarAddress}/24 dev far1");
        _network.SetVariable(TestNetwork.Right, "ipv4/ip_forward", 1);
        _network.Ip(TestNetwork.Left, $"route add 198.51.100.0/24 via {TestNetwork.IPv4(TestNetwork.Right)}");
        _network.Ip(Far, "route add 192.0.2.0/24 via 198.51.100.1");
        _left = new Shell(_network, TestNetwork.Left);
        _between = new Shell(_network, TestNetwork.Right);
        _far = new Shell(_network, Far);
    }

    public void Dispose()
    {
        _left.Dispose();
        _between.Dispose();
        _far.Dispose();
        _network.Dispose();
    }

    [KernelFact(KernelNeed.Tcx)]
    public void Netcat_speaks_the_protocol_without_knowing_it()
    {
        _left.Run("$null = Register-TcProgram veth0 -Encapsulate -Port 9000 -Type 1; $null = Register-TcProgram veth0 -Decapsulate -Port 9000").WithoutErrors();
        _far.Run("$null = Register-TcProgram far1 -Encapsulate -Port 9000 -Type Response; $null = Register-TcProgram far1 -Decapsulate -Port 9000").WithoutErrors();
        _between.Run("$null = Register-XdpProgram veth1, far0 -Port 9000 -WarningAction SilentlyContinue").WithoutErrors();
        using var server = new Netcat(_network, Far, "-l 9000");
        server.WaitUntilBound();
        using var client = new Netcat(_network, TestNetwork.Left, $"{FarAddress} 9000");

        client.Write("hello, far away");
        Assert.Equal("hello, far away", server.Read());
        server.Write("hello, whoever you are");
        Assert.Equal("hello, whoever you are", client.Read());

        Assert.Equal(
            ["Request hello, far away", "Response hello, whoever you are"],
            _between.Run("Get-CustomMessage veth1, far0 -Count 2 -IdleTimeout 10 | ForEach-Object { \"$($_.TypeName) $($_.Text.TrimEnd([char]0x240A))\" }").WithoutErrors().All<string>());
        Assert.Equal(["Ingress 0 1", "Egress 1 0"], _left.Run("Get-TcProgram | ForEach-Object { \"$($_.Direction) $($_.Encapsulated) $($_.Decapsulated)\" }").WithoutErrors().All<string>());

        // Back to plain datagrams, while they talk: what passes is none of the protocol's any more.
        _left.Run("Unregister-TcProgram veth0").WithoutErrors();
        _far.Run("Unregister-TcProgram far1").WithoutErrors();
        client.Write("plain");
        Assert.Equal("plain", server.Read());
        Assert.Equal("1", _between.Run("(Get-XdpStatistics veth1).BadMagic").WithoutErrors().Output.Single().ToString());
    }

    sealed class Netcat : IDisposable
    {
        static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

        readonly TestNetwork _network;
        readonly int _host;
        readonly Process _process;

        internal Netcat(TestNetwork network, int host, string arguments)
        {
            (_network, _host) = (network, host);
            _process = network.Run(host, () => Process.Start(new ProcessStartInfo("nc", $"-u {arguments}")
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!);
        }

        /// <summary>Nothing announces that a program has bound its socket.</summary>
        internal void WaitUntilBound() => Assert.True(SpinWait.SpinUntil(
            () => _network.Execute(_host, "cat", "/proc/thread-self/net/udp").Contains(":2328 ", StringComparison.Ordinal), s_patience));

        internal void Write(string line)
        {
            _process.StandardInput.WriteLine(line);
            _process.StandardInput.Flush();
        }

        internal string? Read()
        {
            var reading = _process.StandardOutput.ReadLineAsync();
            return reading.Wait(s_patience) ? reading.Result : throw new TimeoutException("nc has received nothing.");
        }

        public void Dispose()
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
