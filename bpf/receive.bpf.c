// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * The receiver: recognises the protocol's packets before the network stack does, counts each under
 * exactly one name, and copies the valid ones into the ring of every reader.
 */
#include "receive.h"

SEC("xdp.frags")
int cp_receive(struct xdp_md *frame)
{
	struct datagram datagram;

	if (recognise(frame, &datagram) != PARSE_ON_PORT)
		return XDP_PASS;
	return receive_datagram(frame, &datagram);
}

char _license[] SEC("license") = "Dual MIT/GPL";
