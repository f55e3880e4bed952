using CustomProto.Receive;

namespace TwoHosts;

/// <summary>The counters of a host.</summary>
static class Statistics
{
    /// <summary>Shows them, and checks that they add up and that as many messages came as should.</summary>
    internal static void Show(Receiver receiver, int expected)
    {
        var counted = receiver.ReadStatistics();
        (string Name, long Count)[] reasons =
        [
            (nameof(counted.Fragment), counted.Fragment),
            (nameof(counted.Truncated), counted.Truncated),
            (nameof(counted.BadChecksum), counted.BadChecksum),
            (nameof(counted.BadMagic), counted.BadMagic),
            (nameof(counted.BadVersion), counted.BadVersion),
            (nameof(counted.BadLength), counted.BadLength),
        ];
        Console.WriteLine();
        Console.WriteLine($"Counters of {receiver.Interface}:");
        Console.WriteLine($"Seen {counted.Seen} = Valid {counted.Valid}{string.Concat(reasons.Select(reason => $" + {reason.Name} {reason.Count}"))}");
        Console.WriteLine($"Valid {counted.Valid} = Delivered {counted.Delivered} + Filtered {counted.Filtered} + Lost {counted.Lost}");
        if (counted.Seen != counted.Valid + reasons.Sum(reason => reason.Count)
            || counted.Valid != counted.Delivered + counted.Filtered + counted.Lost)
        {
            throw new DemonstrationException($"The counters of {receiver.Interface} don't add up.");
        }

        if (counted.Delivered != expected)
        {
            throw new DemonstrationException($"{counted.Delivered} messages were delivered on {receiver.Interface}, not {expected}.");
        }

        Console.WriteLine("The counters add up.");
    }
}
