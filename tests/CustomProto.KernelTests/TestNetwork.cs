using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text;
using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.KernelTests;

/// <summary>
/// Private network namespaces ("hosts"), of which the first two are joined by a veth pair: <c>veth0</c> on host 0 and <c>veth1</c> on
/// host 1. Host n has 192.0.2.(n+1)/24, 2001:db8::(n+1)/64, fe80::(n+1)/64 and 02:00:00:00:00:0(n+1). Nobody sends anything unasked.
/// </summary>
/// <remarks>
/// The namespaces are held by descriptors of this process alone, so they vanish with <see cref="Dispose"/> or with the process,
/// however it ends. Code runs inside one on a thread of its own (<see cref="Run{T}"/>), children by <c>nsenter --net=</c>
/// <see cref="Path"/>. The interfaces' counters don't begin at 0 (IPv6 has told of its multicast groups): compare with the start.
/// </remarks>
sealed class TestNetwork : IDisposable
{
    /// <summary>The host that usually sends.</summary>
    internal const int Left = 0;

    /// <summary>The host that usually receives.</summary>
    internal const int Right = 1;

    readonly FileDescriptor[] _namespaces;

    /// <summary>Makes the namespaces and joins the first two.</summary>
    /// <param name="hosts">How many namespaces; from the third on they have only <c>lo</c>, and <see cref="Connect"/> joins them.</param>
    /// <param name="mtu">The MTU of the veth pair.</param>
    /// <param name="permanentNeighbours">Whether the two know each other's MAC address, so that there is no ARP or NDP.</param>
    internal TestNetwork(int hosts = 2, int mtu = 1500, bool permanentNeighbours = false)
    {
        _namespaces = new FileDescriptor[hosts];
        try
        {
            for (var host = 0; host < hosts; host++)
            {
                _namespaces[host] = CreateNamespace();
            }

            if (hosts > 1)
            {
                Connect(Left, InterfaceName(Left), Right, InterfaceName(Right), mtu);
                AddAddresses(Left, permanentNeighbours ? Right : null);
                AddAddresses(Right, permanentNeighbours ? Left : null);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The name of the host's end of the veth pair.</summary>
    internal static string InterfaceName(int host) => $"veth{host}";

    /// <summary>The host's IPv4 address.</summary>
    internal static string IPv4(int host) => $"192.0.2.{host + 1}";

    /// <summary>The host's IPv6 address.</summary>
    internal static string IPv6(int host) => $"2001:db8::{host + 1:x}";

    /// <summary>The host's link-local address, without a scope.</summary>
    internal static string LinkLocal(int host) => $"fe80::{host + 1:x}";

    /// <summary>The MAC address of the host's end of the veth pair.</summary>
    internal static string Mac(int host) => $"02:00:00:00:00:{host + 1:x2}";

    /// <summary>The host's namespace as a file: for <c>nsenter --net=PATH</c> and for <c>ip link … netns PATH</c>.</summary>
    internal string Path(int host) => $"/proc/{Environment.ProcessId}/fd/{_namespaces[host].DangerousGetHandle()}";

    /// <summary>Runs code inside a host and waits for it; what it throws, this throws.</summary>
    /// <remarks>
    /// Each call has a thread of its own, so calls may be nested and may run side by side. The code must not await: what follows
    /// an await runs outside. Child processes that it starts are inside.
    /// </remarks>
    internal T Run<T>(int host, Func<T> function)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Enter(host);
                result = function();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    /// <inheritdoc cref="Run{T}"/>
    internal void Run(int host, Action action) => Run(host, () =>
    {
        action();
        return true;
    });

    /// <summary>Like <see cref="Run{T}"/>, without waiting: the task ends when the code does.</summary>
    internal Task<T> Start<T>(int host, Func<T> function)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                Enter(host);
                completion.SetResult(function());
            }
            catch (Exception exception)
            {
                completion.SetException(exception);
            }
        })
        { IsBackground = true };
        thread.Start();
        return completion.Task;
    }

    /// <summary>Runs <c>ip</c> inside a host and returns what it prints.</summary>
    internal string Ip(int host, string arguments) => Execute(host, "ip", arguments);

    /// <summary>Runs a program inside a host and returns its standard output; an exit code other than 0 is an exception.</summary>
    internal string Execute(int host, string program, string arguments, string input = "") => Run(host, () =>
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} {arguments}: exit code {process.ExitCode}: {error.Result}{output}");
    });

    /// <summary>Sets a variable below <c>/proc/sys/net</c> inside a host.</summary>
    /// <param name="host">The host.</param>
    /// <param name="name">The path below <c>/proc/sys/net</c>, such as <c>ipv4/ip_forward</c>.</param>
    /// <param name="value">What to write.</param>
    internal void SetVariable(int host, string name, int value) =>
        Run(host, () => File.WriteAllText($"/proc/sys/net/{name}", value.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Joins two hosts by another veth pair and brings it up; addresses are the caller's to add.</summary>
    internal void Connect(int firstHost, string firstName, int secondHost, string secondName, int mtu = 1500)
    {
        var macs = firstName == InterfaceName(Left) && secondName == InterfaceName(Right)
            ? (First: $"address {Mac(firstHost)} ", Second: $"address {Mac(secondHost)} ")
            : (First: "", Second: "");
        Ip(
            firstHost,
            $"link add name {firstName} mtu {mtu} {macs.First}type veth "
            + $"peer name {secondName} mtu {mtu} {macs.Second}netns {Path(secondHost)}");
        Ip(secondHost, $"link set dev {secondName} up");
        Ip(firstHost, $"link set dev {firstName} up");
        WaitUntilRunning(firstHost, firstName);
        WaitUntilRunning(secondHost, secondName);
    }

    /// <summary>Waits until an interface has its queue in place: before that, packets vanish without a word.</summary>
    internal void WaitUntilRunning(int host, string name) =>
        WaitUntil(host, Rtnetlink.RTNLGRP_LINK, $"{name} to come up", () => NetworkLinks.Get(name).IsRunning);

    /// <summary>
    /// Waits until no IPv6 address is tentative any more: only then has the kernel joined its multicast group and told of it.
    /// Addresses added with <c>nodad</c> are never tentative, so don't; duplicates aren't looked for anyway.
    /// </summary>
    internal void WaitUntilSettled(int host)
    {
        const byte IFA_F_TENTATIVE = 0x40;
        const uint RTNLGRP_IPV6_IFADDR = 9;
        WaitUntil(host, RTNLGRP_IPV6_IFADDR, "IPv6 addresses to settle", () =>
        {
            using var socket = new NetlinkSocket();
            var request = new NetlinkMessageWriter(stackalloc byte[64], Rtnetlink.RTM_GETADDR);
            request.Append(new Rtnetlink.AddressMessage { Family = Libc.AF_INET6 });
            var tentative = false;
            socket.Dump(
                request,
                (type, body) => tentative |=
                    (NetlinkMessageReader.ReadHeader<Rtnetlink.AddressMessage>(body, out _).Flags & IFA_F_TENTATIVE) != 0,
                () => tentative = false);
            return !tentative;
        });
    }

    unsafe void WaitUntil(int host, uint group, string what, Func<bool> isReached) => Run(host, () =>
    {
        using var notifications = new NetlinkSocket(group);
        while (!isReached())
        {
            using var news = new BorrowedDescriptor(notifications.Descriptor);
            var descriptor = new Libc.PollDescriptor { Descriptor = news.Value, Events = Libc.POLLIN };
            if (Libc.Poll(&descriptor, 1, 10_000) == 0)
            {
                throw new TimeoutException($"Waited in vain for {what} on host {host}.");
            }

            notifications.Drain((_, _) => { });
        }
    });

    /// <summary>Gives up the namespaces; with the last thread, socket or child inside, the kernel removes them.</summary>
    public void Dispose()
    {
        foreach (var descriptor in _namespaces)
        {
            // Null where the constructor failed half-way.
            descriptor?.Dispose();
        }
    }

    void AddAddresses(int host, int? knownNeighbour)
    {
        var name = InterfaceName(host);
        var commands = new StringBuilder(
            $"""
            address add {IPv4(host)}/24 dev {name}
            address add {IPv6(host)}/64 dev {name}
            address add {LinkLocal(host)}/64 dev {name}

            """);
        if (knownNeighbour is { } other)
        {
            foreach (var address in (string[])[IPv4(other), IPv6(other), LinkLocal(other)])
            {
                commands.Append(
                    CultureInfo.InvariantCulture, $"neighbour replace {address} lladdr {Mac(other)} dev {name} nud permanent\n");
            }
        }

        Execute(host, "ip", "-batch -", commands.ToString());
        WaitUntilSettled(host);
    }

    void Enter(int host)
    {
        if (Libc.SetNs(_namespaces[host], Libc.CLONE_NEWNET) < 0)
        {
            throw new Win32Exception();
        }
    }

    static FileDescriptor CreateNamespace()
    {
        FileDescriptor? descriptor = null;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                if (Libc.Unshare(Libc.CLONE_NEWNET) < 0)
                {
                    throw new Win32Exception();
                }

                SilenceIPv6();
                descriptor = Libc.Open("/proc/thread-self/ns/net", Libc.O_RDONLY | Libc.O_CLOEXEC);
                if (descriptor.IsInvalid)
                {
                    throw new Win32Exception();
                }

                // Loopback comes up in the namespace of the thread that starts the child: this one.
                using var process = Process.Start("ip", "link set dev lo up");
                process.WaitForExit();
            }
            catch (Exception exception)
            {
                descriptor?.Dispose();
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return descriptor!;
    }

    /// <summary>Keeps interfaces of the calling thread's namespace from sending anything of their own accord.</summary>
    static void SilenceIPv6()
    {
        (string Name, string Value)[] settings =
        [
            ("accept_ra", "0"),
            ("autoconf", "0"),
            ("accept_dad", "0"),
            ("dad_transmits", "0"),
            ("router_solicitations", "0"),
            ("addr_gen_mode", "1"),
            ("use_tempaddr", "0"),
            ("disable_ipv6", "0"),

            // Version 1 reports a new multicast group once, at once; the repetition comes after a random part of the interval: never.
            ("force_mld_version", "1"),
            ("mldv1_unsolicited_report_interval", "2147483647"),
        ];
        foreach (var scope in (string[])["all", "default"])
        {
            foreach (var (name, value) in settings)
            {
                File.WriteAllText($"/proc/sys/net/ipv6/conf/{scope}/{name}", value);
            }
        }
    }
}
