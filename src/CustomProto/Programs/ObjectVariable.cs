namespace CustomProto.Programs;

/// <summary>A global variable of an object file, which can be given another value before the program is loaded.</summary>
public sealed record ObjectVariable
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its section: <c>.rodata</c>, <c>.data</c>, <c>.bss</c>, or one of its own such as <c>.rodata.config</c>.</summary>
    public required string Section { get; init; }

    /// <summary>Its type, as C has it.</summary>
    public required string Type { get; init; }

    /// <summary>Its size in bytes.</summary>
    public required int Size { get; init; }

    /// <summary>Whether the program can't change it; it is set before loading or never.</summary>
    public bool IsConstant => Section.StartsWith(".rodata", StringComparison.Ordinal);

    /// <summary>Where it lies in its section.</summary>
    internal int Offset { get; init; }

    /// <summary>Its type's id in the object's BTF.</summary>
    internal uint TypeId { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Type} {Name}";
}
