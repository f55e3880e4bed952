using CustomProto.Native;
using static CustomProto.FailureKind;
using static CustomProto.Native.Errno;

namespace CustomProto.Tests;

public sealed class FailuresTests
{
    const string Root = "Run as root (sudo pwsh).";
    const string BpfCapabilities = "setcap cap_bpf,cap_net_admin,cap_net_raw,cap_perfmon+ep";
    const string NetAdmin = "CAP_NET_ADMIN is needed: run as root (sudo pwsh), or grant it: setcap";
    const string NetRaw = "CAP_NET_RAW is needed: run as root (sudo pwsh), grant it (setcap cap_net_raw+ep on the pwsh executable), or use -Transport Udp.";
    const string Memory = "Give a smaller -RingSize, or raise the memory limit";
    const string NoRoute = "There is no route to it; ip route get ADDRESS";

    /// <summary>What is promised, apart from the table: the words are those that a hint must have, none where there is no hint.</summary>
    static readonly (Operation? Operation, int Errno, FailureKind Kind, string? Words)[] s_promised =
    [
        (Operation.OpenObject, EINVAL, InvalidData, "not a BPF object"),
        (Operation.LoadProgram, EPERM, PermissionDenied, BpfCapabilities),
        (Operation.LoadProgram, EACCES, InvalidData, "verifier refused the program; its log"),
        (Operation.LoadProgram, EINVAL, InvalidData, "kernel is too old"),
        (Operation.LoadProgram, E2BIG, LimitExceeded, "larger than the verifier allows"),
        (Operation.LoadProgram, ENOMEM, LimitExceeded, Memory),
        (Operation.AttachXdp, EBUSY, Busy, "Another XDP program is attached there."),
        (Operation.AttachXdp, EEXIST, Busy, "in another mode"),
        (Operation.AttachXdp, EOPNOTSUPP, Unsupported, "use -Mode Generic"),
        (Operation.AttachXdp, EINVAL, Unsupported, "use -Mode Generic"),
        (Operation.AttachXdp, ERANGE, Unsupported, "The MTU is too large for XDP in this driver; lower it (ip link set dev NAME mtu 1500)"),
        (Operation.AttachXdp, ENOSPC, Unsupported, "too few queues for native mode (ethtool -l NAME shows them)"),
        (Operation.AttachXdp, ENODEV, NotFound, "The interface is gone."),
        (Operation.AttachXdp, EPERM, PermissionDenied, NetAdmin),
        (Operation.DetachXdp, EPERM, PermissionDenied, NetAdmin),
        (Operation.AttachTc, ERANGE, LimitExceeded, "Get-TcProgram lists them"),
        (Operation.AttachTc, ENODEV, NotFound, "The interface is gone."),
        (Operation.AttachTc, EPERM, PermissionDenied, NetAdmin),
        (Operation.DetachTc, ENOENT, Gone, "It was detached in the meantime."),
        (Operation.DetachTc, EPERM, PermissionDenied, NetAdmin),
        (Operation.CreateMap, EPERM, PermissionDenied, BpfCapabilities),
        (Operation.CreateMap, EINVAL, InvalidArgument, "a power of two and a multiple of the page size"),
        (Operation.CreateMap, ENOMEM, LimitExceeded, Memory),
        (Operation.TestRun, EINVAL, InvalidArgument, "14 bytes at least"),
        (Operation.TestRun, ENOMEM, LimitExceeded, "longer than a test run takes"),
        (Operation.OpenKernelObject, EPERM, PermissionDenied, "needs CAP_SYS_ADMIN"),
        (Operation.OpenKernelObject, ENOENT, Gone, "unloaded"),
        (Operation.Pin, EEXIST, Exists, "remove it"),
        (Operation.OpenPin, ENOENT, Gone, "unregistered"),
        (Operation.OpenSocket, EPERM, PermissionDenied, NetRaw),
        (Operation.OpenSocket, EACCES, PermissionDenied, NetRaw),
        (Operation.BindSocket, EADDRINUSE, Busy, "-SourcePort"),
        (Operation.BindSocket, EADDRNOTAVAIL, NotFound, "isn't one of this host's"),
        (Operation.BindSocket, EACCES, PermissionDenied, "CAP_NET_BIND_SERVICE"),
        (Operation.Send, EMSGSIZE, LimitExceeded, "MTU"),
        (Operation.Send, ENETDOWN, Gone, "ip link set dev NAME up"),
        (Operation.Send, ENXIO, Gone, "The interface is gone."),
        (Operation.Send, ENODEV, Gone, "The interface is gone."),
        (Operation.Send, ENETUNREACH, Unreachable, NoRoute),
        (Operation.Send, EHOSTUNREACH, Unreachable, NoRoute),
        (Operation.Send, EACCES, PermissionDenied, "-Transport Raw only"),
        (Operation.Send, ECONNREFUSED, Unreachable, "nothing listens"),
        (Operation.QueryNetwork, ENETUNREACH, Unreachable, NoRoute),
        (Operation.QueryNetwork, EHOSTUNREACH, Unreachable, NoRoute),
        (Operation.QueryNetwork, EACCES, Unreachable, "prohibiting route"),
        (Operation.QueryNetwork, EINVAL, Unreachable, "blackhole route"),
        (Operation.QueryNetwork, ENODEV, NotFound, "ip -brief link"),
        (Operation.ResolveNeighbour, EPERM, PermissionDenied, NetAdmin),
        (null, EPERM, PermissionDenied, Root),
        (null, EACCES, PermissionDenied, Root),
        (null, ENOENT, NotFound, null),
        (null, ENODEV, NotFound, null),
        (null, EBUSY, Busy, null),
        (null, EEXIST, Exists, null),
        (null, EINVAL, InvalidArgument, null),
        (null, EOPNOTSUPP, Unsupported, null),
        (null, ENOSYS, Unsupported, "Linux 5.18 or later is needed"),
        (null, ENOTSUPP, Unsupported, null),
        (null, EAFNOSUPPORT, Unsupported, "address family switched off"),
        (null, ENOMEM, LimitExceeded, null),
        (null, ENOBUFS, LimitExceeded, null),
        (null, ENOSPC, LimitExceeded, null),
        (null, E2BIG, LimitExceeded, null),
        (null, ETIMEDOUT, FailureKind.Timeout, null),
    ];

    public static TheoryData<string> Rows => [.. Failures.Table.Select(Label)];

    public static TheoryData<string> Operations => [.. Enum.GetNames<Operation>()];

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_row_holds_for_some_failure_and_says_what_is_promised(string label)
    {
        var row = Assert.Single(Failures.Table, row => Label(row) == label);
        var promised = s_promised.Where(promise => promise.Operation == row.Operation && promise.Errno == row.Errno).ToArray();
        Assert.True(promised.Length == 1, $"{label}: a row in Failures needs one in {nameof(FailuresTests)}.");

        // A row for all operations holds for those that have no row of their own.
        var operations = row.Operation is { } one ? [one] : Enum.GetValues<Operation>();
        var reaching = operations.Where(operation => Failures.Find(operation, row.Errno) == row).ToArray();
        Assert.True(reaching.Length > 0, $"{label}: earlier rows hide it.");

        var failure = Failures.Create(reaching[0], row.Errno, "it");
        Assert.Equal(promised[0].Kind, failure.Kind);
        Assert.Equal(promised[0].Words is null, failure.Hint is null);
        Assert.Contains(promised[0].Words ?? "", failure.Hint ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void Every_promise_has_its_row() => Assert.All(
        s_promised,
        promise => Assert.Contains(Failures.Table, row => row.Operation == promise.Operation && row.Errno == promise.Errno));

    [Fact]
    public void Rows_of_one_operation_stand_before_rows_for_all()
    {
        var general = Failures.Table.SkipWhile(row => row.Operation is not null);

        Assert.All(general, row => Assert.Null(row.Operation));
    }

    [Fact]
    public void A_hint_is_whole_sentences() =>
        Assert.All(Failures.Table.Where(row => row.Hint is not null), row => Assert.Matches(@"^\S.*[.]$", row.Hint));

    [Theory]
    [MemberData(nameof(Operations))]
    public void Every_operation_has_words(string name)
    {
        var failure = Failures.Create(Enum.Parse<Operation>(name), EIO, "the thing");

        Assert.Matches(@"^Cannot [a-z][^:]*the thing[^:]*: Input/output error \(EIO\)\.$", failure.Message);
        Assert.Equal($"{name}Failed", failure.ErrorId);
        Assert.Equal((Unknown, null, EIO, "EIO", "the thing"), (failure.Kind, failure.Hint, failure.Errno, failure.ErrnoName, failure.Target));
    }

    [Theory]
    [InlineData(EBUSY)]
    [InlineData(-EBUSY)]
    public void A_message_says_what_was_done_to_what_and_why_it_failed_and_what_to_do(int errno)
    {
        var failure = Failures.Create(Operation.AttachXdp, errno, "eth0");

        Assert.Equal("Cannot attach the XDP program to 'eth0': Device or resource busy (EBUSY). Another XDP program is attached there.", failure.Message);
        Assert.Equal((EBUSY, "EBUSY"), (failure.Errno, failure.ErrnoName));
    }

    [Fact]
    public void A_caller_that_knows_better_gives_the_hint()
    {
        var failure = Failures.Create(Operation.AttachXdp, EBUSY, "eth0", "Ask Ada.");

        Assert.Equal("Cannot attach the XDP program to 'eth0': Device or resource busy (EBUSY). Ask Ada.", failure.Message);
        Assert.Equal(("Ask Ada.", Busy), (failure.Hint, failure.Kind));
    }

    [Theory]
    [InlineData("Frames too large.", "Cannot attach the XDP program to 'eth0': Input/output error (EIO): Frames too large.")]
    [InlineData("Frames too large", "Cannot attach the XDP program to 'eth0': Input/output error (EIO): Frames too large.")]
    [InlineData(" ", "Cannot attach the XDP program to 'eth0': Input/output error (EIO).")]
    public void The_kernels_own_words_are_part_of_the_message(string detail, string expected) =>
        Assert.Equal(expected, Failures.Create(Operation.AttachXdp, EIO, "eth0", detail: detail).Message);

    [Fact]
    public void An_error_number_without_a_name_is_said_as_a_number()
    {
        var failure = Failures.Create(Operation.Wait, 4095, "Godot");

        Assert.Equal("Cannot wait for Godot: Unknown error 4095 (errno 4095).", failure.Message);
        Assert.Equal((Unknown, "errno 4095"), (failure.Kind, failure.ErrnoName));
    }

    [Fact]
    public void A_log_is_carried_but_not_part_of_the_message()
    {
        var failure = Failures.Create(Operation.LoadProgram, EACCES, "cp_receive", log: "R1 invalid mem access");

        Assert.Equal("R1 invalid mem access", failure.Log);
        Assert.DoesNotContain("R1", failure.Message, StringComparison.Ordinal);
        Assert.Null(Failures.Create(Operation.LoadProgram, EACCES, "cp_receive").Log);
    }

    static string Label(Failures.Row row) => $"{row.Operation?.ToString() ?? "any operation"} {Name(row.Errno)}";
}
