using System.Diagnostics;
using System.Text.Json;
using CustomProto.Protocol;

namespace CustomProto.KernelTests.Receive;

/// <summary>Responses as Scapy sees them (tests/Fixtures/check_responses.py): whether they are right for their requests, checksums and all.</summary>
sealed class ResponseCheck
{
    readonly List<string> _lines = [];

    internal int Count => _lines.Count;

    /// <summary>Adds a response to be judged.</summary>
    /// <param name="name">What it is called when something is wrong.</param>
    /// <param name="request">The request's frame.</param>
    /// <param name="response">The response's frame.</param>
    /// <param name="payload">The UDP payload that it has to have.</param>
    internal void Add(string name, byte[] request, byte[] response, byte[] payload) => _lines.Add(JsonSerializer.Serialize(new
    {
        name,
        request = Convert.ToHexStringLower(request),
        response = Convert.ToHexStringLower(response),
        payload = Convert.ToHexStringLower(payload),
    }));

    /// <summary>The payload that answers a message: its header with another type, and the data.</summary>
    internal static byte[] Payload(ProtocolDefinition protocol, byte[] requestPayload, int dataLength, byte type, byte[]? data = null)
    {
        var payload = new byte[protocol.HeaderSize + (data?.Length ?? dataLength)];
        requestPayload.AsSpan(0, protocol.HeaderSize).CopyTo(payload);
        (data ?? requestPayload.AsSpan(protocol.HeaderSize, dataLength)).CopyTo(payload.AsSpan(protocol.HeaderSize));
        protocol.Write(protocol.Type!, payload, type);
        if (protocol.Length is { } length)
        {
            protocol.Write(length, payload, (ulong)(payload.Length - (protocol.LengthCountsHeader ? 0 : protocol.HeaderSize)));
        }

        return payload;
    }

    /// <summary>Fails where Scapy finds something wrong.</summary>
    internal void AssertRight()
    {
        using var python = Process.Start(new ProcessStartInfo("/usr/bin/python3", Path.Combine(AppContext.BaseDirectory, "Fixtures", "check_responses.py"))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = python.StandardOutput.ReadToEndAsync();
        var errors = python.StandardError.ReadToEndAsync();
        _lines.ForEach(python.StandardInput.WriteLine);
        python.StandardInput.Close();
        python.WaitForExit();
        Assert.True(python.ExitCode == 0 && output.Result.Length == 0, errors.Result + output.Result);
    }
}
