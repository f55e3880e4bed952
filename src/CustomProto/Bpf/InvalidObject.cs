namespace CustomProto.Bpf;

/// <summary>The one failure of an object file that isn't what a compiler writes.</summary>
static class InvalidObject
{
    /// <summary>The file is damaged, or isn't a BPF object at all.</summary>
    /// <param name="name">The object, as the user knows it.</param>
    /// <param name="problem">What is wrong: a clause about "it".</param>
    internal static CustomProtoException Because(string name, string problem) => Create(name, problem, "Compile it again: clang -target bpf -O2 -g.");

    /// <summary>The descriptions of its types are missing or damaged.</summary>
    internal static CustomProtoException WithoutTypes(string name, string problem) => Create(name, problem, "Compile it with -g: clang -target bpf -O2 -g.");

    static CustomProtoException Create(string name, string problem, string hint) =>
        new(FailureKind.InvalidData, "InvalidObjectFile", $"The BPF object '{name}' can't be used: {problem}.", hint, name);
}
