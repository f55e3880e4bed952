using System.Collections;
using System.Management.Automation;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Parameters;

/// <summary>From the parameters -Respond and -Response… of a cmdlet to the responder that they mean.</summary>
static class ResponderChoice
{
    internal const string Respond = "Respond";
    internal const string NoRespond = "NoRespond";
    internal const string Text = "ResponseText";
    internal const string Data = "ResponseData";
    internal const string Type = "ResponseType";
    internal const string Limit = "ResponseLimit";
    internal const string TotalLimit = "ResponseLimitTotal";
    internal const string AllowLonger = "AllowLongerResponse";

    static readonly string[] s_details = [Text, Data, Type, Limit, TotalLimit, AllowLonger];

    /// <summary>Whether any of the parameters was given.</summary>
    internal static bool IsMade(IReadOnlyDictionary<string, object> bound) => bound.ContainsKey(Respond) || IsOn(bound, NoRespond) || s_details.Any(bound.ContainsKey);

    /// <summary>The responder: -Respond sets one up anew, the others alone change what there is, and -Respond:$false or -NoRespond is none.</summary>
    /// <param name="bound">The parameters that were given.</param>
    /// <param name="current">What there is.</param>
    /// <exception cref="CustomProtoException">The parameters contradict each other, or a type isn't one.</exception>
    internal static ResponderOptions? From(IReadOnlyDictionary<string, object> bound, ResponderOptions? current)
    {
        var details = s_details.Where(bound.ContainsKey).ToArray();
        var isOn = IsOn(bound, Respond);
        if (IsOn(bound, NoRespond) || (bound.ContainsKey(Respond) && !isOn))
        {
            var off = IsOn(bound, NoRespond) ? "-NoRespond" : "-Respond:$false";
            var against = isOn ? Respond : details.FirstOrDefault();
            return against is null
                ? null
                : throw Contradiction($"{off} and -{against}", "Leave one of them out.");
        }

        if (!isOn && details.Length == 0)
        {
            return current;
        }

        if (details.Contains(Text) && details.Contains(Data))
        {
            throw Contradiction($"-{Text} and -{Data}", "Give one of them: both are the data of the response.");
        }

        var options = isOn || current is null ? new ResponderOptions() : current;
        foreach (var name in details)
        {
            options = Change(options, name, bound[name]);
        }

        return options;
    }

    static bool IsOn(IReadOnlyDictionary<string, object> bound, string name) => bound.TryGetValue(name, out var given) && ((SwitchParameter)given).IsPresent;

    static ResponderOptions Change(ResponderOptions options, string name, object value) => name switch
    {
        Text => options with { Data = System.Text.Encoding.UTF8.GetBytes((string)value) },
        Data => options with { Data = (byte[])value },
        Type => options with { Types = ToTypes((Hashtable)value) },
        Limit => options with { Limit = (int)value },
        TotalLimit => options with { TotalLimit = (int)value },
        _ => options with { MayBeLonger = ((SwitchParameter)value).IsPresent },
    };

    static Dictionary<byte, byte> ToTypes(Hashtable table)
    {
        var types = new Dictionary<byte, byte>();
        try
        {
            foreach (DictionaryEntry entry in table)
            {
                var request = MessageTypeTransformationAttribute.ToByte(entry.Key);
                if (!types.TryAdd(request, MessageTypeTransformationAttribute.ToByte(entry.Value)))
                {
                    throw InvalidType($"'{entry.Key}' is type {request}, which stands there twice.", "Say once with what a type is answered.", table, null);
                }
            }

            return types;
        }
        catch (ArgumentTransformationMetadataException failure)
        {
            throw InvalidType(failure.Message, "Say which types are answered with which: -ResponseType @{ 5 = 6 }.", table, failure);
        }
    }

    static CustomProtoException InvalidType(string problem, string remedy, Hashtable table, Exception? cause) =>
        new(FailureKind.InvalidArgument, "InvalidResponseType", $"{Type}: {problem}", remedy, table, cause);

    static CustomProtoException Contradiction(string parameters, string remedy) =>
        new(FailureKind.InvalidArgument, "ResponderContradiction", $"{parameters} contradict each other.", remedy, parameters);
}
