#!/usr/bin/python3
"""Sends with Scapy, as its users do. Prints packets, nanoseconds and nanoseconds of CPU time.

  scapy_sendp.py packet|bytes IFNAME SRCMAC DSTMAC SRC DST PORT DATALEN COUNT

"packet" hands a packet to sendp, which builds it anew for each that is sent; "bytes" hands it the bytes of the frame.
"""

import logging
import sys
import time

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)

from scapy.all import IP, UDP, Ether, Raw, sendp  # noqa: E402

form, interface, source_mac, destination_mac, source, destination = sys.argv[1:7]
port, data, count = (int(number) for number in sys.argv[7:10])
payload = bytes.fromhex("cafe0101") + data.to_bytes(2, "big") + bytes(data)
packet = (
    Ether(src=source_mac, dst=destination_mac)
    / IP(src=source, dst=destination, flags="DF")
    / UDP(sport=40000, dport=port)
    / Raw(payload)
)
frame = packet if form == "packet" else bytes(packet)

cpu = time.process_time_ns()
started = time.monotonic_ns()
sendp(frame, iface=interface, count=count, verbose=0)
print(count, time.monotonic_ns() - started, time.process_time_ns() - cpu)
