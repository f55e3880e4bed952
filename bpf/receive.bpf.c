// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * The receiver: recognises the protocol's packets before the network stack does, counts each under
 * exactly one name, copies the valid ones into the ring of every reader, and answers requests where it
 * is to.
 */
#include "receive.h"
#include "respond.h"

SEC("xdp.frags")
int cp_receive(struct xdp_md *frame)
{
	const __u32 zero = 0;
	struct datagram datagram;
	int verdict;

	if (recognise(frame, &datagram) != PARSE_ON_PORT)
		return XDP_PASS;
	verdict = receive_datagram(frame, &datagram);
	return bpf_map_lookup_elem(&responders, &zero) ? respond(frame, &datagram, verdict)
						       : verdict;
}

char _license[] SEC("license") = "Dual MIT/GPL";
