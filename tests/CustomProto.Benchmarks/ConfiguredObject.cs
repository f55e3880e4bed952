using System.Runtime.InteropServices;
using CustomProto.Bpf;
using CustomProto.Receive;

namespace CustomProto.Benchmarks;

/// <summary>The receiver's object file for tools that can't configure it: what the library sets before loading is written into the file.</summary>
static class ConfiguredObject
{
    internal static void Write(string path, ReceiverOptions options)
    {
        var bytes = EmbeddedObject.Read("receive");
        var section = ElfFile.Parse(bytes, "receive").Sections.Single(section => section.Name == ".rodata.config");
        var config = ReceiverConfiguration.Create(options);
        MemoryMarshal.Write(bytes.AsSpan((int)section.Offset, (int)section.Size), config);
        File.WriteAllBytes(path, bytes);
    }
}
