using System.Diagnostics;
using System.Globalization;

namespace CustomProto.KernelTests.Send;

/// <summary>A packet as tshark reads it: the fields that were asked for, by name; several values of one field joined by commas.</summary>
sealed class CapturedPacket(string[] names, string[] values)
{
    internal string this[string name] => values[Array.IndexOf(names, name)];

    /// <summary>The payload of a UDP datagram.</summary>
    internal byte[] Payload => Convert.FromHexString(this["udp.payload"].Replace(":", "", StringComparison.Ordinal));
}

/// <summary>
/// Captures a settled number of packets at one end of the network with tcpdump, and reads them with tshark, checksums verified: neither
/// was written by us.
/// </summary>
sealed class PacketCapture : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    static readonly string[] s_fields =
    [
        "frame.len", "frame.time_epoch", "eth.dst", "eth.src", "eth.type", "ieee8021ad.id", "vlan.id",
        "ip.src", "ip.dst", "ip.ttl", "ip.dsfield.dscp", "ip.id", "ip.flags.df", "ip.checksum.status", "ip.hdr_len",
        "ipv6.src", "ipv6.dst", "ipv6.hlim", "ipv6.tclass.dscp", "ipv6.flow",
        "udp.srcport", "udp.dstport", "udp.checksum", "udp.checksum.status", "udp.payload",
    ];

    readonly string _path = Path.GetTempFileName();
    readonly Process _process;
    readonly Task<string> _errors;

    /// <summary>Begins; packets that are sent from now on are captured.</summary>
    /// <param name="network">The network.</param>
    /// <param name="host">The host to capture on.</param>
    /// <param name="interfaceName">The interface; only what comes in there.</param>
    /// <param name="count">How many packets end the capture.</param>
    /// <param name="filter">Which packets, in pcap-filter(7)'s language.</param>
    internal PacketCapture(TestNetwork network, int host, string interfaceName, int count, string filter = "")
    {
        var arguments = $"--net={network.Path(host)} tcpdump -Z root -i {interfaceName} -Q in --immediate-mode -s 9100 -B 16384 "
            + string.Create(CultureInfo.InvariantCulture, $"-c {count} -w {_path} {filter}");

        // Small slots and a large buffer, so that the capture itself loses nothing.
        _process = Process.Start(new ProcessStartInfo("nsenter", arguments) { RedirectStandardError = true })!;
        var seen = "";
        while (!seen.Contains("listening on", StringComparison.Ordinal))
        {
            seen += _process.StandardError.ReadLine() ?? throw new InvalidOperationException($"tcpdump {arguments}: {seen}");
        }

        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Where the capture is once it has been read.</summary>
    internal string File => _path;

    /// <summary>Waits until all packets are there, and reads them.</summary>
    internal List<CapturedPacket> Read()
    {
        Wait();
        return ReadFields();
    }

    /// <summary>Waits until all packets are there, and gives their frames.</summary>
    internal List<byte[]> ReadFrames()
    {
        Wait();
        var frames = new List<byte[]>();
        using var reader = Capture.CaptureReader.Open(_path);
        while (reader.Read() is { } frame)
        {
            frames.Add(frame.Bytes);
        }

        return frames;
    }

    void Wait()
    {
        if (!_process.WaitForExit(s_patience))
        {
            _process.Kill();
            throw new TimeoutException($"Fewer packets arrived than expected. {_errors.Result}");
        }
    }

    List<CapturedPacket> ReadFields()
    {
        var options = "-o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -o ip.defragment:FALSE";
        var start = new ProcessStartInfo("tshark", $"-n -r {_path} {options} -T fields -E separator=/t -e {string.Join(" -e ", s_fields)}")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var tshark = Process.Start(start)!;
        var errors = tshark.StandardError.ReadToEndAsync();
        var lines = tshark.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        tshark.WaitForExit();
        Assert.True(tshark.ExitCode == 0, errors.Result);
        return lines.Select(line => new CapturedPacket(s_fields, line.Split('\t'))).ToList();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
        System.IO.File.Delete(_path);
    }
}
