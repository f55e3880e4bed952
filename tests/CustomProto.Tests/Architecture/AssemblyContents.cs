using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace CustomProto.Tests.Architecture;

/// <summary>That a type, or something compiled into one, mentions another.</summary>
/// <param name="From">The outermost type that mentions, with its namespace.</param>
/// <param name="To">The outermost type that is mentioned.</param>
readonly record struct Mention(TypeName From, TypeName To);

/// <summary>A namespace and a name in it.</summary>
readonly record struct TypeName(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}.{Name}";
}

/// <summary>A built assembly as its metadata and instructions show it. Constants are not in there: the compiler copies their values.</summary>
sealed class AssemblyContents : IDisposable
{
    readonly PEReader _file;
    readonly MetadataReader _metadata;

    internal AssemblyContents(string path)
    {
        _file = new PEReader(File.OpenRead(path));
        _metadata = _file.GetMetadataReader();
    }

    /// <summary>Every mention of a type in another.</summary>
    internal IEnumerable<Mention> Mentions
    {
        get
        {
            var mentions = new HashSet<Mention>();
            foreach (var handle in _metadata.TypeDefinitions)
            {
                var from = MentionCollector.Outermost(_metadata, handle);
                var collector = new MentionCollector(_file, _metadata);
                collector.Visit(_metadata.GetTypeDefinition(handle));
                mentions.UnionWith(collector.Found.Where(to => to != from).Select(to => new Mention(from, to)));
            }

            return mentions;
        }
    }

    /// <summary>The names of the types, nested ones too; what the compiler made up has names that C# can't write.</summary>
    internal IEnumerable<TypeName> Types => _metadata.TypeDefinitions
        .Select(handle => new TypeName(MentionCollector.Outermost(_metadata, handle).Namespace, _metadata.GetString(_metadata.GetTypeDefinition(handle).Name)))
        .Where(type => !type.Name.Contains('<', StringComparison.Ordinal));

    /// <summary>The types that declare imports of native functions.</summary>
    internal IEnumerable<TypeName> ImportingTypes => _metadata.MethodDefinitions
        .Select(_metadata.GetMethodDefinition)
        .Where(method => (method.Attributes & MethodAttributes.PinvokeImpl) != 0)
        .Select(method => MentionCollector.Outermost(_metadata, method.GetDeclaringType()))
        .Distinct();

    /// <summary>The names of the assemblies it was compiled against.</summary>
    internal IEnumerable<string> References => _metadata.AssemblyReferences.Select(handle => _metadata.GetString(_metadata.GetAssemblyReference(handle).Name));

    /// <summary>Whether it was compiled with unsafe code allowed: the compiler marks the module then.</summary>
    internal bool AllowsUnsafeCode => _metadata.GetModuleDefinition().GetCustomAttributes()
        .Select(_metadata.GetCustomAttribute)
        .Where(attribute => attribute.Constructor.Kind == HandleKind.MemberReference)
        .Select(attribute => _metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent)
        .Any(parent => parent.Kind == HandleKind.TypeReference
            && _metadata.GetString(_metadata.GetTypeReference((TypeReferenceHandle)parent).Name) == "UnverifiableCodeAttribute");

    public void Dispose() => _file.Dispose();
}
