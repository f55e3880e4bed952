#!/usr/bin/python3
"""Listens with Scapy, as its users do, until standard input ends. Prints how many packets it got.

  scapy_sniff.py IFNAME FILTER
"""

import logging
import sys

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)

from scapy.all import AsyncSniffer  # noqa: E402

packets = 0


def count(packet):
    global packets
    packets += 1


sniffer = AsyncSniffer(
    iface=sys.argv[1],
    filter=sys.argv[2],
    store=0,
    prn=count,
    started_callback=lambda: print("Capturing on", sys.argv[1], flush=True),
)
sniffer.start()
sys.stdin.read()

# What is in the socket's buffer is read before it stops; it is given a while.
before = -1
while before != packets:
    before = packets
    sniffer.thread.join(0.5)
sniffer.stop()
print(packets)
