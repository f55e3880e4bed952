using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace CustomProto.Tests.Architecture;

/// <summary>Finds the types that a type mentions: in its declaration, the signatures and attributes of its members, and their instructions.</summary>
sealed class MentionCollector(PEReader file, MetadataReader metadata)
{
    readonly SignatureMentions _signatures = new();

    /// <summary>The outermost types that were mentioned, in this assembly and in others.</summary>
    internal HashSet<TypeName> Found => _signatures.Found;

    /// <summary>The outermost type around a type: closures, state machines and buffers belong to the code they were made of.</summary>
    internal static TypeName Outermost(MetadataReader metadata, TypeDefinitionHandle handle)
    {
        var type = metadata.GetTypeDefinition(handle);
        return type.GetDeclaringType() is { IsNil: false } outer
            ? Outermost(metadata, outer)
            : new TypeName(metadata.GetString(type.Namespace), metadata.GetString(type.Name));
    }

    internal static TypeName Outermost(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? Outermost(metadata, (TypeReferenceHandle)type.ResolutionScope)
            : new TypeName(metadata.GetString(type.Namespace), metadata.GetString(type.Name));
    }

    internal void Visit(TypeDefinition type)
    {
        Add(type.BaseType);
        VisitAttributes(type.GetCustomAttributes());
        VisitGenericParameters(type.GetGenericParameters());
        foreach (var implementation in type.GetInterfaceImplementations())
        {
            Add(metadata.GetInterfaceImplementation(implementation).Interface);
        }

        foreach (var handle in type.GetFields())
        {
            var field = metadata.GetFieldDefinition(handle);
            VisitAttributes(field.GetCustomAttributes());
            field.DecodeSignature(_signatures, null);
        }

        foreach (var handle in type.GetProperties())
        {
            VisitAttributes(metadata.GetPropertyDefinition(handle).GetCustomAttributes());
        }

        foreach (var handle in type.GetEvents())
        {
            VisitAttributes(metadata.GetEventDefinition(handle).GetCustomAttributes());
        }

        foreach (var handle in type.GetMethods())
        {
            Visit(metadata.GetMethodDefinition(handle));
        }
    }

    void Visit(MethodDefinition method)
    {
        VisitAttributes(method.GetCustomAttributes());
        VisitGenericParameters(method.GetGenericParameters());
        method.DecodeSignature(_signatures, null);
        foreach (var parameter in method.GetParameters())
        {
            VisitAttributes(metadata.GetParameter(parameter).GetCustomAttributes());
        }

        if (method.RelativeVirtualAddress == 0)
        {
            return;
        }

        var body = file.GetMethodBody(method.RelativeVirtualAddress);
        Add(body.LocalSignature);
        foreach (var region in body.ExceptionRegions)
        {
            Add(region.CatchType);
        }

        foreach (var token in Instructions.ReadTokens(body.GetILReader()))
        {
            Add(token);
        }
    }

    void VisitGenericParameters(GenericParameterHandleCollection parameters)
    {
        foreach (var handle in parameters)
        {
            var parameter = metadata.GetGenericParameter(handle);
            VisitAttributes(parameter.GetCustomAttributes());
            foreach (var constraint in parameter.GetConstraints())
            {
                Add(metadata.GetGenericParameterConstraint(constraint).Type);
            }
        }
    }

    void VisitAttributes(CustomAttributeHandleCollection attributes)
    {
        foreach (var attribute in attributes)
        {
            Add(metadata.GetCustomAttribute(attribute).Constructor);
        }
    }

    void Add(EntityHandle handle)
    {
        if (handle.IsNil)
        {
            return;
        }

        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                Found.Add(Outermost(metadata, (TypeDefinitionHandle)handle));
                break;
            case HandleKind.TypeReference:
                Found.Add(Outermost(metadata, (TypeReferenceHandle)handle));
                break;
            case HandleKind.TypeSpecification:
                metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(_signatures, null);
                break;
            case HandleKind.MemberReference:
                Add(metadata.GetMemberReference((MemberReferenceHandle)handle).Parent);
                break;
            case HandleKind.MethodDefinition:
                Add(metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.FieldDefinition:
                Add(metadata.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.MethodSpecification:
                var method = metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                method.DecodeSignature(_signatures, null);
                Add(method.Method);
                break;
            case HandleKind.StandaloneSignature:
                Visit(metadata.GetStandaloneSignature((StandaloneSignatureHandle)handle));
                break;
        }
    }

    /// <summary>Local variables, or what a function pointer is called with.</summary>
    void Visit(StandaloneSignature signature)
    {
        if (signature.GetKind() == StandaloneSignatureKind.LocalVariables)
        {
            signature.DecodeLocalSignature(_signatures, null);
        }
        else
        {
            signature.DecodeMethodSignature(_signatures, null);
        }
    }
}
