"""What frames are built of, and how a fixture is noted with its expected result."""

import ast
import re

from scapy.compat import raw
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from frames.protocols import CustomProto

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
