using CustomProto.Benchmarks;

// What build/bench.sh calls: benchmarks --area NAME [--pairs N] [--duration SECONDS] [--quick] [--pwsh PATH --module FOLDER]
try
{
    var settings = Settings.Parse(args);
    foreach (var area in settings.Areas)
    {
        Console.WriteLine($"Area {area}: {settings.Pairs} pairs, ours and the peers in alternation.");
        var comparisons = area switch
        {
            "load" => LoadArea.Run(settings),
            "parse" => ParseArea.Run(settings),
            "send" => SendArea.Run(settings),
            "receive" => ReceiveArea.Run(settings),
            "respond" => RespondArea.Run(settings),
            "encapsulate" => EncapsulateArea.Run(settings),
            "soak" => SoakArea.Run(settings),
            _ => throw new ArgumentException($"There is no area '{area}'; there are: {string.Join(", ", Settings.AllAreas)}."),
        };
        Console.Write(Report.Table(comparisons));
        if (!settings.Quick)
        {
            Report.Write(area, settings, comparisons);
        }
    }

    return 0;
}
catch (Exception failure) when (failure is ArgumentException or InvalidOperationException or CustomProto.CustomProtoException)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}
