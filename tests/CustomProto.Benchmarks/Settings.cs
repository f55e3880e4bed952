using System.Globalization;

namespace CustomProto.Benchmarks;

/// <summary>What is to be measured, and with what.</summary>
sealed record Settings
{
    internal static readonly string[] AllAreas = ["load", "parse", "send", "receive", "respond", "encapsulate", "soak"];

    /// <summary>All but the one that takes minutes to say one thing, unless it is a short form.</summary>
    internal string[] Areas { get; init; } = AllAreas[..^1];

    /// <summary>How often each side is measured.</summary>
    internal int Pairs { get; init; } = 7;

    /// <summary>How long the area "soak" takes.</summary>
    internal TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Few runs, nothing written: whether the benchmarks still work.</summary>
    internal bool Quick { get; init; }

    /// <summary>The PowerShell, if there is one.</summary>
    internal string? PowerShell { get; init; }

    /// <summary>The folder of the module.</summary>
    internal string Module { get; init; } = "artifacts/CustomProto";

    /// <summary>Reads the command line.</summary>
    /// <exception cref="ArgumentException">It makes no sense.</exception>
    internal static Settings Parse(string[] arguments)
    {
        var settings = new Settings();
        for (var i = 0; i < arguments.Length; i++)
        {
            string Next() => ++i < arguments.Length ? arguments[i] : throw new ArgumentException($"{arguments[i - 1]} needs a value.");
            settings = arguments[i] switch
            {
                "--quick" => settings with { Quick = true, Pairs = 2, Areas = settings.Areas.Length > 1 ? AllAreas : settings.Areas },
                "--area" => settings with { Areas = [Next()] },
                "--pairs" => settings with { Pairs = int.Parse(Next(), CultureInfo.InvariantCulture) },
                "--duration" => settings with { Duration = TimeSpan.FromSeconds(double.Parse(Next(), CultureInfo.InvariantCulture)) },
                "--pwsh" => settings with { PowerShell = Next() },
                "--module" => settings with { Module = Next() },
                var other => throw new ArgumentException($"Unknown argument '{other}'."),
            };
        }

        return settings;
    }
}
