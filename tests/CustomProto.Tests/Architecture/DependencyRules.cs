namespace CustomProto.Tests.Architecture;

/// <summary>Which areas of an assembly may use which: the one-way dependencies of CONTRIBUTING.md.</summary>
/// <param name="root">The namespace whose parts are the areas. What stands in it directly is open to all and uses none of them.</param>
/// <param name="allowed">What each area may use, beside itself and the root.</param>
sealed class DependencyRules(string root, IReadOnlyDictionary<string, string[]> allowed)
{
    /// <summary>The library's.</summary>
    internal static DependencyRules Library { get; } = new("CustomProto", new Dictionary<string, string[]>
    {
        ["Exchange"] = ["Send", "Receive", "Protocol", "Net", .. Exchange],
        ["Receive"] = ["Capture", "Bpf", "Net", "Protocol", "Abi", .. Receive],
        ["Send"] = ["Bpf", "Net", "Protocol", "Abi", "Native"],
        ["Programs"] = ["Bpf", "Net", "Protocol", "Capture", .. Programs],
        ["Capture"] = ["Protocol"],
        ["Bpf"] = ["Native", "Abi", "Net"],
        ["Net"] = ["Native"],
        ["Protocol"] = [],
        ["Native"] = [],
        ["Abi"] = [],
    });

    /// <summary>
    /// What is used beyond the design, for now. Receive: memory shared with the program, waiting on ring and eventfd, clocks, pins,
    /// error numbers of attaching. Exchange: waiting on rings and sockets at once, clocks, error numbers of ICMP. Programs: the private tracefs and waiting for its lines, clocks, descriptors of foreign programs.
    /// </summary>
    internal static (string From, string To)[] Exceptions { get; } = [
        .. Receive.Select(to => (nameof(Receive), to)), .. Programs.Select(to => (nameof(Programs), to)), .. Exchange.Select(to => (nameof(Exchange), to)),
    ];

    static string[] Receive => ["Native"];

    static string[] Programs => ["Native"];

    static string[] Exchange => ["Native"];

    /// <summary>The area of a namespace: empty for the root, <see langword="null"/> for what isn't part of it at all.</summary>
    internal string? Area(string name) =>
        name == root ? "" : name.StartsWith($"{root}.", StringComparison.Ordinal) ? name[(root.Length + 1)..].Split('.')[0] : null;

    /// <summary>What mentions break the rules, in words.</summary>
    internal IEnumerable<string> Violations(IEnumerable<Mention> mentions) => mentions
        .Select(mention => (Mention: mention, Problem: Judge(Area(mention.From.Namespace), Area(mention.To.Namespace))))
        .Where(judged => judged.Problem is not null)
        .Select(judged => $"{judged.Mention.From} uses {judged.Mention.To}: {judged.Problem}")
        .Order(StringComparer.Ordinal);

    /// <summary>What is wrong with one area using another; nothing if it may.</summary>
    internal string? Judge(string? from, string? to)
    {
        // Compiler-made types stand outside of every namespace and hold nothing that their users don't mention too.
        if (from is null || to is null or "" || from == to)
        {
            return null;
        }

        if (!allowed.ContainsKey(to) || (from.Length > 0 && !allowed.ContainsKey(from)))
        {
            return $"{(allowed.ContainsKey(to) ? from : to)} is not an area that {nameof(DependencyRules)} knows";
        }

        return from.Length > 0 && allowed[from].Contains(to) ? null : $"{(from.Length > 0 ? from : root)} may not use {to}";
    }
}
