using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using CustomProto.Native;
using CustomProto.Net;

namespace CustomProto.Tests;

/// <summary>Constants and structures that were copied from C headers, judged by those headers.</summary>
public sealed class HeaderTests
{
    const string Headers = """
        #define _GNU_SOURCE
        #include <errno.h>
        #include <fcntl.h>
        #include <poll.h>
        #include <sched.h>
        #include <stddef.h>
        #include <netinet/in.h>
        #include <sys/eventfd.h>
        #include <sys/mman.h>
        #include <sys/socket.h>
        #include <sys/time.h>
        #include <sys/timex.h>
        #include <sys/uio.h>
        #include <time.h>
        #include <linux/capability.h>
        #include <linux/errqueue.h>
        #include <linux/filter.h>
        #include <linux/if.h>
        #include <linux/if_addr.h>
        #include <linux/if_arp.h>
        #include <linux/if_ether.h>
        #include <linux/if_link.h>
        #include <linux/if_packet.h>
        #include <linux/neighbour.h>
        #include <linux/net_tstamp.h>
        #include <linux/netlink.h>
        #include <linux/pkt_cls.h>
        #include <linux/rtnetlink.h>
        typedef unsigned char Byte;
        typedef short Int16;
        typedef unsigned short UInt16;
        typedef int Int32;
        typedef unsigned int UInt32;

        """;

    /// <summary>Known to the kernel alone.</summary>
    static readonly string[] s_notInHeaders = [nameof(Errno.ENOTSUPP)];

    /// <summary>The structures, and the members that stand for the fields, in the fields' order.</summary>
    static readonly (Type Managed, string C, string Members)[] s_structures =
    [
        (typeof(Libc.PollDescriptor), "struct pollfd", "fd events revents"),
        (typeof(Libc.TimeSpec), "struct timespec", "tv_sec tv_nsec"),
        (typeof(Libc.NetlinkAddress), "struct sockaddr_nl", "nl_family nl_pad nl_pid nl_groups"),
        (typeof(Libc.PacketAddress), "struct sockaddr_ll", "sll_family sll_protocol sll_ifindex sll_hatype sll_pkttype sll_halen sll_addr"),
        (typeof(Libc.ControlHeader), "struct cmsghdr", "cmsg_len cmsg_level cmsg_type"),
        (typeof(Libc.ExtendedError), "struct sock_extended_err", "ee_errno ee_origin ee_type ee_code ee_pad ee_info ee_data"),
        (typeof(Libc.FilterInstruction), "struct sock_filter", "code jt jf k"),
        (typeof(Libc.FilterProgram), "struct sock_fprog", "len filter"),
        (typeof(Libc.CapabilityHeader), "struct __user_cap_header_struct", "version pid"),
        (typeof(Libc.CapabilityData), "struct __user_cap_data_struct", "effective permitted inheritable"),
        (typeof(Libc.IoVector), "struct iovec", "iov_base iov_len"),
        (typeof(Libc.MessageHeader), "struct msghdr", "msg_name msg_namelen msg_iov msg_iovlen msg_control msg_controllen msg_flags"),
        (typeof(Libc.MultiMessageHeader), "struct mmsghdr", "msg_hdr msg_len"),
        (typeof(Rtnetlink.TrafficControlMessage), "struct tcmsg", "tcm_family tcm__pad1 tcm__pad2 tcm_ifindex tcm_handle tcm_parent tcm_info"),
    ];

    [Fact]
    public async Task Constants_and_structures_are_those_of_the_headers()
    {
        var source = new StringBuilder(Headers);
        foreach (var constant in Constants())
        {
            // A mask may have more bits in C than in the field it is for.
            var type = constant.FieldType.Name;
            source.AppendLine(CultureInfo.InvariantCulture, $"_Static_assert(({type}){constant.Name} == {constant.GetRawConstantValue()}, \"{constant.DeclaringType!.Name}.{constant.Name}\");");
        }

        foreach (var (managed, c, members) in s_structures)
        {
            source.AppendLine(CultureInfo.InvariantCulture, $"_Static_assert(sizeof({c}) == {Marshal.SizeOf(managed)}, \"{managed.Name}\");");
            foreach (var (member, field) in members.Split(' ').Zip(managed.GetFields(BindingFlags.Instance | BindingFlags.NonPublic), ValueTuple.Create))
            {
                source.AppendLine(CultureInfo.InvariantCulture, $"_Static_assert(offsetof({c}, {member}) == {Marshal.OffsetOf(managed, field.Name)}, \"{managed.Name}.{field.Name}\");");
            }
        }

        var complaints = await CCompiler.CheckAsync(source.ToString());

        Assert.True(complaints.Length == 0, complaints);
    }

    [Fact]
    public async Task A_wrong_constant_is_found() =>
        Assert.Contains("Errno.EPERM", await CCompiler.CheckAsync(Headers + "_Static_assert(EPERM == 2, \"Errno.EPERM\");"), StringComparison.Ordinal);

    [Fact]
    public void Every_structure_of_the_C_library_is_judged() => Assert.Empty(
        typeof(Libc).GetNestedTypes(BindingFlags.NonPublic)
            .Where(type => type.IsValueType && !type.Name.StartsWith('<'))
            .Except(s_structures.Select(structure => structure.Managed)));

    /// <summary>Those that have the names of C; others are the assembly's own.</summary>
    static IEnumerable<FieldInfo> Constants() => new[] { typeof(Errno), typeof(Libc), typeof(Rtnetlink) }
        .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.NonPublic))
        .Where(field => field.IsLiteral && !field.Name.Any(char.IsLower) && !s_notInHeaders.Contains(field.Name));
}
