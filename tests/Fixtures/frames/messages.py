"""Valid messages, and what is configured about them."""

from scapy.compat import raw
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Padding, Raw

from frames.building import (CHECK, DROP, ETHER, HELLO, IP4, IP6, REQUEST, RESPONSE, ip4, ip6, later_fragment, not_ours,
                             over_ip4, over_ip6, pattern, rejected, udp, valid)
from frames.protocols import (COUNTED, COUNTED_WITHOUT, Counted, CustomProto, LONGEST, Longest, NO_LENGTH, NO_MAGIC,
                              NoLength, NoMagic, ODD_MAGIC, OddMagic, SENSOR, Sensor)


def messages():
    valid("ipv4-request", ETHER / IP4 / REQUEST / HELLO, over_ip4())
    valid("ipv6-request", ETHER / IP6 / REQUEST / HELLO, over_ip6())
    valid("ipv4-response", ETHER / IP4 / RESPONSE / CustomProto(type=2, length=2) / Raw(b"ok"),
          over_ip4(b"ok", type=2, length=2, sourcePort=12345, destinationPort=40000))
    valid("ipv6-response", ETHER / IP6 / RESPONSE / CustomProto(type=2, length=2) / Raw(b"ok"),
          over_ip6(b"ok", type=2, length=2, sourcePort=12345, destinationPort=40000))
    valid("ipv4-both-ports-ours", ETHER / IP4 / udp(sport=12345) / HELLO, over_ip4(sourcePort=12345))
    valid("ipv6-both-ports-ours", ETHER / IP6 / udp(sport=12345) / HELLO, over_ip6(sourcePort=12345))
    valid("ipv4-other-addresses",
          Ether(src="0a:1b:2c:3d:4e:5f", dst="ff:ff:ff:ff:ff:ff") / IP(src="10.255.0.1", dst="255.255.255.255")
          / udp(sport=65535) / HELLO,
          over_ip4(sourceMac="0a:1b:2c:3d:4e:5f", destinationMac="ff:ff:ff:ff:ff:ff", sourceAddress="10.255.0.1",
                   destinationAddress="255.255.255.255", sourcePort=65535))
    valid("ipv6-multicast",
          Ether(src="02:00:00:00:00:01", dst="33:33:00:00:00:01") / IPv6(src="fe80::1:2ff:fe03:405", dst="ff02::1")
          / REQUEST / HELLO,
          over_ip6(destinationMac="33:33:00:00:00:01", sourceAddress="fe80::1:2ff:fe03:405",
                   destinationAddress="ff02::1"))
    valid("ipv4-header-fields-do-not-matter",
          ETHER / ip4(tos=255, id=65535, ttl=0) / REQUEST / HELLO, over_ip4())
    valid("ipv6-header-fields-do-not-matter",
          ETHER / ip6(tc=255, fl=0xFFFFF, hlim=0) / REQUEST / HELLO, over_ip6())

    for value in (0, 3, 127, 128, 255):
        valid(f"type-{value}", ETHER / IP4 / REQUEST / CustomProto(type=value, length=10) / Raw(b"HelloWorld"),
              over_ip4(type=value))

    valid("length-0", ETHER / IP4 / REQUEST / CustomProto(length=0), over_ip4(b"", length=0))
    valid("length-0-ipv6", ETHER / IP6 / REQUEST / CustomProto(length=0), over_ip6(b"", length=0))
    valid("length-1", ETHER / IP4 / REQUEST / CustomProto(length=1) / Raw(b"\x00"), over_ip4(b"\x00", length=1))
    valid("length-odd", ETHER / IP4 / REQUEST / CustomProto(length=13) / Raw(b"thirteen byte"),
          over_ip4(b"thirteen byte", length=13))
    valid("length-255", ETHER / IP4 / REQUEST / CustomProto(length=255) / Raw(pattern(255)),
          over_ip4(pattern(255), length=255))
    valid("length-256", ETHER / IP4 / REQUEST / CustomProto(length=256) / Raw(pattern(256)),
          over_ip4(pattern(256), length=256))
    valid("length-fills-mtu-ipv4", ETHER / IP4 / REQUEST / CustomProto(length=1466) / Raw(pattern(1466)),
          over_ip4(pattern(1466), length=1466))
    valid("length-fills-mtu-ipv6", ETHER / IP6 / REQUEST / CustomProto(length=1446) / Raw(pattern(1446)),
          over_ip6(pattern(1446), length=1446))
    valid("data-is-a-message-itself", ETHER / IP4 / REQUEST / CustomProto(type=3, length=16) / HELLO,
          over_ip4(b"\xca\xfe\x01\x01\x00\x0aHelloWorld", type=3, length=16))

    valid("padded-to-60", ETHER / IP4 / REQUEST / CustomProto(length=0) / Padding(b"\0" * 12), over_ip4(b"", length=0))
    valid("padding-is-not-trailing", ETHER / IP6 / REQUEST / HELLO / Padding(b"\xff" * 50), over_ip6())
    valid("trailing-1", ETHER / IP4 / REQUEST / CustomProto(length=10) / Raw(b"HelloWorld!"),
          over_ip4(trailingBytes=1))
    valid("trailing-is-everything", ETHER / IP6 / REQUEST / CustomProto(length=0) / Raw(b"HelloWorld"),
          over_ip6(b"", length=0, trailingBytes=10))
    valid("trailing-1000", ETHER / IP4 / REQUEST / CustomProto(length=10) / Raw(b"HelloWorld" + pattern(1000)),
          over_ip4(trailingBytes=1000))
    valid("udp-length-shorter-than-ip-payload",
          ETHER / ip4(len=20 + 24 + 4) / REQUEST / HELLO / Padding(b"more"), over_ip4())
    valid("udp-length-shorter-than-ip-payload-ipv6",
          ETHER / ip6(plen=24 + 4) / REQUEST / HELLO / Padding(b"more"), over_ip6())
    valid("udp-length-leaves-trailing-then-ip-payload-then-padding",
          ETHER / ip4(len=20 + 25 + 4) / REQUEST / CustomProto(length=10) / Raw(b"HelloWorld!") / Padding(b"more-pad"),
          over_ip4(trailingBytes=1))


def snap_and_action():
    hundred = ETHER / IP4 / REQUEST / CustomProto(length=100) / Raw(pattern(100))
    for snap, captured in ((1, 1), (64, 64), (99, 99), (100, 100), (101, 100), (65535, 100)):
        valid(f"snap-{snap}-of-100", hundred,
              over_ip4(pattern(100)[:captured], length=100, capturedLength=captured),
              configuration={"snapLength": snap})
    valid("snap-of-nothing", ETHER / IP4 / REQUEST / CustomProto(length=0), over_ip4(b"", length=0),
          configuration={"snapLength": 64})
    valid("snap-does-not-take-trailing-bytes", ETHER / IP4 / REQUEST / CustomProto(length=10) / Raw(pattern(90)),
          over_ip4(pattern(10), trailingBytes=80), configuration={"snapLength": 64})
    valid("snap-does-not-judge-length", ETHER / IP6 / REQUEST / CustomProto(length=300) / Raw(pattern(300)),
          over_ip6(pattern(8), length=300, capturedLength=8), configuration={"snapLength": 8})

    valid("drop-request", ETHER / IP4 / REQUEST / HELLO, over_ip4(), verdict="Drop", configuration=DROP)
    valid("drop-response-ipv6-vlan", ETHER / Dot1Q(vlan=5) / IP6 / RESPONSE / HELLO,
          over_ip6(sourcePort=12345, destinationPort=40000, vlanId=[5]), verdict="Drop", configuration=DROP)
    rejected("drop-spares-bad-magic", "BadMagic",
             ETHER / IP4 / REQUEST / CustomProto(magic=0xCAFF, length=10) / Raw(b"HelloWorld"), configuration=DROP)
    rejected("drop-spares-bad-checksum", "BadChecksum", ETHER / IP4 / udp(chksum=0x1234) / HELLO,
             configuration={**DROP, **CHECK})
    rejected("drop-spares-first-fragment", "Fragment", ETHER / ip4(flags="MF") / REQUEST / HELLO, configuration=DROP)
    rejected("drop-spares-truncated", "Truncated", ETHER / IP4 / REQUEST / HELLO, cut=57, configuration=DROP)
    later_fragment("drop-spares-later-fragment", ETHER / ip4(frag=3, proto=17) / Raw(pattern(40)), configuration=DROP)
    not_ours("drop-spares-other-port", ETHER / IP4 / udp(dport=53) / HELLO, configuration=DROP)
    not_ours("drop-spares-tcp", ETHER / IP4 / TCP(sport=40000, dport=12345) / HELLO, configuration=DROP)
    not_ours("drop-spares-arp", ETHER / ARP(hwsrc="02:00:00:00:00:01", psrc="192.0.2.1", pdst="192.0.2.2"),
             configuration=DROP)


def ports():
    two = {"ports": [12345, 7]}
    valid("second-port-as-destination", ETHER / IP4 / udp(dport=7) / HELLO, over_ip4(destinationPort=7),
          configuration=two)
    valid("second-port-as-source", ETHER / IP6 / udp(sport=7, dport=40000) / HELLO,
          over_ip6(sourcePort=7, destinationPort=40000), configuration=two)
    valid("first-port-of-two", ETHER / IP4 / REQUEST / HELLO, over_ip4(), configuration=two)
    not_ours("neither-of-two-ports", ETHER / IP4 / udp(dport=8) / HELLO, configuration=two)
    valid("port-65535", ETHER / IP4 / udp(dport=65535) / HELLO, over_ip4(destinationPort=65535),
          configuration={"ports": [65535]})
    valid("port-1", ETHER / IP4 / udp(dport=1) / HELLO, over_ip4(destinationPort=1), configuration={"ports": [1]})
    not_ours("configured-port-replaces-the-default", ETHER / IP4 / REQUEST / HELLO, configuration={"ports": [9]})
    not_ours("port-12344", ETHER / IP4 / udp(dport=12344) / HELLO)
    not_ours("port-12346", ETHER / IP6 / udp(dport=12346) / HELLO)
    not_ours("port-in-the-wrong-byte-order", ETHER / IP4 / udp(sport=0x3930, dport=0x3930) / HELLO)
    not_ours("port-0", ETHER / IP4 / udp(sport=0, dport=0) / HELLO)


def definitions():
    def to(port):
        return ETHER / IP4 / UDP(sport=40000, dport=port)

    def sensor(**fields):
        return to(9000) / Sensor(**{"type": 4, "length": 5, "sequence": 77, **fields}) / Raw(b"21.5C")

    valid("sensor-little-endian", sensor(), over_ip4(b"21.5C", version=3, type=4, length=5, destinationPort=9000),
          configuration=SENSOR)
    valid("sensor-to-requester-ipv6-trailing",
          ETHER / IP6 / UDP(sport=9000, dport=40000) / Sensor(type=200, length=4) / Raw(b"21.5C"),
          over_ip6(b"21.5", version=3, type=200, length=4, trailingBytes=1, sourcePort=9000, destinationPort=40000),
          configuration=SENSOR)
    valid("sensor-length-over-255", to(9000) / Sensor(type=1, length=513) / Raw(pattern(513)),
          over_ip4(pattern(513), version=3, length=513, destinationPort=9000), configuration=SENSOR)
    valid("sensor-header-only", to(9000) / Sensor(type=4, length=0),
          over_ip4(b"", version=3, type=4, length=0, destinationPort=9000), configuration=SENSOR)
    valid("sensor-dropped-snapped-checked", sensor(),
          over_ip4(b"21", version=3, type=4, length=5, capturedLength=2, destinationPort=9000), verdict="Drop",
          configuration={"matchAction": "Drop", "verifyChecksum": True, "snapLength": 2, **SENSOR})
    rejected("sensor-magic-in-the-wrong-byte-order", "BadMagic", sensor(magic=0xEFBEEDFE), configuration=SENSOR)
    rejected("sensor-magic-low-half-only", "BadMagic", sensor(magic=0x0000BEEF), configuration=SENSOR)
    rejected("sensor-bad-version", "BadVersion", sensor(version=1), configuration=SENSOR)
    rejected("sensor-length-in-the-wrong-byte-order", "BadLength", sensor(length=0x0500), configuration=SENSOR)
    rejected("sensor-bad-length-by-one", "BadLength", sensor(length=6), configuration=SENSOR)
    rejected("sensor-header-one-byte-short", "Truncated", to(9000) / Raw(raw(Sensor())[:11]), configuration=SENSOR)
    rejected("sensor-first-fragment", "Fragment", ETHER / ip4(flags="MF") / UDP(sport=9000, dport=9) / Sensor(),
             configuration=SENSOR)
    rejected("sensor-takes-no-built-in-message", "BadMagic", to(9000) / HELLO, configuration=SENSOR)
    not_ours("sensor-not-on-the-built-in-port", ETHER / IP4 / REQUEST / HELLO, configuration=SENSOR)

    def counted(length, data=b"HelloWorld"):
        return to(9001) / Counted(type=6, length=length) / Raw(data)

    def counted_message(data, length, trailing):
        return over_ip4(data, type=6, length=length, trailingBytes=trailing, destinationPort=9001)

    valid("counted-exact", counted(18), counted_message(b"HelloWorld", 10, 0), configuration=COUNTED)
    valid("counted-trailing", counted(17), counted_message(b"HelloWorl", 9, 1), configuration=COUNTED)
    valid("counted-header-only", counted(8, b""), counted_message(b"", 0, 0), configuration=COUNTED)
    valid("counted-header-only-trailing", counted(8), counted_message(b"", 0, 10), configuration=COUNTED)
    for length in (0, 7, 19, 0x00010012, 0x7FFFFFFF, 0xFFFFFFFF):
        rejected(f"counted-bad-length-{length:x}", "BadLength", counted(length), configuration=COUNTED)
    valid("not-counted-exact", counted(10), counted_message(b"HelloWorld", 10, 0), configuration=COUNTED_WITHOUT)
    for length in (11, 18, 0x0001000A, 0xFFFFFFF8, 0xFFFFFFFF):
        rejected(f"not-counted-bad-length-{length:x}", "BadLength", counted(length), configuration=COUNTED_WITHOUT)

    valid("no-magic", to(9002) / NoMagic(type=9, length=10) / Raw(b"HelloWorld"),
          over_ip4(version=2, type=9, destinationPort=9002), configuration=NO_MAGIC)
    valid("no-magic-length-255", to(9002) / NoMagic(type=0, length=255) / Raw(pattern(300)),
          over_ip4(pattern(255), version=2, type=0, length=255, trailingBytes=45, destinationPort=9002),
          configuration=NO_MAGIC)
    rejected("no-magic-bad-version", "BadVersion", to(9002) / NoMagic(version=1), configuration=NO_MAGIC)
    rejected("no-magic-bad-length", "BadLength", to(9002) / NoMagic(length=1), configuration=NO_MAGIC)
    rejected("no-magic-header-one-byte-short", "Truncated", to(9002) / Raw(b"\x02\x00"), configuration=NO_MAGIC)

    valid("no-length", to(9003) / NoLength(type=2) / Raw(b"all of it"),
          over_ip4(b"all of it", type=2, length=9, destinationPort=9003), configuration=NO_LENGTH)
    valid("no-length-no-data", to(9003) / NoLength(type=2), over_ip4(b"", type=2, length=0, destinationPort=9003),
          configuration=NO_LENGTH)
    valid("no-length-padding-is-not-data", to(9003) / NoLength(type=2) / Raw(b"x") / Padding(b"\0" * 13),
          over_ip4(b"x", type=2, length=1, destinationPort=9003), configuration=NO_LENGTH)
    valid("no-length-snapped", to(9003) / NoLength(type=2) / Raw(pattern(700)),
          over_ip4(pattern(16), type=2, length=700, capturedLength=16, destinationPort=9003),
          configuration={"snapLength": 16, **NO_LENGTH})
    rejected("no-length-bad-magic", "BadMagic", to(9003) / NoLength(magic=0xBAAB), configuration=NO_LENGTH)
    rejected("no-length-header-one-byte-short", "Truncated", to(9003) / Raw(b"\xab\xba\x01"), configuration=NO_LENGTH)

    valid("odd-magic", to(9004) / OddMagic(type=1, length=10) / Raw(b"HelloWorld"),
          over_ip4(version=7, destinationPort=9004), configuration=ODD_MAGIC)
    for magic in (0x8899AABBCCDDEEFE, 0x0899AABBCCDDEEFF, 0x00000000CCDDEEFF, 0xFFEEDDCCBBAA9988):
        rejected(f"odd-magic-{magic:016x}", "BadMagic", to(9004) / OddMagic(magic=magic), configuration=ODD_MAGIC)
    rejected("odd-magic-header-one-byte-short", "Truncated", to(9004) / Raw(raw(OddMagic())[:16]),
             configuration=ODD_MAGIC)

    valid("longest-header", to(9005) / Longest(type=12, length=10) / Raw(b"HelloWorld"),
          over_ip4(version=2, type=12, destinationPort=9005), configuration=LONGEST)
    valid("longest-header-only", to(9005) / Longest(type=12, length=0),
          over_ip4(b"", version=2, type=12, length=0, destinationPort=9005), configuration=LONGEST)
    rejected("longest-header-one-byte-short", "Truncated", to(9005) / Raw(raw(Longest())[:63]), configuration=LONGEST)
    rejected("longest-header-version-high-byte", "BadVersion", to(9005) / Longest(version=0x01000002),
             configuration=LONGEST)
    rejected("longest-header-bad-length", "BadLength", to(9005) / Longest(length=1), configuration=LONGEST)
