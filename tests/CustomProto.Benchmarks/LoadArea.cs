using System.Diagnostics;
using CustomProto.Bpf;
using CustomProto.KernelTests;
using CustomProto.Receive;

namespace CustomProto.Benchmarks;

/// <summary>How long it takes to load and attach a program, and to list those that are attached.</summary>
sealed class LoadArea : IDisposable
{
    const string Host = "veth1";
    const int Programs = 10;
    const int Processes = 200;
    const double RegisterTarget = 150;
    const double ListTarget = 50;
    const double ImportTarget = 120;

    internal const string Remarks =
        """
        All load the same program with the same configuration: the peers from a file with the configuration already in it. Ours is timed
        inside its process, as it is used: the first call of a shell that has imported the module includes what .NET compiles then. The
        peers are timed as whole processes, as they are used; `bpftool` needs two. `xdp-loader` attaches a dispatcher that calls the program.
        No peer makes a ring for the messages, as ours does. The module's import is what it takes longer than that of a manifest that holds
        nothing but a version, each in a shell of its own. In the list, ours names owner processes and pins,
        `bpftool net` has ids only.
        """;

    readonly Settings _settings;
    readonly TestNetwork _network = new();
    readonly string _object = Path.Combine(Path.GetTempPath(), $"customproto-benchmark-{Environment.ProcessId}.o");
    readonly string _emptyModule = Path.Combine(Path.GetTempPath(), $"customproto-benchmark-{Environment.ProcessId}");
    readonly string _pin = $"{BpfFileSystem.Root}/customproto_benchmark_{Environment.ProcessId}";

    LoadArea(Settings settings)
    {
        _settings = settings;
        ConfiguredObject.Write(_object, new ReceiverOptions { Interface = Host });
    }

    internal static IReadOnlyList<Comparison> Run(Settings settings)
    {
        using var area = new LoadArea(settings);
        return [.. area.CompareImporting(), .. area.CompareRegistering(), .. area.CompareListing()];
    }

    public void Dispose()
    {
        File.Delete(_pin);
        File.Delete(_object);
        if (Directory.Exists(_emptyModule))
        {
            Directory.Delete(_emptyModule, recursive: true);
        }

        _network.Dispose();
    }

    /// <summary>What the module adds to the import of a manifest without anything.</summary>
    List<Comparison> CompareImporting()
    {
        var added = new Series("`Import-Module CustomProto`, on top");
        var empty = new Series("an empty manifest");
        Directory.CreateDirectory(_emptyModule);
        File.WriteAllText(Path.Combine(_emptyModule, "Empty.psd1"), "@{ ModuleVersion = '1.0' }\n");
        for (var pair = 0; pair < _settings.Pairs && _settings.PowerShell is not null; pair++)
        {
            var ours = MeasureImport(Path.GetFullPath(_settings.Module));
            empty.Values.Add(MeasureImport(Path.Combine(_emptyModule, "Empty.psd1")));
            added.Values.Add(ours - empty.Values[^1]);
        }

        return Comparisons("import", ImportTarget, [added], empty);
    }

    double MeasureImport(string module)
    {
        using var shell = new Shell(_settings, _network, TestNetwork.Right, imports: false);
        return shell.Measure($"Import-Module '{module}'");
    }

    List<Comparison> CompareRegistering()
    {
        var library = new Series("`Receiver.Register`, library");
        var first = new Series("`Register-XdpProgram`, first of a shell");
        var later = new Series("`Register-XdpProgram`, later");
        var loader = new Series("`xdp-loader load`");
        var bpftool = new Series("`bpftool prog load` + `net attach`");

        // Not in the numbers: what .NET compiles, and what the tools read from disk once.
        MeasureLibrary();
        MeasureXdpLoader();
        MeasureBpftool();
        for (var pair = 0; pair < _settings.Pairs; pair++)
        {
            if (_settings.PowerShell is not null)
            {
                using var shell = new Shell(_settings, _network, TestNetwork.Right);
                first.Values.Add(MeasureShell(shell));
                later.Values.Add(MeasureShell(shell));
            }

            library.Values.Add(MeasureLibrary());
            loader.Values.Add(MeasureXdpLoader());
            bpftool.Values.Add(MeasureBpftool());
        }

        return Comparisons("load and attach", RegisterTarget, [first, later, library], loader, bpftool);
    }

    List<Comparison> CompareListing()
    {
        var first = new Series("`Get-XdpProgram`, first of a shell");
        var later = new Series("`Get-XdpProgram`, later");
        var bpftool = new Series("`bpftool net`");
        var loader = new Series("`xdp-loader status`");
        var receivers = new List<Receiver>();
        var processes = new List<Process>();
        try
        {
            for (var i = 0; i < Programs; i++)
            {
                var name = i == 0 ? Host : $"list{i}";
                if (i > 0)
                {
                    _network.Connect(TestNetwork.Left, $"peer{i}", TestNetwork.Right, name);
                }

                receivers.Add(_network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions { Interface = name, RingSize = ReceiverOptions.MinRingSize })));
            }

            for (var i = 0; i < Processes; i++)
            {
                processes.Add(Process.Start("sleep", ["infinity"]));
            }

            MeasureTool("bpftool", "net");
            MeasureTool("xdp-loader", "status");
            for (var pair = 0; pair < _settings.Pairs && _settings.PowerShell is not null; pair++)
            {
                using var shell = new Shell(_settings, _network, TestNetwork.Right);
                first.Values.Add(shell.Measure($"if (@(Get-XdpProgram).Count -ne {Programs}) {{ throw 'not all programs' }}"));
                later.Values.Add(shell.Measure($"if (@(Get-XdpProgram).Count -ne {Programs}) {{ throw 'not all programs' }}"));
                bpftool.Values.Add(MeasureTool("bpftool", "net"));
                loader.Values.Add(MeasureTool("xdp-loader", "status"));
            }
        }
        finally
        {
            receivers.ForEach(receiver => receiver.Dispose());
            foreach (var process in processes)
            {
                process.Kill();
                process.WaitForExit();
                process.Dispose();
            }
        }

        return Comparisons($"list {Programs} programs, {Processes} processes", ListTarget, [later, first], bpftool, loader);
    }

    /// <summary>Without a PowerShell there are no numbers of it.</summary>
    static List<Comparison> Comparisons(string load, double target, Series[] ours, params Series[] peers) =>
        [.. ours.Where(series => series.Values.Count > 0).Select(series => new Comparison(load, "ms", series, peers) { Target = target })];

    static double MeasureShell(Shell shell)
    {
        var time = shell.Measure($"Register-XdpProgram -Interface {Host}");
        shell.Measure($"Unregister-XdpProgram -Interface {Host}");
        return time;
    }

    double MeasureLibrary() => _network.Run(TestNetwork.Right, () =>
    {
        var clock = Stopwatch.StartNew();
        using var receiver = Receiver.Register(new ReceiverOptions { Interface = Host });
        return clock.Elapsed.TotalMilliseconds;
    });

    double MeasureXdpLoader()
    {
        try
        {
            return MeasureTool("xdp-loader", $"load --mode native {Host} {_object}");
        }
        finally
        {
            _network.Execute(TestNetwork.Right, "xdp-loader", $"unload {Host} --all");
        }
    }

    double MeasureBpftool()
    {
        try
        {
            return MeasureTool("bpftool", $"prog load {_object} {_pin} type xdp") + MeasureTool("bpftool", $"net attach xdp pinned {_pin} dev {Host}");
        }
        finally
        {
            _network.Execute(TestNetwork.Right, "bpftool", $"net detach xdp dev {Host}");
            File.Delete(_pin);
        }
    }

    double MeasureTool(string program, string arguments) => _network.Run(TestNetwork.Right, () =>
    {
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var time = clock.Elapsed.TotalMilliseconds;
        return process.ExitCode == 0 ? time : throw new InvalidOperationException($"{program} {arguments}: {errors.Result}");
    });
}
