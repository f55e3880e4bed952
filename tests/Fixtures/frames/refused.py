"""What is rejected with a reason, and what is not ours."""

from scapy.compat import raw
from scapy.contrib.igmp import IGMP
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP, IPOption_RR, IPOption_Router_Alert, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6ND_NS, IPv6ExtHdrDestOpt
from scapy.layers.l2 import ARP, Dot1Q, Dot3, Ether, GRE, LLC, SNAP, STP
from scapy.layers.ppp import PPP, PPPoE
from scapy.layers.sctp import SCTP
from scapy.layers.vxlan import VXLAN
from scapy.packet import Padding, Raw

from frames.building import (ATOMIC, CHECK, DESTINATION, ETHER, FIRST, HELLO, HOP_BY_HOP, IP4, IP6, REQUEST, RESPONSE,
                             ROUTING, chain, ip4, ip6, not_ours, over_ip4, over_ip6, pattern, rejected, udp, valid)
from frames.protocols import CustomProto


def reasons():
    rejected("truncated-ipv4-last-byte-missing", "Truncated", ETHER / IP4 / REQUEST / HELLO, cut=57)
    rejected("truncated-ipv6-last-byte-missing", "Truncated", ETHER / IP6 / REQUEST / HELLO, cut=77)
    rejected("truncated-only-trailing-byte-missing", "Truncated",
             ETHER / IP4 / REQUEST / CustomProto(length=10) / Raw(b"HelloWorld!"), cut=58)
    rejected("truncated-only-bytes-beyond-udp-missing", "Truncated", ETHER / ip4(len=45) / REQUEST / HELLO)
    rejected("truncated-only-bytes-beyond-udp-missing-ipv6", "Truncated", ETHER / ip6(plen=25) / REQUEST / HELLO)
    rejected("truncated-ends-after-udp-header", "Truncated", ETHER / IP4 / REQUEST / HELLO, cut=42)
    rejected("truncated-ends-after-udp-header-ipv6-extended", "Truncated",
             ETHER / chain(DESTINATION) / REQUEST / HELLO, cut=70)
    rejected("truncated-ip-length-65535", "Truncated", ETHER / ip4(len=65535) / REQUEST / HELLO)
    for length in (0, 7):
        rejected(f"truncated-udp-length-{length}", "Truncated", ETHER / IP4 / udp(len=length) / HELLO)
        rejected(f"truncated-udp-length-{length}-ipv6", "Truncated", ETHER / IP6 / udp(len=length) / HELLO)
    rejected("truncated-udp-length-past-ip-payload", "Truncated", ETHER / IP4 / udp(len=25) / HELLO)
    rejected("truncated-udp-length-past-ip-payload-ipv6", "Truncated", ETHER / chain(ROUTING) / udp(len=25) / HELLO)
    rejected("truncated-udp-length-past-ip-payload-within-frame", "Truncated",
             ETHER / IP4 / udp(len=25) / HELLO / Padding(b"\0" * 20))
    rejected("truncated-udp-length-65535", "Truncated", ETHER / IP6 / udp(len=65535) / HELLO)
    rejected("truncated-no-udp-payload", "Truncated", ETHER / IP4 / REQUEST)
    rejected("truncated-no-udp-payload-but-padding", "Truncated", ETHER / IP4 / REQUEST / Padding(raw(HELLO)))
    rejected("truncated-header-one-byte-short", "Truncated", ETHER / IP6 / REQUEST / Raw(b"\xca\xfe\x01\x01\x00"))
    rejected("truncated-header-one-byte-short-by-udp-length", "Truncated", ETHER / IP4 / udp(len=13) / HELLO)
    rejected("truncated-response", "Truncated", ETHER / IP4 / RESPONSE / Raw(b"\xca"))

    def of(header, data=b"HelloWorld", layers=ETHER / IP4 / REQUEST):
        return layers / header / Raw(data)

    for magic in (0x0000, 0xCAFF, 0xCBFE, 0xFFFF):
        rejected(f"bad-magic-{magic:04x}", "BadMagic", of(CustomProto(magic=magic, length=10)))
    rejected("bad-magic-ipv6", "BadMagic", of(CustomProto(magic=0xFECA, length=10), layers=ETHER / IP6 / REQUEST))
    for version in (0, 2, 255):
        rejected(f"bad-version-{version}", "BadVersion", of(CustomProto(version=version, length=10)))
    rejected("bad-version-ipv6-response", "BadVersion",
             of(CustomProto(version=16, length=10), layers=ETHER / IP6 / RESPONSE))
    rejected("bad-length-by-one", "BadLength", of(CustomProto(length=11)))
    rejected("bad-length-by-one-ipv6", "BadLength", of(CustomProto(length=11), layers=ETHER / IP6 / REQUEST))
    rejected("bad-length-in-the-wrong-byte-order", "BadLength", of(CustomProto(length=0x0A00)))
    rejected("bad-length-65535", "BadLength", of(CustomProto(length=65535)))
    rejected("bad-length-of-nothing", "BadLength", ETHER / IP4 / REQUEST / CustomProto(length=1))
    rejected("bad-length-padding-does-not-help", "BadLength",
             ETHER / IP4 / REQUEST / CustomProto(length=1) / Padding(b"\0" * 12))
    rejected("bad-length-ip-payload-does-not-help", "BadLength",
             ETHER / ip4(len=48) / REQUEST / CustomProto(length=11) / Raw(b"HelloWorld") / Padding(b"more"))


def precedence():
    """Packets with several defects: only the first reason counts."""
    def wrong(**fields):
        return CustomProto(**{"length": 10, **fields}) / Raw(b"HelloWorld")

    mf = ip4(flags="MF")
    rejected("first-fragment-before-truncated", "Fragment", ETHER / mf / REQUEST / HELLO, cut=50)
    rejected("first-fragment-before-udp-length-0", "Fragment", ETHER / mf / udp(len=0) / HELLO)
    rejected("first-fragment-before-short-header", "Fragment", ETHER / mf / REQUEST)
    rejected("first-fragment-before-bad-checksum", "Fragment", ETHER / mf / udp(chksum=0x1234) / HELLO,
             configuration=CHECK)
    rejected("first-fragment-before-bad-magic", "Fragment", ETHER / mf / REQUEST / wrong(magic=1))
    rejected("first-fragment-before-bad-version", "Fragment", ETHER / mf / REQUEST / wrong(version=9))
    rejected("first-fragment-before-bad-length", "Fragment", ETHER / mf / REQUEST / wrong(length=999))
    rejected("first-fragment-before-everything-ipv6", "Fragment",
             ETHER / chain(FIRST) / udp(len=7, chksum=0) / wrong(magic=1, version=9, length=999), cut=80,
             configuration=CHECK)
    rejected("truncated-before-bad-checksum", "Truncated", ETHER / IP4 / udp(chksum=0x1234) / HELLO, cut=57,
             configuration=CHECK)
    rejected("truncated-before-bad-ip-checksum", "Truncated", ETHER / ip4(chksum=0x1234) / udp(len=25) / HELLO,
             configuration=CHECK)
    rejected("truncated-before-zero-checksum-ipv6", "Truncated", ETHER / IP6 / udp(chksum=0, len=7) / HELLO,
             configuration=CHECK)
    rejected("truncated-before-bad-magic", "Truncated", ETHER / IP4 / REQUEST / wrong(magic=1), cut=57)
    rejected("truncated-before-bad-version", "Truncated", ETHER / IP4 / REQUEST / wrong(version=9), cut=57)
    rejected("truncated-before-bad-length", "Truncated", ETHER / IP4 / REQUEST / wrong(length=11), cut=57)
    rejected("truncated-short-header-before-bad-magic", "Truncated",
             ETHER / IP4 / REQUEST / Raw(b"\x00\x00\x00\x00\x00"))
    rejected("bad-checksum-before-bad-magic", "BadChecksum", ETHER / IP4 / udp(chksum=0x1234) / wrong(magic=1),
             configuration=CHECK)
    rejected("bad-checksum-before-bad-version", "BadChecksum", ETHER / IP4 / udp(chksum=0x1234) / wrong(version=9),
             configuration=CHECK)
    rejected("bad-checksum-before-bad-length", "BadChecksum", ETHER / IP6 / udp(chksum=0) / wrong(length=11),
             configuration=CHECK)
    rejected("bad-magic-before-bad-version", "BadMagic", ETHER / IP4 / REQUEST / wrong(magic=1, version=9))
    rejected("bad-magic-before-bad-length", "BadMagic", ETHER / IP4 / REQUEST / wrong(magic=1, length=11))
    rejected("bad-version-before-bad-length", "BadVersion", ETHER / IP4 / REQUEST / wrong(version=9, length=11))
    rejected("bad-magic-before-bad-version-before-bad-length", "BadMagic",
             ETHER / IP6 / REQUEST / wrong(magic=1, version=9, length=11))


def checksums():
    def checked(name, packet, message):
        valid(name, packet, message, configuration=CHECK)

    def bad(name, packet, **more):
        rejected(name, "BadChecksum", packet, configuration=CHECK, **more)

    checked("checksum-right-ipv4", ETHER / IP4 / REQUEST / HELLO, over_ip4())
    checked("checksum-right-ipv6", ETHER / IP6 / REQUEST / HELLO, over_ip6())
    checked("checksum-right-odd-length", ETHER / IP4 / REQUEST / CustomProto(length=3) / Raw(b"odd"),
            over_ip4(b"odd", length=3))
    checked("checksum-right-odd-length-ipv6", ETHER / IP6 / REQUEST / CustomProto(length=3) / Raw(b"odd"),
            over_ip6(b"odd", length=3))
    checked("checksum-right-no-data", ETHER / IP4 / REQUEST / CustomProto(length=0), over_ip4(b"", length=0))
    checked("checksum-right-many-carries", ETHER / IP4 / REQUEST / CustomProto(length=1466) / Raw(b"\xff" * 1466),
            over_ip4(b"\xff" * 1466, length=1466))
    checked("checksum-right-response-vlan", ETHER / Dot1Q(vlan=100) / IP4 / RESPONSE / HELLO,
            over_ip4(sourcePort=12345, destinationPort=40000, vlanId=[100]))
    checked("checksum-right-ipv4-options", ETHER / ip4(options=[IPOption_RR(length=39, routers=["0.0.0.0"] * 9)])
            / REQUEST / HELLO, over_ip4())
    checked("checksum-right-ipv6-extended", ETHER / chain(HOP_BY_HOP, DESTINATION, ATOMIC) / REQUEST / HELLO,
            over_ip6())
    checked("checksum-right-ipv6-routing-no-segments-left", ETHER / chain(ROUTING) / REQUEST / HELLO, over_ip6())
    checked("checksum-right-padding-not-summed", ETHER / IP4 / REQUEST / CustomProto(length=1) / Raw(b"x")
            / Padding(b"\xff" * 11), over_ip4(b"x", length=1))
    # Scapy takes the length in the pseudo header from IP.len when that is given, hence the checksum of the plain frame
    checked("checksum-right-bytes-beyond-udp-not-summed",
            ETHER / ip4(len=48) / udp(chksum=0xE336) / HELLO / Padding(b"more"), over_ip4())
    checked("checksum-right-bytes-beyond-udp-not-summed-ipv6", ETHER / ip6(plen=28) / REQUEST / HELLO
            / Padding(b"more"), over_ip6())
    checked("checksum-right-trailing-bytes-summed", ETHER / IP4 / REQUEST / CustomProto(length=10)
            / Raw(b"HelloWorld!"), over_ip4(trailingBytes=1))
    checked("checksum-none-ipv4", ETHER / IP4 / udp(chksum=0) / HELLO, over_ip4())

    bad("checksum-zero-ipv6", ETHER / IP6 / udp(chksum=0) / HELLO)
    bad("checksum-zero-ipv6-extended", ETHER / chain(DESTINATION) / udp(chksum=0) / HELLO)
    bad("checksum-wrong-ipv4", ETHER / IP4 / udp(chksum=0x1234) / HELLO)
    bad("checksum-wrong-ipv6", ETHER / IP6 / udp(chksum=0x1234) / HELLO)
    bad("checksum-ffff-is-not-none", ETHER / IP4 / udp(chksum=0xFFFF) / HELLO)
    bad("checksum-wrong-ip-header", ETHER / ip4(chksum=0x1234) / REQUEST / HELLO)
    bad("checksum-zero-ip-header", ETHER / ip4(chksum=0) / REQUEST / HELLO)
    bad("checksum-wrong-ip-header-udp-none", ETHER / ip4(chksum=0x1234) / udp(chksum=0) / HELLO)

    valid("checksum-wrong-not-asked-ipv4", ETHER / IP4 / udp(chksum=0x1234) / HELLO, over_ip4())
    valid("checksum-wrong-not-asked-ipv6", ETHER / IP6 / udp(chksum=0x1234) / HELLO, over_ip6())
    valid("checksum-zero-not-asked-ipv6", ETHER / IP6 / udp(chksum=0) / HELLO, over_ip6())
    valid("checksum-wrong-ip-header-not-asked", ETHER / ip4(chksum=0x1234) / REQUEST / HELLO, over_ip4())
    not_ours("checksum-wrong-other-port", ETHER / ip4(chksum=1) / udp(dport=53, chksum=1) / HELLO, configuration=CHECK)
    rejected("checksum-right-bad-magic", "BadMagic", ETHER / IP4 / REQUEST / CustomProto(magic=1), configuration=CHECK)


def other_traffic():
    not_ours("other-arp", ETHER / ARP(hwsrc="02:00:00:00:00:01", psrc="192.0.2.1", pdst="192.0.2.2"))
    not_ours("other-icmp", ETHER / IP4 / ICMP(id=1) / Raw(pattern(56)))
    not_ours("other-icmp-unreachable-quotes-a-message",
             ETHER / IP(src="192.0.2.2", dst="192.0.2.1") / ICMP(type=3, code=3) / IP4 / REQUEST / HELLO)
    not_ours("other-icmpv6-echo", ETHER / IP6 / ICMPv6EchoRequest(id=1, data=pattern(56)))
    not_ours("other-neighbour-solicitation", ETHER / IP6 / ICMPv6ND_NS(tgt="2001:db8::2"))
    not_ours("other-igmp", ETHER / ip4(proto=2, options=[IPOption_Router_Alert()]) / IGMP(type=0x16, gaddr="224.0.0.9"))
    not_ours("other-tcp-on-the-port", ETHER / IP4 / TCP(sport=40000, dport=12345, seq=1) / HELLO)
    not_ours("other-tcp-on-the-port-ipv6", ETHER / IP6 / TCP(sport=40000, dport=12345, seq=1) / HELLO)
    not_ours("other-sctp-on-the-port", ETHER / ip4(proto=132) / SCTP(sport=40000, dport=12345, chksum=0) / HELLO)
    not_ours("other-udp-lite-on-the-port", ETHER / ip4(proto=136) / udp() / HELLO)
    not_ours("other-udp-lite-on-the-port-ipv6", ETHER / ip6(nh=136) / udp() / HELLO)
    not_ours("other-udp-port", ETHER / IP4 / UDP(sport=40000, dport=53) / HELLO)
    not_ours("other-udp-port-ipv6", ETHER / IP6 / UDP(sport=40000, dport=53) / HELLO)
    not_ours("other-gre", ETHER / ip4(proto=47) / GRE(proto=0x0800) / IP4 / REQUEST / HELLO)
    not_ours("other-ip-in-ip", ETHER / ip4(proto=4) / IP4 / REQUEST / HELLO)
    not_ours("other-ipv6-in-ipv4", ETHER / ip4(proto=41) / IP6 / REQUEST / HELLO)
    not_ours("other-ipv4-in-ipv6", ETHER / ip6(nh=4) / IP4 / REQUEST / HELLO)
    not_ours("other-ipv6-in-ipv6", ETHER / ip6(nh=41) / IP6 / REQUEST / HELLO)
    not_ours("other-ipv4-protocol-60", ETHER / ip4(proto=60) / IPv6ExtHdrDestOpt(nh=17) / udp(chksum=0) / HELLO)
    not_ours("other-vxlan-carries-a-message",
             ETHER / IP4 / UDP(sport=40000, dport=4789) / VXLAN(vni=1) / ETHER / IP4 / REQUEST / HELLO)
    not_ours("other-mpls", ETHER / MPLS(label=16, s=1) / IP4 / REQUEST / HELLO)
    not_ours("other-pppoe", ETHER / PPPoE(sessionid=1) / PPP(proto=0x0021) / IP4 / REQUEST / HELLO)
    not_ours("other-spanning-tree",
             Dot3(src="02:00:00:00:00:01", dst="01:80:c2:00:00:00") / LLC(dsap=0x42, ssap=0x42, ctrl=3) / STP())
    not_ours("other-snap-carries-ipv4",
             Dot3(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / LLC(dsap=0xAA, ssap=0xAA, ctrl=3)
             / SNAP(OUI=0, code=0x0800) / IP4 / REQUEST / HELLO)
    not_ours("other-wrong-version-ipv6-under-ipv4",
             Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02", type=0x0800) / IP6 / REQUEST / HELLO)
    not_ours("other-wrong-version-ipv4-under-ipv6",
             Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02", type=0x86DD) / IP4 / REQUEST / HELLO)
