#!/usr/bin/python3
"""Judges responses by Scapy: reads objects with request, response and payload (hex), a line each, and says what is wrong with which.

The payload is what the response has to carry; everything else follows from the request. Writes nothing where all is right.
"""
import json
import sys

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6, in6_chksum
from scapy.utils import checksum

TAGS = (0x8100, 0x88A8)


def split(frame):
    """The two MAC addresses, the tags and EtherType, the IP packet."""
    offset = 12
    while int.from_bytes(frame[offset:offset + 2], "big") in TAGS:
        offset += 4
    return frame[0:6], frame[6:12], frame[12:offset + 2], frame[offset + 2:]


def ipv4_problems(request, response, packet):
    header = packet[:response.ihl * 4]
    rebuilt = response.copy()
    del rebuilt.chksum
    yield "IPv4 checksum", (checksum(header), bytes(rebuilt)[10:12]), (0, header[10:12])
    yield "addresses", (response.src, response.dst), (request.dst, request.src)
    yield "ttl", response.ttl, 64
    yield "options", (response.ihl, header[20:].strip(b"\x01")), (request.ihl, b"")
    yield "identification, DSCP, no ECN", (response.id, response.tos), (request.id, request.tos & ~3)
    yield "flags", (int(response.flags) & 5, response.frag), (0, 0)
    yield "do not fragment", int(response.flags) & 2, int(request.flags) & 2


def ipv6_problems(request, response):
    yield "addresses", (response.src, response.dst), (request.dst, request.src)
    yield "hop limit", response.hlim, 64
    yield "traffic class without ECN", (response.tc, response.fl), (request.tc & ~3, request.fl)
    yield "next header", response.nh, 17


def problems(request_frame, response_frame, payload):
    destination, source, tags, request_packet = split(request_frame)
    to, sender, response_tags, packet = split(response_frame)
    yield "MAC addresses", (to, sender), (source, destination)
    yield "tags", response_tags, tags
    if packet[0] >> 4 == 4:
        request, response = IP(request_packet), IP(packet)
        header, length = response.ihl * 4, response.len
        yield from ipv4_problems(request, response, packet)
    else:
        request, response = IPv6(request_packet), IPv6(packet)
        header, length = 40, 40 + response.plen
        yield from ipv6_problems(request, response)
    datagram = packet[header:length]
    yield "UDP ports", (response[UDP].sport, response[UDP].dport), (request[UDP].dport, request[UDP].sport)
    yield "UDP length", response[UDP].len, len(datagram)
    yield "UDP payload", datagram[8:].hex(), payload.hex()
    yield "UDP checksum", response[UDP].chksum, right_checksum(response, datagram)
    end = len(response_frame) - len(packet) + length
    yield "frame length", len(response_frame), max(end, min(len(request_frame), 60))


def right_checksum(response, datagram):
    zeroed = datagram[:6] + b"\0\0" + datagram[8:]
    if response.version == 6:
        return in6_chksum(17, response, zeroed)
    bare = IP(src=response.src, dst=response.dst, proto=17) / UDP(zeroed[:8])
    bare[UDP].remove_payload()
    bare = bare / zeroed[8:]
    bare[UDP].chksum = None
    return IP(bytes(bare))[UDP].chksum


for line in sys.stdin:
    case = json.loads(line)
    frames = [bytes.fromhex(case[key]) for key in ("request", "response", "payload")]
    for what, actual, expected in problems(*frames):
        if actual != expected:
            print(f"{case['name']}: {what}: {actual}, not {expected}")
