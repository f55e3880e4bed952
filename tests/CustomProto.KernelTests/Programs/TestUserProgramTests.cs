using CustomProto.Bpf;
using CustomProto.Fixtures;
using CustomProto.Net;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.KernelTests.Programs;

/// <summary>Users' programs on frames that no network gave them.</summary>
[Collection(KernelSuite.Name)]
public sealed class TestUserProgramTests : IDisposable
{
    const string Pin = "/sys/fs/bpf/cp_test_runs";
    const string Interface = "veth1";

    static readonly byte[] s_frame = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];

    readonly TestNetwork _network = new();

    public void Dispose()
    {
        _network.Dispose();
        File.Delete(Pin);
    }

    static ObjectFile Jumps => ObjectFile.Read(FixtureObjects.Compile("jumps"));

    [KernelFact(KernelNeed.Bpf)]
    public void Verdict_frame_and_time_are_the_kernels()
    {
        using var program = TestUserProgram.Load(ObjectFile.Read(FixtureObjects.Compile("variables")), variables: new Dictionary<string, object?> { ["verdict"] = "VERDICT_TX" });
        Assert.Equal("look", program.Verification.Name);

        var once = program.Run(s_frame);
        Assert.Equal((XdpVerdict.Tx, 1), (once.Verdict, once.Repeat));
        Assert.Equal(s_frame, once.Output);
        var often = program.Run(s_frame, repeat: 250_000);
        Assert.Equal((XdpVerdict.Tx, 250_000), (often.Verdict, often.Repeat));
        Assert.InRange(often.DurationNanoseconds, 1, 100_000);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Frame_that_grew_at_both_ends_comes_whole()
    {
        using var program = TestUserProgram.Load(Jumps, "grow");
        var report = program.Run(s_frame);

        Assert.Equal((XdpVerdict)77, report.Verdict);
        Assert.Equal([.. Enumerable.Repeat((byte)0xab, 16), .. s_frame, .. new byte[100]], report.Output);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(14)]
    [InlineData(9000)]
    [InlineData(65_000)]
    public void Frames_of_every_size_are_run(int length)
    {
        using var program = TestUserProgram.Load(Jumps, "runs");
        Assert.Equal(length, program.Run(new byte[length]).Output.Length);
    }

    [KernelTheory(KernelNeed.Bpf)]
    [InlineData(13, "FrameTooShort")]
    [InlineData(100_000, "TestRunFailed")]
    public void Frames_that_are_none_are_refused(int length, string errorId)
    {
        using var program = TestUserProgram.Load(ObjectFile.Read(FixtureObjects.Compile("pass")));
        Assert.Equal(errorId, Assert.ThrowsAny<CustomProtoException>(() => program.Run(new byte[length])).ErrorId);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Program_jumps_to_the_others_of_its_file()
    {
        using var program = TestUserProgram.Load(Jumps, "jump");
        Assert.Equal(XdpVerdict.Drop, program.Run(s_frame).Verdict);
    }

    /// <summary>The kernel empties a table of programs that nobody holds, which a program that runs on an interface would not notice.</summary>
    [KernelTheory(KernelNeed.Bpf | KernelNeed.BpfFileSystem)]
    [InlineData(false)]
    [InlineData(true)]
    public void Attached_program_goes_on_jumping(bool persist)
    {
        var registered = Register("jump", persist: persist);
        if (persist)
        {
            UserPrograms.CloseAll();
        }

        using (var attached = new BpfProgram("jump", KernelObjects.OpenProgram(registered.ProgramId)))
        {
            Assert.Equal((uint)XdpVerdict.Drop, attached.TestRun(s_frame, []).Verdict);
        }

        if (persist)
        {
            _network.Run(TestNetwork.Right, () => XdpDetach.Detach(NetworkLinks.Get(Interface), registered.Mode, registered.ProgramId));
        }

        registered.Unregister();
    }

    [KernelFact(KernelNeed.Bpf | KernelNeed.BpfFileSystem)]
    public void Copy_has_maps_of_its_own_and_leaves_no_pin()
    {
        using (var copy = TestUserProgram.Load(Jumps, "runs"))
        {
            Assert.Equal([1, 2, 3], Enumerable.Range(0, 3).Select(_ => (int)copy.Run(s_frame).Verdict));
        }

        Assert.False(File.Exists(Pin));

        using var registered = Register("runs");
        Assert.True(File.Exists(Pin));
        using (var copy = TestUserProgram.Load(registered))
        {
            Assert.Equal(1, (int)copy.Run(s_frame, repeat: 1000).Verdict);
        }

        using var live = BpfMap.Open(Pin);
        Assert.Equal(0ul, live.Lookup<ulong>(0));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Registered_program_lends_its_file_and_its_variables()
    {
        using var registered = Register("jump", new() { ["verdict"] = 3 });
        using var copy = TestUserProgram.Load(registered);

        Assert.Equal("jump", copy.Verification.Name);
        Assert.Equal(XdpVerdict.Tx, copy.Run(s_frame).Verdict);
    }

    [KernelFact(KernelNeed.Bpf)]
    public void Long_series_can_be_cancelled()
    {
        using var program = TestUserProgram.Load(Jumps, "jump");
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();

        Assert.Throws<OperationCanceledException>(() => program.Run(s_frame, 100_000_000, cancellation.Token));
    }

    [KernelFact(KernelNeed.Bpf)]
    public void What_is_wrong_is_said_before_the_kernel_sees_it()
    {
        Assert.Equal("ObjectProgramNotFound", Fail("jumps", "nothing", []).ErrorId);
        Assert.Equal("ObjectProgramNotChosen", Fail("jumps", null, []).ErrorId);
        Assert.Equal("VariableNotFound", Fail("jumps", "jump", new() { ["nothing"] = 1 }).ErrorId);
        Assert.Equal("VariableTypeMismatch", Fail("jumps", "jump", new() { ["verdict"] = "many" }).ErrorId);
        Assert.Contains("if (data[13] == 6)", Fail("refused", null, []).Message, StringComparison.Ordinal);

        static CustomProtoException Fail(string file, string? name, Dictionary<string, object?> variables) =>
            Assert.ThrowsAny<CustomProtoException>(() => TestUserProgram.Load(ObjectFile.Read(FixtureObjects.Compile(file)), name, variables));
    }

    UserProgram Register(string name, Dictionary<string, object?>? variables = null, bool persist = false) =>
        _network.Run(TestNetwork.Right, () => UserProgram.Register(new UserProgramOptions
        {
            Interface = Interface,
            File = Jumps,
            ProgramName = name,
            Variables = variables ?? [],
            Persist = persist,
        }));
}
