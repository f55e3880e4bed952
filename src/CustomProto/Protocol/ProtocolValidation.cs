namespace CustomProto.Protocol;

/// <summary>The rules that a definition has to keep, so that neither the kernel's parser nor the encoder has to doubt it.</summary>
static class ProtocolValidation
{
    /// <exception cref="CustomProtoException">The definition breaks a rule.</exception>
    internal static void Check(ProtocolDefinition definition)
    {
        if (string.IsNullOrWhiteSpace(definition.Name))
        {
            throw Invalid(definition, "it has no name", "Give it one.");
        }

        if (definition.Ports.Count is 0 or > ProtocolDefinition.MaxPorts)
        {
            throw Invalid(definition, $"it has {definition.Ports.Count} ports", $"Give it 1 to {ProtocolDefinition.MaxPorts}.");
        }

        foreach (var port in definition.Ports)
        {
            if (port is < 1 or > ushort.MaxValue)
            {
                throw Invalid(definition, $"{port} is not a UDP port", "Ports are 1 to 65535.");
            }
        }

        if (definition.HeaderSize is < 1 or > ProtocolDefinition.MaxHeaderSize)
        {
            throw Invalid(definition, $"its header has {definition.HeaderSize} bytes", $"A header has 1 to {ProtocolDefinition.MaxHeaderSize}.");
        }

        foreach (var field in definition.Fields)
        {
            CheckField(definition, field);
        }

        CheckTogether(definition);
    }

    static void CheckField(ProtocolDefinition definition, ProtocolField field)
    {
        if (string.IsNullOrWhiteSpace(field.Name))
        {
            throw Invalid(definition, $"the field at offset {field.Offset} has no name", "Give it one.");
        }

        if (field.Width is not (1 or 2 or 4 or 8))
        {
            throw Invalid(definition, $"the field '{field.Name}' has {field.Width} bytes", "A field has 1, 2, 4 or 8.");
        }

        var end = (long)field.Offset + field.Width;
        if (field.Offset < 0 || end > definition.HeaderSize)
        {
            throw Invalid(
                definition,
                $"the field '{field.Name}' ends at byte {end} of a header of {definition.HeaderSize}",
                "Correct its offset, its width or the header's size.");
        }

        var widths = field.Role switch { FieldRole.Type => 1, FieldRole.Length => 4, _ => 8 };
        if (field.Width > widths)
        {
            throw Invalid(definition, $"the {field.Role} field '{field.Name}' has {field.Width} bytes", $"It can have at most {widths}.");
        }

        var isFixed = field.Role is FieldRole.Magic or FieldRole.Version;
        if (isFixed != field.Value.HasValue)
        {
            throw Invalid(
                definition,
                isFixed ? $"the {field.Role} field '{field.Name}' has no value" : $"the {field.Role} field '{field.Name}' has a fixed value",
                "Magic and version fields have a value, others don't.");
        }

        if (field.Value > field.MaxValue)
        {
            throw Invalid(definition, $"the value {field.Value} of the field '{field.Name}' needs more than {field.Width} bytes", "Correct its value or its width.");
        }
    }

    static void CheckTogether(ProtocolDefinition definition)
    {
        var taken = new ProtocolField?[definition.HeaderSize];
        foreach (var field in definition.Fields)
        {
            for (var i = field.Offset; i < field.Offset + field.Width; i++)
            {
                if (taken[i] is { } other)
                {
                    throw Invalid(definition, $"the fields '{other.Name}' and '{field.Name}' overlap at byte {i}", "Correct their offsets.");
                }

                taken[i] = field;
            }
        }

        foreach (var field in definition.Fields)
        {
            if (definition.Fields.Count(other => other.Name.Equals(field.Name, StringComparison.OrdinalIgnoreCase)) > 1)
            {
                throw Invalid(definition, $"two fields are called '{field.Name}'", "Give each its own name.");
            }

            if (field.Role != FieldRole.Plain && definition.Fields.Count(other => other.Role == field.Role) is > 1 and var count)
            {
                throw Invalid(definition, $"it has {count} {field.Role} fields", "It can have one.");
            }
        }
    }

    static CustomProtoException Invalid(ProtocolDefinition definition, string problem, string remedy) =>
        new(FailureKind.InvalidArgument, "InvalidProtocol", $"The protocol '{definition.Name}' can't be used: {problem}.", remedy, definition.Name);
}
