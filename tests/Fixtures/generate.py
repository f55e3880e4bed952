#!/usr/bin/env python3
"""Writes scapy.json: frames built by Scapy, with what the kernel parser must make of them.

    /usr/bin/python3 tests/Fixtures/generate.py

The frames are Scapy's; the expected results are written out here, from section 2 of the design (docs/protocol.md
says the same), and never computed from a frame. The output is the same on every run. README.md explains the format.
"""

import json
from pathlib import Path

from frames import buffers, headers, messages, refused
from frames.building import fixtures

OUTPUT = Path(__file__).with_name("scapy.json")


def main():
    for section in (messages.messages, messages.snap_and_action, messages.ports, headers.vlan, headers.ipv4,
                    headers.ipv6, refused.reasons, refused.precedence, refused.checksums, messages.definitions,
                    refused.other_traffic, headers.cut_headers, buffers.jumbo_frames, buffers.several_buffers):
        section()
    names = [fixture["name"] for fixture in fixtures]
    duplicates = {name for name in names if names.count(name) > 1}
    assert not duplicates, f"used twice: {sorted(duplicates)}"
    OUTPUT.write_text(json.dumps(fixtures, indent=1) + "\n", encoding="ascii")
    print(f"{OUTPUT}: {len(fixtures)} fixtures")


if __name__ == "__main__":
    main()
