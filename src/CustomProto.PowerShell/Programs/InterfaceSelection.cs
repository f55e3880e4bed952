using System.Management.Automation;
using CustomProto.Net;
using CustomProto.Programs;
using CustomProto.Receive;

namespace CustomProto.PowerShell.Programs;

/// <summary>From what a user gives to say which interface or program is meant, to the things themselves.</summary>
static class InterfaceSelection
{
    /// <summary>The interface with a name, or those that a wildcard pattern matches (none is fine then).</summary>
    /// <exception cref="CustomProtoException">There is no interface with the name.</exception>
    internal static IReadOnlyList<NetworkLink> Find(string name)
    {
        // The kernel allows * and ? in names, so a name that is one comes first.
        if (!WildcardPattern.ContainsWildcardCharacters(name) || NetworkLinks.TryGet(name, out _))
        {
            return [NetworkLinks.Get(name)];
        }

        var pattern = WildcardPattern.Get(name, WildcardOptions.None);
        return [.. NetworkLinks.List().Where(link => pattern.IsMatch(link.Name))];
    }

    /// <summary>This process's receivers on the interfaces that a name or pattern means, at XDP and at tc or only at XDP.</summary>
    /// <exception cref="CustomProtoException">There is no interface with the name, or nothing of ours is on it.</exception>
    internal static IReadOnlyList<Receiver> RequireReceivers(string name, bool onlyXdp = false)
    {
        var links = Find(name);
        var receivers = Receivers.On(links).Where(receiver => !onlyXdp || receiver.AttachPoint == AttachPoint.Xdp).ToArray();
        if (receivers.Length == 0 && links is [{ XdpAttachments.Count: > 0 }])
        {
            // Somebody else's, or a user's own: the failure says which.
            return [RequireReceiver(ProgramInventory.List(links)[0])];
        }

        return receivers.Length > 0 || links is not [var only]
            ? receivers
            : throw new CustomProtoException(
                FailureKind.NotFound,
                "NotRegistered",
                $"No program of this PowerShell process is attached to '{only.Name}'.",
                $"Run Register-XdpProgram -Interface {only.Name} first.",
                only.Name);
    }

    /// <summary>This process's receivers on an interface; where there is none, one is registered and added to the caller's own.</summary>
    /// <exception cref="CustomProtoException">There is no interface with the name, or registering isn't possible.</exception>
    internal static IReadOnlyList<Receiver> ReceiversFor(string name, List<Receiver> own)
    {
        var receivers = Receivers.On([NetworkLinks.Get(name)]);
        if (receivers.Count > 0)
        {
            return receivers;
        }

        own.Add(Receiver.Register(new ReceiverOptions { Interface = name }));
        return [own[^1]];
    }

    /// <summary>This process's receiver behind a program.</summary>
    /// <exception cref="CustomProtoException">The program isn't this process's, or isn't attached any more.</exception>
    internal static Receiver RequireReceiver(KernelProgram program) => Receivers.Find(program.Id) ?? throw (program switch
    {
        XdpProgram xdp => XdpSelection.NoReceiver(xdp),
        TcProgram tc => TcSelection.Programs.NoReceiver(tc),
        _ => new ArgumentException($"'{program}' is a program of an unknown kind.", nameof(program)),
    });
}
