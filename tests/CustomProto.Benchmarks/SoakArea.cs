using System.Diagnostics;
using System.Globalization;
using CustomProto.KernelTests;
using CustomProto.Receive;

namespace CustomProto.Benchmarks;

/// <summary>
/// Whether memory stays as it is while messages stream for a long time. Not among the areas that are measured without being named, as
/// it takes as long as it says.
/// </summary>
sealed class SoakArea : IDisposable
{
    const string LibraryReader = "library";
    const double GrowthTarget = 5;
    const double Mebibyte = 1 << 20;

    internal const string Remarks =
        """
        Messages with 64 bytes of data, sent from the kernel (`peers/live_frames.c`) without a pause, to one program with two readers, each with
        a ring of 16 MiB: one is read in the library, where the messages are (`MessageReader.Borrow`), the other one by
        `Get-CustomMessage | Out-Null` in a shell, which can't keep up and is told what it loses. Two processors have all of it to do. Resident
        memory is that of the process, rings included, and the heap is .NET's; both are looked at every 10 seconds. Growth is by how much the
        median of the last quarter of the time is above that of the second quarter; in the first, .NET compiles and finds out how much
        memory it wants. The run fails unless the counters of each reader add up, and the library has read all that was delivered to it.
        """;

    readonly Settings _settings;
    readonly TestNetwork _network = new(permanentNeighbours: true);
    readonly Peers _peers = new();
    readonly Receiver _receiver;

    SoakArea(Settings settings)
    {
        _settings = settings;
        _receiver = _network.Run(TestNetwork.Right, () => Receiver.Register(new ReceiverOptions
        {
            Interface = TestNetwork.InterfaceName(TestNetwork.Right),
            MatchAction = MatchAction.Drop,
            RingSize = 1 << 24,
            Persist = true,
        }));
    }

    TimeSpan Duration => _settings.Quick ? TimeSpan.FromSeconds(2) : _settings.Duration;

    TimeSpan Interval => _settings.Quick ? TimeSpan.FromSeconds(0.1) : TimeSpan.FromSeconds(10);

    internal static IReadOnlyList<Comparison> Run(Settings settings)
    {
        using var area = new SoakArea(settings);
        return area.Measure();
    }

    public void Dispose()
    {
        _network.Run(TestNetwork.Right, _receiver.Unregister);
        _peers.Dispose();
        _network.Dispose();
    }

    List<Comparison> Measure()
    {
        var load = string.Create(CultureInfo.InvariantCulture, $"{Duration.TotalSeconds:0} s at full rate");
        var library = new Watched(load, "library", Environment.ProcessId);
        using var reader = _receiver.OpenReader(LibraryReader);
        using var shell = _settings.PowerShell is null ? null : new Shell(_settings, _network, TestNetwork.Right);
        var pipeline = shell is null ? null : new Watched(load, "pipeline", shell.ProcessId);

        // It ends when nothing comes any more.
        var shellReading = shell is null ? null : Task.Run(() => shell.Measure(
            $"Get-CustomMessage {TestNetwork.InterfaceName(TestNetwork.Right)} -IdleTimeout 5 | Out-Null", Duration + TimeSpan.FromMinutes(2)));
        using var stop = new CancellationTokenSource();
        var reading = Task.Run(() => ReadAll(reader, stop.Token));
        var sending = Task.Run(Send);
        var heap = new Comparison($"{load}, .NET heap", "MiB", new Series("library"));
        while (!sending.Wait(Interval))
        {
            library.Look();
            pipeline?.Look();
            heap.Ours.Values.Add(GC.GetTotalMemory(forceFullCollection: false) / Mebibyte);
        }

        var sent = sending.Result;
        shellReading?.Wait();
        stop.CancelAfter(TimeSpan.FromSeconds(5));
        var (read, lost) = reading.Result;
        RequireAll(read, lost);
        var rates = new Comparison($"{load}, messages", "messages/s", new Series("seen")) { MoreIsBetter = true };
        rates.Ours.Values.Add(_receiver.ReadStatistics().Seen / sent.Elapsed.TotalSeconds);
        return [rates, .. library.Comparisons, heap, .. pipeline?.Comparisons ?? []];
    }

    Work Send()
    {
        var (left, right) = (TestNetwork.Left, TestNetwork.Right);
        return _peers.Run(_network, left, "live_frames", string.Create(
            CultureInfo.InvariantCulture,
            $"{TestNetwork.InterfaceName(left)} {TestNetwork.Mac(left)} {TestNetwork.Mac(right)} {TestNetwork.IPv4(left)} {TestNetwork.IPv4(right)} 12345 64 0 {Duration.TotalSeconds}"));
    }

    static (long Read, long Lost) ReadAll(MessageReader reader, CancellationToken stop)
    {
        var (read, lost) = (0L, 0L);
        try
        {
            while (reader.Wait(Timeout.InfiniteTimeSpan, stop))
            {
                foreach (var record in reader.Borrow())
                {
                    read++;
                    lost += record.LostBefore;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Nothing comes any more.
        }

        return (read, lost);
    }

    /// <summary>The sums are exact at rest, and what was read is what was delivered.</summary>
    void RequireAll(long read, long lost)
    {
        foreach (var statistics in _receiver.ReadReaderStatistics())
        {
            var isLibrary = statistics.Reader == LibraryReader;
            if (statistics.Offered != statistics.Delivered + statistics.Filtered + statistics.Lost || (isLibrary && (read != statistics.Delivered || lost > statistics.Lost)))
            {
                throw new InvalidOperationException($"{read} messages were read and {lost} lost, but {statistics}.");
            }
        }
    }

    /// <summary>A process whose memory is looked at.</summary>
    sealed class Watched(string load, string who, int process)
    {
        readonly Comparison _resident = new($"{load}, resident memory", "MiB", new Series(who));

        internal void Look()
        {
            using var now = Process.GetProcessById(process);
            _resident.Ours.Values.Add(now.WorkingSet64 / Mebibyte);
        }

        internal IEnumerable<Comparison> Comparisons
        {
            get
            {
                var values = _resident.Ours.Values;
                var quarter = values.Count / 4;
                var growth = new Comparison($"{load}, growth of resident memory", "%", new Series(who)) { Target = GrowthTarget };
                growth.Ours.Values.Add(100 * ((Series.MedianOf(values[^quarter..]) / Series.MedianOf(values[quarter..(2 * quarter)])) - 1));
                return [_resident, growth];
            }
        }
    }
}
