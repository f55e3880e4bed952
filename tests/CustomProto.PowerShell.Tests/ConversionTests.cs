using System.Management.Automation;
using CustomProto.Protocol;

namespace CustomProto.PowerShell.Tests;

/// <summary>New-CustomMessage, ConvertTo-CustomPacket, ConvertFrom-CustomPacket: without a network and without privilege.</summary>
public sealed class ConversionTests : IDisposable
{
    readonly Shell _shell = new();
    readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose()
    {
        _shell.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("New-CustomMessage 'Hello'", "cafe01010005" + "48656c6c6f")]
    [InlineData("New-CustomMessage", "cafe01010000")]
    [InlineData("New-CustomMessage 'grün'", "cafe01010005" + "6772c3bc6e")]
    [InlineData("New-CustomMessage -Data 1, 255 -Type Response", "cafe01020002" + "01ff")]
    [InlineData("New-CustomMessage -Data @() -Type 77", "cafe014d0000")]
    [InlineData("New-CustomMessage a -Version 9", "cafe09010001" + "61")]
    public void Message_is_made_of_text_and_bytes(string script, string payload)
    {
        var message = _shell.Run(script).WithoutErrors().Single<CustomMessage>();

        Assert.Equal((PacketDirection.None, null), (message.Direction, message.SourceAddress));
        Assert.Equal(payload, Convert.ToHexStringLower(_shell.Run($"{script} | ConvertTo-CustomPacket").WithoutErrors().Single<byte[]>()));
    }

    [Fact]
    public void Strings_and_files_from_the_pipeline_are_a_message_each()
    {
        Write("a.bin", [1, 2]);
        Write("b.bin", []);

        Assert.Equal(["x", "", "3"], _shell.Run("'x', '', 3 | New-CustomMessage").WithoutErrors().All<CustomMessage>().Select(message => message.Text));
        var files = _shell.Run("Get-ChildItem $args[0] | Sort-Object Name | New-CustomMessage -Type 9", _folder).WithoutErrors().All<CustomMessage>();
        Assert.Equal(["9 2", "9 0"], files.Select(message => $"{message.TypeName} {message.Length}"));
    }

    [Fact]
    public void Packet_is_one_object()
    {
        var result = _shell.Run("'a', 'bc' | New-CustomMessage | ConvertTo-CustomPacket -As Frame").WithoutErrors().All<byte[]>();

        Assert.Equal([14 + 20 + 8 + 6 + 1, 14 + 20 + 8 + 6 + 2], result.Select(frame => frame.Length));
    }

    [Fact]
    public void Frame_has_what_was_asked_for_and_comes_back()
    {
        var message = _shell.Run(
            "New-CustomMessage x | ConvertTo-CustomPacket -DestinationAddress 2001:db8::9 -SourceMac 02:00:00:00:00:0a -DestinationMac 02:00:00:00:00:0b -VlanId 5, 6 -SourcePort 7 -Port 12345 | ConvertFrom-CustomPacket -VerifyChecksum")
            .WithoutErrors().Single<CustomMessage>();

        Assert.Equal("Request, 1 bytes, [2001:db8::1]:7 to [2001:db8::9]:12345", message.ToString());
        Assert.Equal(("02:00:00:00:00:0a", "02:00:00:00:00:0b", "x"), (message.SourceMac.ToString(), message.DestinationMac.ToString(), message.Text));
        Assert.Equal([5, 6], message.VlanId);
    }

    [Theory]
    [InlineData("-Magic 0xBEEF", "BadMagic")]
    [InlineData("-Version 2 -As Frame", "BadVersion")]
    [InlineData("-Length 9", "BadLength")]
    [InlineData("-Checksum Bad", "BadChecksum")]
    [InlineData("-Checksum Zero -DestinationAddress ::1", "BadChecksum")]
    [InlineData("-Truncate 1", "Truncated")]
    public void What_is_wrong_on_purpose_is_refused_for_that(string parameters, string reason)
    {
        var error = _shell.Fail($"New-CustomMessage Hi | ConvertTo-CustomPacket {parameters} | ConvertFrom-CustomPacket -VerifyChecksum -As $args[0]", parameters.Contains("Magic", StringComparison.Ordinal) ? "Payload" : "Auto");

        Assert.Equal($"{reason},CustomProto.PowerShell.Commands.ConvertFromCustomPacketCommand", error.FullyQualifiedErrorId);
        Assert.Equal(ErrorCategory.InvalidData, error.CategoryInfo.Category);
        Assert.False(string.IsNullOrEmpty(error.ErrorDetails.RecommendedAction));
    }

    [Fact]
    public void Fragments_are_an_object_each_and_fuzzing_repeats_itself()
    {
        var fragments = _shell.Run("New-CustomMessage ('x' * 100) | ConvertTo-CustomPacket -FragmentSize 40").WithoutErrors().All<byte[]>();
        Assert.Equal([74, 74, 68], fragments.Select(fragment => fragment.Length));

        const string Fuzz = "'a', 'b' | New-CustomMessage | ConvertTo-CustomPacket -Fuzz -Seed 5 -Count 20 | ForEach-Object { [Convert]::ToHexString($_) }";
        var first = _shell.Run(Fuzz).WithoutErrors();
        Assert.True(first.Output.Count >= 40);
        Assert.Equal(first.All<string>(), _shell.Run(Fuzz).WithoutErrors().All<string>());
        Assert.Empty(first.Warnings);
        var warning = Assert.Single(_shell.Run("New-CustomMessage | ConvertTo-CustomPacket -Fuzz").WithoutErrors().Warnings);
        Assert.Matches(@"^Fuzzing with the seed (\d+): -Seed \1 makes the same packets again\.$", warning);
    }

    [Fact]
    public void Bytes_come_as_one_object_one_by_one_and_in_files()
    {
        byte[] payload = [0xCA, 0xFE, 1, 1, 0, 1, (byte)'A', 0, 0];
        Write("payload", payload);
        string[] scripts =
        [
            ",$args[0] | ConvertFrom-CustomPacket",
            "$args[0] | ConvertFrom-CustomPacket",
            "ConvertFrom-CustomPacket $args[0]",
            "Get-Content $args[1] -AsByteStream | ConvertFrom-CustomPacket",
            "Get-Item $args[1] | ConvertFrom-CustomPacket",
            "ConvertFrom-CustomPacket -Path $args[1] -As Payload",
        ];

        foreach (var script in scripts)
        {
            var message = _shell.Run(script, payload, Path.Combine(_folder, "payload")).WithoutErrors().Single<CustomMessage>();
            Assert.Equal(("A", 2), (message.Text, message.TrailingBytes));
        }
    }

    [Fact]
    public void Pipeline_goes_on_after_what_is_no_message()
    {
        var result = _shell.Run("$args | ConvertFrom-CustomPacket", Payload(1), new byte[] { 1, 2, 3 }, Payload(2), new byte[] { 0xCA, 0xFE, 7, 7, 7, 7 }, Payload(3));

        Assert.Equal([1, 2, 3], result.All<CustomMessage>().Select(message => (int)message.Type));
        Assert.Equal(["NotOnPort", "BadVersion"], result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
    }

    [Theory]
    [InlineData("ConvertFrom-CustomPacket -Path /no/such/file", "FileNotFound", "'/no/such/file'")]
    [InlineData("ConvertFrom-CustomPacket -Path /", "FileUnreadable", "'/'")]
    [InlineData("New-CustomMessage -Path /dev/zero", "FileTooLong", "70,000")]
    [InlineData("New-CustomMessage -Data ([byte[]]::new(65536))", "DataTooLong", "65536")]
    [InlineData("New-CustomMessage -Version 256", "FieldValueOutOfRange", "256 (0x100)")]
    [InlineData("New-CustomMessage ('x' * 65502) | ConvertTo-CustomPacket -As Frame", "DataTooLong", "at most 65,501")]
    [InlineData("New-CustomMessage ('x' * 65522) | ConvertTo-CustomPacket -DestinationAddress ::1", "DataTooLong", "at most 65,521")]
    [InlineData("New-CustomMessage | ConvertTo-CustomPacket -As Payload -Ttl 4", "PayloadHasNoHeaders", "-Ttl")]
    [InlineData("New-CustomMessage | ConvertTo-CustomPacket -SourceAddress ::1 -DestinationAddress 192.0.2.1", "AddressFamilyMismatch", "::1 is IPv6")]
    [InlineData("New-CustomMessage | ConvertTo-CustomPacket -DestinationAddress ::1 -IPOption 1", "OptionsNeedIPv4", "IPv6")]
    [InlineData("New-CustomMessage | ConvertTo-CustomPacket -Seed 5", "SeedWithoutFuzz", "-Fuzz")]
    [InlineData("New-CustomMessage | ConvertTo-CustomPacket -Fuzz -Seed 5 -Truncate 3", "FuzzConflict", "cut off")]
    public void Failure_is_one_error_with_advice(string script, string errorId, string words)
    {
        var error = _shell.Fail(script);

        Assert.StartsWith(errorId + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(words, error.Exception.Message, StringComparison.Ordinal);
        Assert.False(string.IsNullOrEmpty(error.ErrorDetails?.RecommendedAction), error.ToString());
    }

    [Theory]
    [InlineData("New-CustomMessage -Type 256")]
    [InlineData("New-CustomMessage -Version abc")]
    [InlineData("New-CustomMessage x -Data 1")]
    [InlineData("New-CustomMessage | ConvertTo-CustomPacket -VlanId 5000")]
    [InlineData("New-CustomMessage | ConvertTo-CustomPacket -Magic -1")]
    [InlineData("New-CustomMessage | ConvertTo-CustomPacket -FragmentSize 7")]
    [InlineData("New-CustomMessage | ConvertTo-CustomPacket -IPOption ([byte[]]::new(41))")]
    [InlineData("New-CustomMessage | ConvertTo-CustomPacket -Count 0")]
    [InlineData("New-CustomMessage | ConvertTo-CustomPacket -Checksum Wrong")]
    [InlineData("ConvertFrom-CustomPacket 1 -Port 0")]
    public void What_cannot_be_is_refused(string script) => Assert.IsType<ParameterBindingException>(_shell.Fail(script).Exception, exactMatch: false);

    static byte[] Payload(byte type) => [0xCA, 0xFE, 1, type, 0, 0];

    void Write(string name, byte[] content) => File.WriteAllBytes(Path.Combine(_folder, name), content);
}
