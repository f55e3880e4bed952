using System.Management.Automation;
using CustomProto.Fixtures;
using CustomProto.KernelTests;
using CustomProto.Net;
using CustomProto.Programs;

namespace CustomProto.PowerShell.Tests;

/// <summary>Build-XdpProgram, and Register-XdpProgram with a user's own object file.</summary>
[Collection(KernelSuite.Name)]
public sealed class ObjectFileTests : ShellTest, IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("cp-build-").FullName;

    static string Source(string name) => Path.Combine(FixtureObjects.Sources, $"{name}.bpf.c");

    [KernelFact(KernelNeed.Bpf)]
    public void A_source_becomes_an_object_and_the_object_a_program()
    {
        var built = Shell.Run($"$object = Build-XdpProgram {Source("pass")} -OutputPath {_folder}; $object").WithoutErrors().Single<FileInfo>();
        Assert.Equal(Path.Combine(_folder, "pass.bpf.o"), built.FullName);

        var program = Shell.Run($"$program = Register-XdpProgram {Veth} -Path $object; $program").WithoutErrors().Single<XdpProgram>();
        Assert.Equal(("pass", Veth, XdpMode.Native, ProgramLifetime.Process), (program.Name, program.Interface, program.Mode, program.Lifetime));
        Assert.Equal([new XdpAttachment(XdpMode.Native, program.Id)], Attached());
        Assert.Equal(program.Id, Shell.Run("Get-XdpProgram").WithoutErrors().Single<XdpProgram>().Id);
        Assert.Contains("this shell", Shell.Run("Get-XdpProgram | Out-String").WithoutErrors().Text, StringComparison.Ordinal);

        Shell.Run("$program | Unregister-XdpProgram").WithoutErrors();
        Assert.Empty(Attached());
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Unregister_takes_the_interface_and_the_id_too()
    {
        RegisterPass();
        Shell.Run($"Unregister-XdpProgram {Veth}").WithoutErrors();
        Assert.Empty(Attached());

        RegisterPass();
        Shell.Run("Unregister-XdpProgram -Id (Get-XdpProgram).Id").WithoutErrors();
        Assert.Empty(Attached());
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_program_of_the_same_shell_takes_its_place_and_nothing_of_it_stays()
    {
        RegisterPass();
        var first = Assert.Single(Attached()).ProgramId;

        Shell.Run($"Register-XdpProgram {Veth} -MatchAction Drop -Force").WithoutErrors();

        Assert.Empty(UserPrograms.All);
        Assert.DoesNotContain(Shell.Run("Get-XdpProgram -All").WithoutErrors().All<XdpProgram>(), program => program.Id == first);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Removing_the_module_detaches()
    {
        RegisterPass();
        Shell.Run("Remove-Module CustomProto").WithoutErrors();

        Assert.Empty(Attached());
        Assert.Empty(UserPrograms.All);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData("-Force", ProgramLifetime.Process)]
    [InlineData("-Force -NoGap", ProgramLifetime.Netlink)]
    public void Program_takes_the_place_of_a_foreign_one(string parameters, ProgramLifetime lifetime)
    {
        using var foreign = new ForeignProgram(Network, TestNetwork.Right, Veth);
        Shell.Run($"$object = Build-XdpProgram {Source("pass")} -OutputPath {_folder}").WithoutErrors();

        var result = Shell.Run($"Register-XdpProgram {Veth} -Path $object -Confirm:$false {parameters}").WithoutErrors();

        var program = result.Single<XdpProgram>();
        Assert.Equal(("pass", lifetime), (program.Name, program.Lifetime));
        Assert.Contains($"'{ForeignProgram.Name}'", Assert.Single(result.Warnings), StringComparison.Ordinal);
        Shell.Run($"Unregister-XdpProgram {Veth}").WithoutErrors();
        Assert.Empty(Attached());
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.BpfFileSystem)]
    public void Persistent_program_stays_when_its_shell_closes_and_any_shell_unregisters_it()
    {
        Shell.Run($"$object = Build-XdpProgram {Source("pass")} -OutputPath {_folder}").WithoutErrors();
        var id = Shell.Run($"Register-XdpProgram {Veth} -Path $object -Persist").WithoutErrors().Single<XdpProgram>().Id;
        UserPrograms.CloseAll();

        var program = Shell.Run("Get-XdpProgram").WithoutErrors().Single<XdpProgram>();
        Assert.Equal((id, ProgramLifetime.Persistent), (program.Id, program.Lifetime));
        Shell.Run($"Unregister-XdpProgram {Veth}").WithoutErrors();

        Assert.Empty(Attached());
        Assert.False(Directory.Exists($"/sys/fs/bpf/customproto/user/{id}"));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Variables_of_every_kind_come_from_a_hashtable()
    {
        var result = Shell.Run(
            $$"""
            $numbers = 80, 443 | ForEach-Object { $_ }
            Register-XdpProgram {{Veth}} -Path {{FixtureObjects.Compile("variables")}} -Variable @{
                port = 9000; enabled = $true; verdict = 'VERDICT_PASS'; name = 'kitty'; mac = [byte[]](2, 0, 0, 0, 0, 1); ports = $numbers
                'limits.rate' = 5; custom = [uint32]7; limits = @{ burst = 3; range = @{ low = -4 } }
            }
            """);

        Assert.Equal("look", result.WithoutErrors().Single<XdpProgram>().Name);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void What_is_wrong_with_the_file_is_one_error_for_all_interfaces()
    {
        var error = Shell.Fail($"Register-XdpProgram {Veth}, lo -Path {FixtureObjects.Compile("many")}");

        AssertError(error, ErrorCategory.InvalidArgument, "ObjectProgramNotChosen", "RegisterXdpProgramCommand", "several XDP programs");
        Assert.Equal(FixtureObjects.Compile("many"), error.TargetObject);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void What_is_wrong_is_one_error_each_and_attaches_nothing()
    {
        var many = FixtureObjects.Compile("many");
        Check($"Register-XdpProgram {Veth} -Path /nonexistent.o", ErrorCategory.ObjectNotFound, "ObjectFileNotFound", "There is no file '/nonexistent.o'");
        Check($"Register-XdpProgram {Veth} -Path {Source("pass")}", ErrorCategory.InvalidData, "InvalidObjectFile", "is C source, not an object file");
        Check($"Register-XdpProgram {Veth} -Path {many}", ErrorCategory.InvalidArgument, "ObjectProgramNotChosen", "has several XDP programs: tail, first, second");
        Check($"Register-XdpProgram {Veth} -Path {many} -ProgramName none", ErrorCategory.ObjectNotFound, "ObjectProgramNotFound", "has no program 'none'");
        Check($"Register-XdpProgram {Veth} -Path {many} -ProgramName side", ErrorCategory.InvalidArgument, "NotAnXdpProgram", "is in the section 'tc'");
        Check($"Register-XdpProgram {Veth} -Path {many} -ProgramName tail -Variable @{{ limit = -1 }}", ErrorCategory.InvalidArgument, "VariableOutOfRange", "'limit'");
        Check($"Register-XdpProgram {Veth} -Path {many} -ProgramName tail -Variable @{{ limits = 1 }}", ErrorCategory.ObjectNotFound, "VariableNotFound", "has no variable 'limits'");
        Check($"Register-XdpProgram {Veth} -Path {many} -ProgramName tail -Variable @{{ 'limit.x' = 1 }}", ErrorCategory.ObjectNotFound, "VariableNotFound", "which has no members. Leave out what follows 'limit'.");
        Assert.Empty(Attached());

        void Check(string script, ErrorCategory category, string errorId, string message) =>
            AssertError(Shell.Fail(script), category, errorId, "RegisterXdpProgramCommand", message);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Refusal_of_the_verifier_shows_the_source_line_and_carries_the_log()
    {
        var error = Shell.Fail($"Register-XdpProgram {Veth} -Path {FixtureObjects.Compile("refused")}");

        Assert.Equal(ErrorCategory.InvalidData, error.CategoryInfo.Category);
        Assert.Contains("invalid access to packet", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("if (data[13] == 6)", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("processed 2 insns", Assert.IsType<NativeException>(error.Exception).Log, StringComparison.Ordinal);
        Assert.Empty(Attached());
    }

    [KernelFact(KernelNeed.Bpf)]
    public void WhatIf_has_the_kernel_look_and_attaches_nothing()
    {
        var report = Shell.Run($"Register-XdpProgram {Veth} -Path {FixtureObjects.Compile("pass")} -WhatIf").WithoutErrors().Single<VerificationReport>();
        Assert.Equal(("pass", 2), (report.Name, report.Instructions));

        Shell.Fail($"Register-XdpProgram {Veth} -Path {FixtureObjects.Compile("refused")} -WhatIf");
        Assert.Empty(Attached());
    }

    [KernelFact(KernelNeed.Bpf)]
    public void A_program_of_ones_own_has_no_messages()
    {
        RegisterPass();

        AssertError(
            Shell.Fail($"Set-XdpProgram {Veth} -MatchAction Drop"), ErrorCategory.NotImplemented, "NotTheProtocolsProgram", "SetXdpProgramCommand", "has no messages and counters of the protocol");
        AssertError(
            Shell.Fail("Get-XdpProgram | Get-CustomMessage -NoWait"), ErrorCategory.NotImplemented, "NotTheProtocolsProgram", "GetCustomMessageCommand", "has no messages and counters of the protocol");
    }

    [Fact]
    public void Errors_of_the_compiler_are_error_records_with_their_place()
    {
        var path = Write("bad.c", "int f(void)\n{\n\treturn first;\n}\nint g(void)\n{\n\treturn second;\n}\n");

        var result = Shell.Run($"Build-XdpProgram {path}");

        Assert.Empty(result.Output);
        Assert.Equal([3, 7], result.Errors.Select(error => Assert.IsType<CompilerDiagnostic>(error.TargetObject).Line));
        Assert.Equal($"{path}:3:9: error: use of undeclared identifier 'first'", result.Errors[0].ToString());
        Assert.Equal("CompilationFailed,CustomProto.PowerShell.Commands.BuildXdpProgramCommand", result.Errors[0].FullyQualifiedErrorId);
        Assert.False(File.Exists(Path.ChangeExtension(path, ".o")));
    }

    [Fact]
    public void Warnings_of_the_compiler_are_warnings()
    {
        var path = Write("warn.c", "int f(void)\n{\n\tint unused;\n\treturn VALUE;\n}\n");

        var result = Shell.Run($"Build-XdpProgram {path} -Define @{{ VALUE = 7 }}").WithoutErrors();

        Assert.Equal($"{path}:3:6: warning: unused variable 'unused' [-Wunused-variable]", Assert.Single(result.Warnings));
        Assert.Equal(Path.ChangeExtension(path, ".o"), result.Single<FileInfo>().FullName);
    }

    [Fact]
    public void Sources_come_from_the_pipeline_and_the_headers_of_the_module_are_found()
    {
        Write("one.c", "#include <customproto.h>\nint one(void) { return CP_MAX_PAYLOAD; }\n");
        Write("two.c", "int two(void) { return 2; }\n");

        var built = Shell.Run($"Get-ChildItem {_folder}/*.c | Build-XdpProgram").WithoutErrors().All<FileInfo>();

        Assert.Equal(["one.o", "two.o"], built.Select(file => file.Name));
    }

    [Fact]
    public void Paths_are_those_of_the_shell_and_nothing_reaches_another_one()
    {
        var path = Write("it's $(touch injected); `touch injected`.c", "int f(void) { return 1; }\n");

        var built = Shell.Run("Set-Location $args[0]; Build-XdpProgram $args[1]; Set-Location /", _folder, Path.GetFileName(path)).WithoutErrors().Single<FileInfo>();

        Assert.Equal(Path.ChangeExtension(path, ".o"), built.FullName);
        Assert.Empty(Directory.EnumerateFiles(_folder, "injected"));
    }

    [Fact]
    public void WhatIf_compiles_nothing()
    {
        var path = Write("my.c", "int f(void) { return 1; }\n");
        Assert.Empty(Shell.Run($"Build-XdpProgram {path} -WhatIf").WithoutErrors().Output);
        Assert.False(File.Exists(Path.ChangeExtension(path, ".o")));
    }

    [Fact]
    public void A_missing_compiler_is_one_error_with_the_command_that_installs_it()
    {
        var path = Write("my.c", "int f(void) { return 1; }\n");

        var error = Shell.Fail($"$before = $env:PATH; $env:PATH = '/nonexistent'; try {{ Build-XdpProgram {path} }} finally {{ $env:PATH = $before }}");

        AssertError(error, ErrorCategory.NotInstalled, "ClangNotInstalled", "BuildXdpProgramCommand", "apt-get install clang libbpf-dev");
    }

    [Fact]
    public void A_compiler_in_the_current_folder_is_not_run()
    {
        var path = Write("my.c", "int f(void) { return 1; }\n");
        var marker = Path.Combine(_folder, "ran");
        File.SetUnixFileMode(Write("clang", $"#!/bin/sh\ntouch {marker}\n"), UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var result = Shell.Run("$before = [Environment]::CurrentDirectory; [Environment]::CurrentDirectory = $args[0]; try { Build-XdpProgram $args[1] } finally { [Environment]::CurrentDirectory = $before }", _folder, path);

        Assert.True(result.WithoutErrors().Single<FileInfo>().Length > 0);
        Assert.False(File.Exists(marker));
    }

    [Fact]
    public void What_is_no_file_is_an_error_that_says_so()
    {
        AssertError(Shell.Fail("Build-XdpProgram $args[0]", Path.Combine(_folder, "no.c")), ErrorCategory.ObjectNotFound, "SourceFileNotFound", "BuildXdpProgramCommand", "There is no file");
        AssertError(Shell.Fail("Build-XdpProgram $args[0]", _folder), ErrorCategory.ObjectNotFound, "SourceFileNotFound", "BuildXdpProgramCommand", "is a folder, not a file");
        AssertError(Shell.Fail($"Register-XdpProgram {Veth} -Path $args[0]", _folder), ErrorCategory.InvalidArgument, "ObjectFileUnreadable", "RegisterXdpProgramCommand", "it is a folder");
    }

    public new void Dispose()
    {
        base.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    void RegisterPass() => Shell.Run($"Register-XdpProgram {Veth} -Path {FixtureObjects.Compile("pass")}").WithoutErrors();

    string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
