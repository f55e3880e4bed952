using System.Reflection;
using System.Runtime.Loader;
using CustomProto.Bpf;

namespace CustomProto.Tests;

/// <summary>Changes an environment variable of the whole process, so nothing runs beside it.</summary>
[CollectionDefinition(nameof(LibbpfResolverTests), DisableParallelization = true)]
[Collection(nameof(LibbpfResolverTests))]
public sealed class LibbpfResolverTests : IDisposable
{
    const string Variable = "CUSTOMPROTO_LIBBPF";

    readonly string? _before = Environment.GetEnvironmentVariable(Variable);

    [Fact]
    public void A_missing_library_is_said_with_what_to_install()
    {
        Environment.SetEnvironmentVariable(Variable, "/nonexistent/libbpf.so");

        var failure = FirstCall();

        // The exception's type belongs to the second copy of the assembly, so it is known by its name.
        Assert.Equal(typeof(CustomProtoException).FullName, failure.GetType().FullName);
        Assert.Equal(nameof(FailureKind.NotInstalled), Read(failure, nameof(CustomProtoException.Kind)));
        Assert.Equal("LibbpfNotInstalled", Read(failure, nameof(CustomProtoException.ErrorId)));
        Assert.Equal("/nonexistent/libbpf.so", Read(failure, nameof(CustomProtoException.Target)));
        Assert.StartsWith("Cannot load the library '/nonexistent/libbpf.so', which loads BPF programs into the kernel. Install it", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith($"or name the file in the environment variable {Variable}.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_library_says_is_kept_for_the_failure_and_not_printed()
    {
        var failure = Assert.Throws<NativeException>(() => BpfObject.Open("nothing", new byte[64]));

        Assert.Equal("OpenObjectFailed", failure.ErrorId);
        Assert.Contains("libbpf:", failure.Log, StringComparison.Ordinal);
    }

    public void Dispose() => Environment.SetEnvironmentVariable(Variable, _before);

    /// <summary>
    /// What the first call into libbpf throws. An assembly asks for the library once, so a copy of it is loaded that hasn't asked yet.
    /// </summary>
    static Exception FirstCall()
    {
        var context = new AssemblyLoadContext(nameof(LibbpfResolverTests), isCollectible: true);
        try
        {
            var copy = context.LoadFromAssemblyPath(typeof(CustomProtoException).Assembly.Location);
            var open = copy.GetType("CustomProto.Bpf.BpfObject")!.GetMethod("Open", BindingFlags.Static | BindingFlags.NonPublic)!;
            return Assert.Throws<TargetInvocationException>(() => open.Invoke(null, ["empty", new byte[1]])).InnerException!;
        }
        finally
        {
            context.Unload();
        }
    }

    static string? Read(Exception failure, string property) => failure.GetType().GetProperty(property)!.GetValue(failure)?.ToString();
}
