"""Frames that reach the program in several buffers."""

from scapy.layers.inet import IPOption_RR, TCP
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q
from scapy.packet import Padding, Raw

from frames.building import (ATOMIC, CHECK, DESTINATION, DROP, ETHER, FIRST, HELLO, HOP_BY_HOP, IP4, IP6, LATER,
                             LONG_DESTINATION, REQUEST, ROUTING, chain, ip4, later_fragment, not_ours, over_ip4,
                             over_ip6, pattern, rejected, udp, valid)
from frames.protocols import CustomProto, LONGEST, Longest, SENSOR, Sensor


def jumbo_frames():
    """Frames over 3,520 bytes reach the program in several buffers; nobody has to ask for it."""
    for frame, data in ((3520, 3472), (3521, 3473), (3600, 3552), (9000, 8952)):
        valid(f"jumbo-{frame}-ipv4", ETHER / IP4 / REQUEST / CustomProto(length=data) / Raw(pattern(data)),
              over_ip4(pattern(data), length=data))
    valid("jumbo-9000-ipv6", ETHER / IP6 / REQUEST / CustomProto(length=8932) / Raw(pattern(8932)),
          over_ip6(pattern(8932), length=8932))
    valid("jumbo-9000-checksum-right", ETHER / IP4 / REQUEST / CustomProto(length=8951) / Raw(pattern(8952)),
          over_ip4(pattern(32), length=8951, trailingBytes=1, capturedLength=32),
          configuration={"verifyChecksum": True, "snapLength": 32})
    rejected("jumbo-9000-checksum-wrong", "BadChecksum",
             ETHER / IP6 / udp(chksum=0x1234) / CustomProto(length=8932) / Raw(pattern(8932)), configuration=CHECK)
    rejected("jumbo-9000-last-byte-missing", "Truncated",
             ETHER / IP4 / REQUEST / CustomProto(length=8953) / Raw(pattern(8953)), cut=9000)
    rejected("jumbo-3600-bad-length-by-one", "BadLength",
             ETHER / IP4 / REQUEST / CustomProto(length=3553) / Raw(pattern(3552)))
    not_ours("jumbo-9000-other-port", ETHER / IP4 / udp(dport=53) / Raw(pattern(8958)))


def several_buffers():
    """The linear part ends inside every header in turn."""
    four = ETHER / IP4 / REQUEST / HELLO
    six = ETHER / IP6 / REQUEST / HELLO
    qinq = ETHER / Dot1AD(vlan=100) / Dot1Q(vlan=200) / IP4 / REQUEST / HELLO
    places = {14: "after-ethernet", 15: "inside-ipv4-first-byte", 23: "inside-ipv4-before-protocol", 33: "inside-ipv4",
              34: "after-ipv4", 35: "inside-source-port", 37: "inside-destination-port", 39: "inside-udp-length",
              41: "inside-udp", 42: "after-udp", 43: "inside-magic", 45: "inside-protocol-header",
              47: "inside-length", 48: "after-protocol-header", 49: "inside-data", 57: "before-the-last-byte"}
    for linear, place in places.items():
        valid(f"buffers-split-{place}", four, over_ip4(), linear=linear)
    for linear, place in {14: "after-ethernet", 20: "inside-ipv6", 53: "inside-ipv6-last-byte", 54: "after-ipv6",
                          57: "inside-udp", 65: "inside-protocol-header", 70: "inside-data"}.items():
        valid(f"buffers-ipv6-split-{place}", six, over_ip6(), linear=linear)
    for linear, place in {14: "after-ethernet", 16: "inside-first-tag", 18: "after-first-tag",
                          21: "inside-second-tag", 22: "after-tags"}.items():
        valid(f"buffers-qinq-split-{place}", qinq, over_ip4(vlanId=[100, 200]), linear=linear)
    options = ETHER / ip4(options=[IPOption_RR(length=39, routers=["0.0.0.0"] * 9)]) / REQUEST / HELLO
    valid("buffers-split-inside-ipv4-options", options, over_ip4(), linear=50)
    valid("buffers-split-after-ipv4-options", options, over_ip4(), linear=74)
    extended = ETHER / chain(HOP_BY_HOP, ROUTING, ATOMIC) / REQUEST / HELLO       # 54, 62, 86; UDP at 94
    for linear, place in {55: "inside-first", 62: "between", 70: "inside-second", 88: "inside-fragment",
                          94: "after"}.items():
        valid(f"buffers-extension-headers-split-{place}", extended, over_ip6(), linear=linear)
    valid("buffers-longest-extension-header-split", ETHER / chain(LONG_DESTINATION, DESTINATION) / REQUEST / HELLO,
          over_ip6(), linear=1000)

    valid("buffers-drop", four, over_ip4(), verdict="Drop", linear=14, configuration=DROP)
    valid("buffers-snap-before-the-split", four, over_ip4(b"H", capturedLength=1), linear=50,
          configuration={"snapLength": 1})
    valid("buffers-snap-past-the-split", four, over_ip4(b"HelloW", capturedLength=6), linear=50,
          configuration={"snapLength": 6})
    valid("buffers-length-0-trailing", ETHER / IP4 / REQUEST / CustomProto(length=0) / Raw(b"HelloWorld"),
          over_ip4(b"", length=0, trailingBytes=10), linear=50)
    valid("buffers-split-inside-padding", ETHER / IP4 / REQUEST / CustomProto(length=0) / Padding(b"\xff" * 12),
          over_ip4(b"", length=0), linear=50)
    for linear in (14, 34, 41, 49, 56):
        valid(f"buffers-checksum-right-split-{linear}", four, over_ip4(), linear=linear, configuration=CHECK)
    valid("buffers-checksum-right-ipv6-odd-split", ETHER / IP6 / REQUEST / CustomProto(length=7) / Raw(b"oddodds"),
          over_ip6(b"oddodds", length=7), linear=71, configuration=CHECK)
    valid("buffers-checksum-right-9000-odd-split", ETHER / IP6 / REQUEST / CustomProto(length=8932)
          / Raw(pattern(8932)), over_ip6(pattern(5), length=8932, capturedLength=5), linear=101,
          configuration={"verifyChecksum": True, "snapLength": 5})
    valid("buffers-9000-linear-14", ETHER / IP4 / REQUEST / CustomProto(length=8952) / Raw(pattern(8952)),
          over_ip4(pattern(8952), length=8952), linear=14)
    rejected("buffers-checksum-wrong", "BadChecksum", ETHER / IP4 / udp(chksum=0x1234) / HELLO, linear=49,
             configuration=CHECK)
    rejected("buffers-ip-checksum-wrong", "BadChecksum", ETHER / ip4(chksum=0x1234) / REQUEST / HELLO, linear=25,
             configuration=CHECK)
    rejected("buffers-bad-magic", "BadMagic", ETHER / IP4 / REQUEST / CustomProto(magic=0xCAFF), linear=43)
    rejected("buffers-bad-version", "BadVersion", ETHER / IP4 / REQUEST / CustomProto(version=2), linear=44)
    rejected("buffers-bad-length", "BadLength", ETHER / IP4 / REQUEST / CustomProto(length=0x0100), linear=47)
    rejected("buffers-truncated-last-byte-missing", "Truncated", four, cut=57, linear=44)
    rejected("buffers-truncated-short-header", "Truncated", ETHER / IP4 / REQUEST / Raw(b"\xca\xfe\x01\x01\x00"),
             linear=43)
    rejected("buffers-first-fragment", "Fragment", ETHER / ip4(flags="MF") / REQUEST / HELLO, linear=21)
    rejected("buffers-first-fragment-ipv6", "Fragment", ETHER / chain(FIRST) / REQUEST / HELLO, linear=57)
    later_fragment("buffers-later-fragment", ETHER / ip4(frag=185, proto=17) / Raw(pattern(64)), linear=21)
    later_fragment("buffers-later-fragment-ipv6", ETHER / chain(LATER) / REQUEST / HELLO, linear=57)
    not_ours("buffers-cut-inside-udp", four, cut=41, linear=36)
    not_ours("buffers-cut-inside-ipv6", six, cut=53, linear=30)
    not_ours("buffers-three-tags", ETHER / Dot1Q(vlan=1) / Dot1Q(vlan=2) / Dot1Q(vlan=3) / IP4 / REQUEST / HELLO,
             linear=15)
    not_ours("buffers-tcp", ETHER / IP4 / TCP(sport=40000, dport=12345) / HELLO, linear=36)
    not_ours("buffers-arp", ETHER / ARP(hwsrc="02:00:00:00:00:01", psrc="192.0.2.1", pdst="192.0.2.2"), linear=14)
    not_ours("buffers-other-port", ETHER / IP4 / udp(dport=0x3038) / HELLO, linear=37)
    valid("buffers-sensor-split-inside-magic", ETHER / IP4 / udp(dport=9000) / Sensor(type=4, length=5) / Raw(b"21.5C"),
          over_ip4(b"21.5C", version=3, type=4, length=5, destinationPort=9000), linear=44, configuration=SENSOR)
    valid("buffers-longest-header-split", ETHER / IP4 / udp(dport=9005) / Longest(type=12, length=10)
          / Raw(b"HelloWorld"), over_ip4(version=2, type=12, destinationPort=9005), linear=104, configuration=LONGEST)
