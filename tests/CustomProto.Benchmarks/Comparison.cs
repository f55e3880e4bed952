namespace CustomProto.Benchmarks;

/// <summary>Numbers of one kind, in the order in which they were measured.</summary>
/// <param name="Name">What was measured.</param>
sealed record Series(string Name)
{
    /// <summary>The numbers.</summary>
    public List<double> Values { get; } = [];

    /// <summary>Of a peer: what was set as a goal for the median of the ratios, ours by the peer's.</summary>
    public double? TargetRatio { get; init; }

    /// <summary>The smallest.</summary>
    public double Min => Values.Min();

    /// <summary>The one in the middle.</summary>
    public double Median => MedianOf(Values);

    /// <summary>The largest.</summary>
    public double Max => Values.Max();

    internal static double MedianOf(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}

/// <summary>Ours beside peers, on the same load.</summary>
/// <param name="Load">What all of them had to do.</param>
/// <param name="Unit">The unit of the numbers; less is better unless <see cref="MoreIsBetter"/> says otherwise.</param>
/// <param name="Ours">Ours.</param>
/// <param name="Peers">The others; the n-th number of each was measured right after the n-th of ours.</param>
sealed record Comparison(string Load, string Unit, Series Ours, params Series[] Peers)
{
    /// <summary>Whether the numbers are of a kind, such as rates, of which more is better.</summary>
    public bool MoreIsBetter { get; init; }

    /// <summary>What was set as a goal, in the unit, for the median of ours.</summary>
    public double? Target { get; init; }

    /// <summary>Whether a number is as good as its goal.</summary>
    internal bool Reaches(double number, double goal) => MoreIsBetter ? number >= goal : number <= goal;

    /// <summary>Ours by the peer's, pair by pair.</summary>
    internal double[] Ratios(Series peer) => [.. Ours.Values.Zip(peer.Values, (ours, theirs) => ours / theirs)];
}
