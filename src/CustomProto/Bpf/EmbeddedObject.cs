namespace CustomProto.Bpf;

/// <summary>The BPF object files that the build compiled from <c>bpf/</c> and put into this assembly.</summary>
static class EmbeddedObject
{
    /// <summary>Reads the object compiled from <c>bpf/NAME.bpf.c</c>.</summary>
    internal static byte[] Read(string name)
    {
        using var stream = typeof(EmbeddedObject).Assembly.GetManifestResourceStream($"{name}.bpf.o")
            ?? throw new InvalidOperationException($"The assembly was built without the BPF object '{name}'.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
