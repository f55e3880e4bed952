using CustomProto.Net;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Programs;

/// <summary>A private copy of a program, whoever wrote it: the protocol's or a user's.</summary>
/// <param name="verification">What the verifier said.</param>
/// <param name="run">Runs it on a frame, so and so often.</param>
/// <param name="owner">Unloads it.</param>
sealed class TestCopy(VerificationReport verification, Func<byte[], int, CancellationToken, XdpRunReport> run, IDisposable owner) : IDisposable
{
    /// <summary>What the verifier said.</summary>
    internal VerificationReport Verification => verification;

    /// <summary>A copy of the protocol's program.</summary>
    internal static TestCopy Of(TestReceiver receiver) => new(receiver.Verification, (frame, repeat, stop) => receiver.Run(frame, repeat, stop), receiver);

    /// <summary>A copy of a user's program.</summary>
    internal static TestCopy Of(TestUserProgram program) => new(program.Verification, (frame, repeat, stop) => program.Run(frame, repeat, stop), program);

    /// <summary>Loads a copy of a registered program, with the same configuration.</summary>
    /// <exception cref="CustomProtoException">Nobody knows here what it was loaded from, or the kernel refuses.</exception>
    internal static TestCopy Load(XdpProgram program)
    {
        if (UserPrograms.Find(program.Id) is { } user)
        {
            return Of(TestUserProgram.Load(user));
        }

        try
        {
            return Of(TestReceiver.Load(InterfaceSelection.RequireReceiver(program)));
        }
        catch (CustomProtoException failure) when (failure.ErrorId == "ForeignProgram")
        {
            throw new CustomProtoException(
                FailureKind.Unsupported,
                "ObjectFileNotKnown",
                $"The XDP program {program} can't be copied: this PowerShell process didn't load it, and the kernel doesn't give programs back.",
                "If you have its object file, give that: Test-XdpProgram -Path FILE.",
                program,
                failure);
        }
    }

    /// <summary>Runs it on a frame.</summary>
    /// <exception cref="CustomProtoException">The frame is too short or too long.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal XdpRunReport Run(byte[] frame, int repeat, CancellationToken cancellationToken) => run(frame, repeat, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => owner.Dispose();
}
