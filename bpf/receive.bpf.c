// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * The receiver: recognises the protocol's packets before the network stack does, counts each under
 * exactly one name, copies the valid ones into the ring of every reader, and answers requests where it
 * is to.
 */
#include "foreign.h"
#include "receive.h"
#include "respond.h"

/* A function of its own, so that packets which stop before it don't pay for its registers and stack. */
__noinline int receive_frame(struct xdp_md *frame)
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

SEC("xdp.frags")
int cp_receive(struct xdp_md *frame)
{
	if (is_foreign(frame, &config))
		return XDP_PASS;
	return receive_frame(frame);
}

char _license[] SEC("license") = "Dual MIT/GPL";
