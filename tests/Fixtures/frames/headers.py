"""Link and network headers in front of a message."""

from scapy.layers.inet import (IPOption_LSRR, IPOption_NOP, IPOption_RR, IPOption_Router_Alert, IPOption_Timestamp, TCP,
                               fragment)
from scapy.layers.inet6 import (HBHOptUnknown, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                                IPv6ExtHdrRouting, Jumbo, RouterAlert, fragment6)
from scapy.layers.ipsec import AH, ESP
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.packet import Padding, Raw

from frames.building import (ATOMIC, DESTINATION, ETHER, FIRST, HELLO, HOP_BY_HOP, IP4, IP6, LATER, LONG_DESTINATION,
                             REQUEST, RESPONSE, ROUTING, chain, ip4, ip6, later_fragment, not_ours, over_ip4, over_ip6,
                             pattern, rejected, udp, valid)
from frames.protocols import CustomProto


def vlan():
    def tagged(name, tags, ids):
        valid(name, ETHER / tags / IP4 / REQUEST / HELLO, over_ip4(vlanId=ids))

    tagged("vlan-8021q", Dot1Q(vlan=100), [100])
    tagged("vlan-8021ad", Dot1AD(vlan=100), [100])
    tagged("vlan-qinq", Dot1AD(vlan=100) / Dot1Q(vlan=200), [100, 200])
    tagged("vlan-8021q-twice", Dot1Q(vlan=100) / Dot1Q(vlan=200), [100, 200])
    tagged("vlan-8021ad-twice", Dot1AD(vlan=7) / Dot1AD(vlan=8), [7, 8])
    tagged("vlan-8021ad-inside-8021q", Dot1Q(vlan=7) / Dot1AD(vlan=8), [7, 8])
    tagged("vlan-priority-tag", Dot1Q(prio=5, vlan=0), [0])
    tagged("vlan-priority-tag-inside", Dot1AD(vlan=100) / Dot1Q(prio=3, vlan=0), [100, 0])
    tagged("vlan-priority-and-dei-bits", Dot1Q(prio=7, id=1, vlan=100), [100])
    tagged("vlan-4095-all-bits", Dot1Q(prio=7, id=1, vlan=4095) / Dot1Q(prio=7, id=1, vlan=4094), [4095, 4094])
    valid("vlan-ipv6", ETHER / Dot1Q(vlan=4001) / IP6 / REQUEST / HELLO, over_ip6(vlanId=[4001]))
    valid("vlan-qinq-ipv6-destination-options",
          ETHER / Dot1AD(vlan=1) / Dot1Q(vlan=2) / chain(DESTINATION) / REQUEST / HELLO, over_ip6(vlanId=[1, 2]))
    valid("vlan-ipv4-options", ETHER / Dot1Q(vlan=9) / ip4(options=[IPOption_NOP()] * 4) / REQUEST / HELLO,
          over_ip4(vlanId=[9]))
    not_ours("vlan-three-tags", ETHER / Dot1Q(vlan=1) / Dot1Q(vlan=2) / Dot1Q(vlan=3) / IP4 / REQUEST / HELLO)
    not_ours("vlan-three-tags-8021ad-first",
             ETHER / Dot1AD(vlan=1) / Dot1Q(vlan=2) / Dot1Q(vlan=3) / IP6 / REQUEST / HELLO)
    not_ours("vlan-ethertype-9100",
             Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02", type=0x9100) / Dot1Q(vlan=1) / IP4 / REQUEST
             / HELLO)
    not_ours("vlan-arp", ETHER / Dot1Q(vlan=100) / ARP(hwsrc="02:00:00:00:00:01", psrc="192.0.2.1", pdst="192.0.2.2"))
    not_ours("vlan-tcp", ETHER / Dot1Q(vlan=100) / IP4 / TCP(sport=40000, dport=12345) / HELLO)
    not_ours("vlan-wrong-ip-version",
             ETHER / Dot1Q(vlan=100, type=0x86DD) / IP4 / REQUEST / HELLO / Padding(b"\0" * 40))
    rejected("vlan-bad-version", "BadVersion",
             ETHER / Dot1AD(vlan=100) / Dot1Q(vlan=200) / IP4 / REQUEST / CustomProto(version=2, length=0))


def ipv4():
    def optioned(name, options):
        valid(name, ETHER / ip4(options=options) / REQUEST / HELLO, over_ip4())

    optioned("ipv4-option-nop", [IPOption_NOP()])
    optioned("ipv4-option-router-alert", [IPOption_Router_Alert()])
    optioned("ipv4-option-timestamp", [IPOption_Timestamp(flg=0, timestamp=1)])
    optioned("ipv4-option-record-route-ihl-15", [IPOption_RR(length=39, routers=["0.0.0.0"] * 9)])
    optioned("ipv4-option-source-route", [IPOption_LSRR(pointer=8, routers=["198.51.100.1"])])
    optioned("ipv4-options-all-nop-ihl-15", [IPOption_NOP()] * 40)
    rejected("ipv4-options-bad-magic", "BadMagic",
             ETHER / ip4(options=[IPOption_NOP()] * 40) / REQUEST / CustomProto(magic=0, length=0))

    valid("ipv4-do-not-fragment", ETHER / ip4(flags="DF") / REQUEST / HELLO, over_ip4())
    valid("ipv4-reserved-flag", ETHER / ip4(flags="evil") / REQUEST / HELLO, over_ip4())
    valid("ipv4-reserved-flag-and-do-not-fragment", ETHER / ip4(flags="evil+DF") / REQUEST / HELLO, over_ip4())

    big = fragment(IP4 / REQUEST / CustomProto(length=3000) / Raw(pattern(3000)), fragsize=1400)
    assert len(big) == 3
    rejected("ipv4-fragment-first-of-three", "Fragment", ETHER / big[0])
    later_fragment("ipv4-fragment-second-of-three", ETHER / big[1])
    later_fragment("ipv4-fragment-last-of-three", ETHER / big[2])
    rejected("ipv4-fragment-first-all-flags", "Fragment", ETHER / ip4(flags="evil+DF+MF") / REQUEST / HELLO)
    rejected("ipv4-fragment-first-to-requester", "Fragment", ETHER / ip4(flags="MF") / RESPONSE / HELLO)
    rejected("ipv4-fragment-first-options-vlan", "Fragment",
             ETHER / Dot1Q(vlan=100) / ip4(flags="MF", options=[IPOption_NOP()] * 8) / REQUEST / HELLO)
    not_ours("ipv4-fragment-first-other-port", ETHER / ip4(flags="MF") / udp(dport=53) / HELLO)
    not_ours("ipv4-fragment-first-tcp", ETHER / ip4(flags="MF") / TCP(sport=40000, dport=12345) / HELLO)
    later_fragment("ipv4-fragment-offset-1", ETHER / ip4(frag=1, proto=17) / Raw(pattern(64)))
    later_fragment("ipv4-fragment-offset-256-low-byte-zero", ETHER / ip4(frag=256, proto=17) / Raw(pattern(64)))
    later_fragment("ipv4-fragment-offset-4096-top-bit-only", ETHER / ip4(frag=4096, proto=17) / Raw(pattern(64)))
    later_fragment("ipv4-fragment-offset-8191", ETHER / ip4(frag=8191, proto=17) / Raw(pattern(5)))
    later_fragment("ipv4-fragment-later-looks-like-a-message", ETHER / ip4(frag=185, flags="MF") / REQUEST / HELLO)
    later_fragment("ipv4-fragment-later-options",
                   ETHER / ip4(frag=185, proto=17, options=[IPOption_NOP()] * 40) / Raw(pattern(8)))
    later_fragment("ipv4-fragment-later-vlan",
                   ETHER / Dot1AD(vlan=1) / Dot1Q(vlan=2) / ip4(frag=185, proto=17) / Raw(pattern(64)))
    not_ours("ipv4-fragment-later-tcp", ETHER / ip4(frag=185, proto=6) / Raw(pattern(64)))
    not_ours("ipv4-fragment-later-icmp", ETHER / ip4(frag=1, proto=1, flags="MF") / Raw(pattern(64)))


def ipv6():
    def extended(name, *headers):
        valid(name, ETHER / chain(*headers) / REQUEST / HELLO, over_ip6())

    extended("ipv6-hop-by-hop", HOP_BY_HOP)
    extended("ipv6-routing", ROUTING)
    extended("ipv6-destination-options", DESTINATION)
    extended("ipv6-atomic-fragment", ATOMIC)
    extended("ipv6-recommended-order", HOP_BY_HOP, DESTINATION, ROUTING, ATOMIC, DESTINATION)
    extended("ipv6-any-order", DESTINATION, ROUTING, HOP_BY_HOP)
    extended("ipv6-same-header-twice", HOP_BY_HOP, HOP_BY_HOP)
    extended("ipv6-eight-headers", HOP_BY_HOP, *[DESTINATION] * 3, *[ROUTING] * 2, *[DESTINATION] * 2)
    extended("ipv6-eight-headers-then-atomic-fragment", *[DESTINATION] * 8, ATOMIC)
    extended("ipv6-atomic-fragment-then-eight-headers", ATOMIC, *[DESTINATION] * 8)
    extended("ipv6-four-headers-atomic-fragment-four-headers", *[DESTINATION] * 4, ATOMIC, *[DESTINATION] * 4)
    extended("ipv6-longest-header", LONG_DESTINATION)
    extended("ipv6-four-longest-headers", *[LONG_DESTINATION] * 4)
    valid("ipv6-router-alert", ETHER / ip6(nh=0) / IPv6ExtHdrHopByHop(nh=17, options=[RouterAlert()]) / REQUEST / HELLO,
          over_ip6())
    valid("ipv6-unknown-option",
          ETHER / ip6(nh=60) / IPv6ExtHdrDestOpt(nh=17, options=[HBHOptUnknown(otype=0xFE, optdata=b"odd")]) / REQUEST
          / HELLO, over_ip6())
    valid("ipv6-routing-segments-left",
          ETHER / ip6(nh=43) / IPv6ExtHdrRouting(nh=17, segleft=2, addresses=["2001:db8::8", "2001:db8::9"]) / REQUEST
          / HELLO, over_ip6())

    not_ours("ipv6-nine-headers", ETHER / chain(*[DESTINATION] * 9) / REQUEST / HELLO)
    not_ours("ipv6-nine-headers-mixed",
             ETHER / chain(HOP_BY_HOP, *[DESTINATION] * 4, *[ROUTING] * 4) / REQUEST / HELLO)
    not_ours("ipv6-nine-headers-around-atomic-fragment",
             ETHER / chain(*[DESTINATION] * 4, ATOMIC, *[DESTINATION] * 5) / REQUEST / HELLO)
    not_ours("ipv6-two-atomic-fragments", ETHER / chain(ATOMIC, ATOMIC) / REQUEST / HELLO)
    not_ours("ipv6-fragment-inside-fragment", ETHER / chain(FIRST, ATOMIC) / REQUEST / HELLO)
    not_ours("ipv6-later-fragment-inside-atomic", ETHER / chain(ATOMIC, LATER) / REQUEST / HELLO)

    big = fragment6(ETHER / ip6(nh=44) / IPv6ExtHdrFragment(nh=17, id=7) / REQUEST / CustomProto(length=3000)
                    / Raw(pattern(3000)), 1400)
    assert len(big) == 3
    rejected("ipv6-fragment-first-of-three", "Fragment", big[0])
    later_fragment("ipv6-fragment-second-of-three", big[1])
    later_fragment("ipv6-fragment-last-of-three", big[2])
    rejected("ipv6-fragment-first-between-headers", "Fragment",
             ETHER / chain(HOP_BY_HOP, FIRST, DESTINATION) / REQUEST / HELLO)
    rejected("ipv6-fragment-first-after-eight-headers", "Fragment",
             ETHER / chain(*[DESTINATION] * 8, FIRST) / REQUEST / HELLO)
    rejected("ipv6-fragment-first-to-requester", "Fragment", ETHER / chain(FIRST) / RESPONSE / HELLO)
    not_ours("ipv6-fragment-first-other-port", ETHER / chain(FIRST) / udp(dport=53) / HELLO)
    not_ours("ipv6-fragment-first-tcp",
             ETHER / ip6(nh=44) / IPv6ExtHdrFragment(nh=6, m=1) / TCP(sport=40000, dport=12345) / HELLO)
    later_fragment("ipv6-fragment-offset-1",
                   ETHER / ip6(nh=44) / IPv6ExtHdrFragment(nh=17, offset=1, m=0) / Raw(pattern(20)))
    later_fragment("ipv6-fragment-offset-4096-top-bit-only",
                   ETHER / ip6(nh=44) / IPv6ExtHdrFragment(nh=17, offset=4096, m=0) / Raw(pattern(20)))
    later_fragment("ipv6-fragment-offset-8191",
                   ETHER / ip6(nh=44) / IPv6ExtHdrFragment(nh=17, offset=8191, m=1) / Raw(pattern(20)))
    later_fragment("ipv6-fragment-offset-32-low-byte-zero",
                   ETHER / ip6(nh=44) / IPv6ExtHdrFragment(nh=17, offset=32, m=0) / Raw(pattern(20)))
    later_fragment("ipv6-fragment-later-one-byte",
                   ETHER / ip6(nh=44) / IPv6ExtHdrFragment(nh=17, offset=185, m=0) / Raw(b"x"))
    later_fragment("ipv6-fragment-later-looks-like-a-message", ETHER / chain(LATER) / REQUEST / HELLO)
    later_fragment("ipv6-fragment-later-after-eight-headers",
                   ETHER / chain(*[DESTINATION] * 8, LATER) / REQUEST / HELLO)
    not_ours("ipv6-fragment-later-tcp", ETHER / ip6(nh=44) / IPv6ExtHdrFragment(nh=6, offset=185) / Raw(pattern(64)))
    not_ours("ipv6-fragment-later-of-destination-options",
             ETHER / ip6(nh=44) / IPv6ExtHdrFragment(nh=60, offset=185) / Raw(pattern(64)))

    not_ours("ipv6-no-next-header", ETHER / ip6(nh=59) / REQUEST / HELLO)
    not_ours("ipv6-no-next-header-after-hop-by-hop",
             ETHER / ip6(nh=0) / IPv6ExtHdrHopByHop(nh=59) / REQUEST / HELLO)
    not_ours("ipv6-authentication-header",
             ETHER / ip6(nh=51) / AH(nh=17, payloadlen=4, spi=1, seq=1, icv=b"\0" * 12) / udp(chksum=0) / HELLO)
    not_ours("ipv6-esp", ETHER / ip6(nh=50) / ESP(spi=1, seq=1, data=bytes(udp(chksum=0) / HELLO)))
    not_ours("ipv6-mobility", ETHER / ip6(nh=135) / IPv6ExtHdrDestOpt(nh=17) / REQUEST / HELLO)
    not_ours("ipv6-jumbogram",
             ETHER / ip6(nh=0, plen=0) / IPv6ExtHdrHopByHop(nh=17, options=[Jumbo(jumboplen=32)]) / REQUEST / HELLO)


def cut_headers():
    """A frame that ends inside a header before the protocol's is not ours."""
    four = ETHER / IP4 / REQUEST / HELLO
    six = ETHER / IP6 / REQUEST / HELLO
    not_ours("cut-after-ethernet", four, cut=14)
    not_ours("cut-inside-ipv4", four, cut=33)
    not_ours("cut-after-ipv4", four, cut=34)
    not_ours("cut-inside-udp-after-ports", four, cut=38)
    not_ours("cut-inside-udp-last-byte", four, cut=41)
    not_ours("cut-inside-ipv6", six, cut=53)
    not_ours("cut-after-ipv6", six, cut=54)
    not_ours("cut-inside-udp-ipv6", six, cut=61)
    not_ours("cut-inside-ipv4-options", ETHER / ip4(options=[IPOption_NOP()] * 40) / REQUEST / HELLO, cut=73)
    not_ours("cut-inside-extension-header", ETHER / chain(ROUTING) / REQUEST / HELLO, cut=77)
    not_ours("cut-inside-second-extension-header", ETHER / chain(HOP_BY_HOP, DESTINATION) / REQUEST / HELLO, cut=63)
    not_ours("cut-inside-fragment-header", ETHER / chain(LATER) / REQUEST / HELLO, cut=61)
    not_ours("cut-first-fragment-inside-udp", ETHER / ip4(flags="MF") / REQUEST / HELLO, cut=40)
