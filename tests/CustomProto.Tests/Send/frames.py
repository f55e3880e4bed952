"""Writes frames.json: frames as Scapy builds them, with the parameters that make FrameBuilder build the same.

Run with Debian's python3-scapy: /usr/bin/python3 tests/CustomProto.Tests/Send/frames.py
The output is the same on every run. Only headers are stored; the payload follows them unchanged.
"""

import json
import os

from scapy.all import IP, IPv6, UDP, Dot1AD, Dot1Q, Ether, Raw  # noqa: F401 (names in the expressions)


def pattern(length):
    return bytes((7 * i + 3) & 255 for i in range(length))


def build(expression, payload):
    frame = bytes(eval(expression) / Raw(payload)) if payload else bytes(eval(expression))
    assert frame.endswith(payload)
    return frame[: len(frame) - len(payload)]


def case(name, version, tags=(), length=17, sum_to_zero=False, **given):
    values = {
        "source": "2001:db8::1" if version == 6 else "192.0.2.1",
        "destination": "2001:db8::2" if version == 6 else "192.0.2.2",
        "sourceMac": "02:00:00:00:00:01",
        "destinationMac": "02:00:00:00:00:02",
        "sourcePort": 40000,
        "destinationPort": 12345,
        "ttl": 64,
        "dscp": 0,
        "identification": 0x1234,
    } | given
    tos = values["dscp"] << 2
    origin = f"Ether(dst='{values['destinationMac']}', src='{values['sourceMac']}')"
    for i, tag in enumerate(tags):
        origin += f"/{'Dot1Q' if i == len(tags) - 1 else 'Dot1AD'}(vlan={tag})"
    if version == 6:
        origin += f"/IPv6(src='{values['source']}', dst='{values['destination']}', hlim={values['ttl']}, tc={tos})"
    else:
        origin += (
            f"/IP(src='{values['source']}', dst='{values['destination']}', id={values['identification']},"
            f" flags='DF', ttl={values['ttl']}, tos={tos})"
        )
    origin += f"/UDP(sport={values['sourcePort']}, dport={values['destinationPort']})"
    payload = pattern(length)
    if sum_to_zero:
        # With the checksum as one more word of the data the words sum up to all ones, so the checksum would be 0.
        payload = payload[:-2] + b"\0\0"
        payload = payload[:-2] + build(origin, payload)[-2:]
        assert build(origin, payload)[-2:] == b"\xff\xff"
    return {
        "name": f"IPv{version}, {name}",
        "origin": f"{origin}/Raw(payload)" if payload else origin,
        **values,
        "vlanId": list(tags),
        "payloadLength": length,
        "lastWord": payload[-2:].hex() if sum_to_zero else None,
        "headers": build(origin, payload).hex(),
    }


def cases():
    for version in (4, 6):
        for tags, words in (((), "no tag"), ((100,), "one tag"), ((100, 200), "two tags")):
            for length in (0, 1, 6, 17):
                yield case(f"{words}, {length} bytes", version, tags, length)
        for length in (31, 32, 65, 1024, 1451, 8945, 65535 - 8 - (20 if version == 4 else 0)):
            yield case(f"{length} bytes", version, length=length)
        yield case("checksum 0", version, length=16, sum_to_zero=True)
        yield case("checksum 0 with two tags", version, (1, 4094), 1400, sum_to_zero=True)
        yield case("lowest ports", version, sourcePort=1, destinationPort=1)
        yield case("highest ports", version, sourcePort=65535, destinationPort=65535)
        yield case("lowest tag", version, (0,))
        yield case("highest tags", version, (4094, 4094))
        yield case("TTL 1 and DSCP 46", version, ttl=1, dscp=46)
        yield case("TTL 255 and DSCP 63", version, ttl=255, dscp=63, identification=65535)
    everyone = "ff:ff:ff:ff:ff:ff"
    nobody = "00:00:00:00:00:00"
    yield case("ones", 4, source="255.255.255.255", destination="255.255.255.254", destinationMac=everyone)
    yield case("zeros", 4, source="0.0.0.0", destination="0.0.0.1", destinationMac=nobody, sourceMac=nobody, identification=0)
    yield case("multicast", 4, destination="239.129.2.3", destinationMac="01:00:5e:01:02:03", ttl=1)
    yield case("ones", 6, source="ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", destination="ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
    yield case("zeros", 6, source="::", destination="::1", destinationMac=nobody, sourceMac=nobody)
    yield case("multicast", 6, destination="ff02::1:2", destinationMac="33:33:00:01:00:02", ttl=1)


if __name__ == "__main__":
    with open(os.path.join(os.path.dirname(__file__), "frames.json"), "w", encoding="utf-8") as file:
        json.dump(list(cases()), file, indent=1)
        file.write("\n")
