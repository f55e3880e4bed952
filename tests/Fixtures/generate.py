#!/usr/bin/env python3
"""Writes scapy.json: frames built by Scapy, with what the kernel parser must make of them.

    /usr/bin/python3 tests/Fixtures/generate.py

The frames are Scapy's; the expected results are written out here, from section 2 of the design (docs/protocol.md
says the same), and never computed from a frame. The output is the same on every run. README.md explains the format.
"""

import ast
import json
import re
from pathlib import Path

from scapy.compat import raw
from scapy.contrib.igmp import IGMP
from scapy.contrib.mpls import MPLS
from scapy.fields import (ByteField, IntField, LEIntField, LEShortField, ShortField, StrFixedLenField, XIntField,
                          XLEIntField, XLongField, XShortField)
from scapy.layers.inet import (ICMP, IP, TCP, UDP, IPOption_LSRR, IPOption_NOP, IPOption_RR, IPOption_Router_Alert,
                               IPOption_Timestamp, fragment)
from scapy.layers.inet6 import (HBHOptUnknown, ICMPv6EchoRequest, ICMPv6ND_NS, IPv6, IPv6ExtHdrDestOpt,
                                IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, Jumbo, PadN, RouterAlert,
                                fragment6)
from scapy.layers.ipsec import AH, ESP
from scapy.layers.l2 import ARP, GRE, LLC, SNAP, STP, Dot1AD, Dot1Q, Dot3, Ether
from scapy.layers.ppp import PPP, PPPoE
from scapy.layers.sctp import SCTP
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Padding, Raw

OUTPUT = Path(__file__).with_name("scapy.json")


# Protocols, for Scapy.

class CustomProto(Packet):
    """The built-in definition. Nothing is filled in: every length below is written by hand."""
    fields_desc = [XShortField("magic", 0xCAFE), ByteField("version", 1), ByteField("type", 1), ShortField("length", 0)]


class Sensor(Packet):
    """Little-endian, four-byte magic, a plain field behind the length."""
    fields_desc = [XLEIntField("magic", 0xFEEDBEEF), ByteField("version", 3), ByteField("type", 0),
                   LEShortField("length", 0), LEIntField("sequence", 0)]


class Counted(Packet):
    """Length is four bytes wide and counts the header."""
    fields_desc = [XShortField("magic", 0xBEEF), ByteField("version", 1), ByteField("type", 0), IntField("length", 8)]


class NoMagic(Packet):
    """No magic, a length of one byte: as short as a protocol with a length gets."""
    fields_desc = [ByteField("version", 2), ByteField("type", 0), ByteField("length", 0)]


class NoLength(Packet):
    """No length: the data is the rest of the UDP payload."""
    fields_desc = [XShortField("magic", 0xABBA), ByteField("version", 1), ByteField("type", 0)]


class OddMagic(Packet):
    """An eight-byte magic at offset 3, behind a plain field; its top bit is set."""
    fields_desc = [StrFixedLenField("flags", b"\x01\x02\x03", 3), XLongField("magic", 0x8899AABBCCDDEEFF),
                   ByteField("version", 7), ByteField("type", 0), ShortField("length", 0), XShortField("tail", 0x5555)]


class Longest(Packet):
    """A header of 64 bytes, its fields at the very end; version is four bytes wide."""
    fields_desc = [StrFixedLenField("padding", b"\xee" * 53, 53), XIntField("version", 0x00000002),
                   XIntField("magic", 0xC0FFEE11), ShortField("length", 0), ByteField("type", 0)]


def field(name, offset, width, role, value=None):
    result = {"name": name, "offset": offset, "width": width, "role": role}
    if value is not None:
        result["value"] = value
    return result


def definition(name, port, header_size, fields, byte_order="BigEndian", counts_header=False):
    return {"definition": {"name": name, "ports": [port], "byteOrder": byte_order, "headerSize": header_size,
                           "lengthCountsHeader": counts_header, "fields": fields}}


SENSOR = definition("Sensor", 9000, 12, byte_order="LittleEndian", fields=[
    field("Magic", 0, 4, "Magic", 4276993775), field("Version", 4, 1, "Version", 3), field("Type", 5, 1, "Type"),
    field("Length", 6, 2, "Length"), field("Sequence", 8, 4, "Plain")])
COUNTED = definition("Counted", 9001, 8, counts_header=True, fields=[
    field("Magic", 0, 2, "Magic", 48879), field("Version", 2, 1, "Version", 1), field("Type", 3, 1, "Type"),
    field("Length", 4, 4, "Length")])
COUNTED_WITHOUT = definition("CountedWithout", 9001, 8, counts_header=False, fields=[
    field("Magic", 0, 2, "Magic", 48879), field("Version", 2, 1, "Version", 1), field("Type", 3, 1, "Type"),
    field("Length", 4, 4, "Length")])
NO_MAGIC = definition("NoMagic", 9002, 3, [
    field("Version", 0, 1, "Version", 2), field("Type", 1, 1, "Type"), field("Length", 2, 1, "Length")])
NO_LENGTH = definition("NoLength", 9003, 4, [
    field("Magic", 0, 2, "Magic", 43962), field("Version", 2, 1, "Version", 1), field("Type", 3, 1, "Type")])
ODD_MAGIC = definition("OddMagic", 9004, 17, [
    field("FlagA", 0, 1, "Plain"), field("FlagB", 1, 2, "Plain"),
    field("Magic", 3, 8, "Magic", 9843086184167632639), field("Version", 11, 1, "Version", 7),
    field("Type", 12, 1, "Type"), field("Length", 13, 2, "Length"), field("Tail", 15, 2, "Plain")])
LONGEST = definition("Longest", 9005, 64, [
    field("Version", 53, 4, "Version", 2), field("Magic", 57, 4, "Magic", 3237998097),
    field("Length", 61, 2, "Length"), field("Type", 63, 1, "Type")])


# Building blocks.

ETHER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
IP4 = IP(src="192.0.2.1", dst="192.0.2.2")
IP6 = IPv6(src="2001:db8::1", dst="2001:db8::2")
REQUEST = UDP(sport=40000, dport=12345)
RESPONSE = UDP(sport=12345, dport=40000)
HELLO = CustomProto(type=1, length=10) / Raw(b"HelloWorld")             # 16 bytes

#          ETHER / IP4 / REQUEST / HELLO: Ethernet 0, IPv4 14, UDP 34, protocol 42, data 48, end 58
#          ETHER / IP6 / REQUEST / HELLO: Ethernet 0, IPv6 14, UDP 54, protocol 62, data 68, end 78

DROP = {"matchAction": "Drop"}
CHECK = {"verifyChecksum": True}


def ip4(**fields):
    return IP(src="192.0.2.1", dst="192.0.2.2", **fields)


def ip6(**fields):
    return IPv6(src="2001:db8::1", dst="2001:db8::2", **fields)


def udp(**fields):
    return UDP(**{"sport": 40000, "dport": 12345, **fields})


def pattern(size):
    """Data in which no two neighbouring stretches look alike."""
    return bytes((i * 7 + i // 256) % 256 for i in range(size))


def chain(*headers):
    """IPv6 extension headers, each an (IANA number, bytes or function of its next header) as Scapy stacks them."""
    packet = ip6(nh=headers[0][0])
    numbers = [number for number, _ in headers[1:]] + [17]
    for (_, make), following in zip(headers, numbers):
        packet = packet / make(following)
    return packet


HOP_BY_HOP = (0, lambda following: IPv6ExtHdrHopByHop(nh=following))
ROUTING = (43, lambda following: IPv6ExtHdrRouting(nh=following, segleft=0, addresses=["2001:db8::9"]))
DESTINATION = (60, lambda following: IPv6ExtHdrDestOpt(nh=following))
ATOMIC = (44, lambda following: IPv6ExtHdrFragment(nh=following, offset=0, m=0, id=7))
FIRST = (44, lambda following: IPv6ExtHdrFragment(nh=following, offset=0, m=1, id=7))
LATER = (44, lambda following: IPv6ExtHdrFragment(nh=following, offset=185, m=1, id=7))
LONGEST_OPTIONS = [PadN(optdata=b"\0" * 255)] * 7 + [PadN(optdata=b"\0" * 245)]     # 2 + 2,046 = 2,048 bytes
LONG_DESTINATION = (60, lambda following: IPv6ExtHdrDestOpt(nh=following, options=LONGEST_OPTIONS))


# Fixtures.

fixtures = []


def add(name, packet, verdict, counters, message, configuration=None, linear=None, cut=None):
    frame = raw(packet)
    origin = describe(packet)
    if cut is not None:
        assert cut < len(frame), f"{name}: nothing to cut"
        frame = frame[:cut]
        origin = f"bytes({origin})[:{cut}]"
    if linear is not None:
        assert 14 <= linear < len(frame), f"{name}: {linear} of {len(frame)} bytes"
    fixture = {"name": name, "origin": origin, "frame": frame.hex()}
    if configuration:
        fixture["configuration"] = configuration
    if linear is not None:
        fixture["linearLength"] = linear
    fixtures.append({**fixture, "verdict": verdict, "counters": counters, "message": message})


def describe(packet):
    """The Scapy expression, with long byte strings shortened."""
    def shorten(match):
        size = len(ast.literal_eval(match[0]))
        return match[0] if size <= 64 else f"<{size} bytes>"
    return re.sub(r"""b'(?:[^'\\]|\\.)*'|b"(?:[^"\\]|\\.)*\"""", shorten, packet.command())


def valid(name, packet, message, verdict="Pass", **more):
    add(name, packet, verdict, {"Seen": 1, "Valid": 1, "Delivered": 1}, message, **more)


def rejected(name, reason, packet, **more):
    add(name, packet, "Pass", {"Seen": 1, reason: 1}, None, **more)


def not_ours(name, packet, **more):
    add(name, packet, "Pass", {}, None, **more)


def later_fragment(name, packet, **more):
    add(name, packet, "Pass", {"LaterFragments": 1}, None, **more)


def over_ip4(data=b"HelloWorld", **changes):
    """The message expected from ETHER / IP4 / REQUEST / HELLO, with changes."""
    expected = {"version": 1, "type": 1, "length": 10, "data": data.hex(), "trailingBytes": 0, "capturedLength": None,
                "sourceAddress": "192.0.2.1", "sourcePort": 40000,
                "destinationAddress": "192.0.2.2", "destinationPort": 12345,
                "sourceMac": "02:00:00:00:00:01", "destinationMac": "02:00:00:00:00:02", "vlanId": []}
    unknown = set(changes) - set(expected)
    assert not unknown, unknown
    expected.update(changes)
    if expected["capturedLength"] is None:
        expected["capturedLength"] = expected["length"]
    assert expected["capturedLength"] == len(data), "the expected message contradicts itself"
    return expected


def over_ip6(data=b"HelloWorld", **changes):
    return over_ip4(data, **{"sourceAddress": "2001:db8::1", "destinationAddress": "2001:db8::2", **changes})


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


def main():
    for section in (messages, snap_and_action, ports, vlan, ipv4, ipv6, reasons, precedence, checksums, definitions,
                    other_traffic, cut_headers, jumbo_frames, several_buffers):
        section()
    names = [fixture["name"] for fixture in fixtures]
    duplicates = {name for name in names if names.count(name) > 1}
    assert not duplicates, f"used twice: {sorted(duplicates)}"
    OUTPUT.write_text(json.dumps(fixtures, indent=1) + "\n", encoding="ascii")
    print(f"{OUTPUT}: {len(fixtures)} fixtures")


if __name__ == "__main__":
    main()
