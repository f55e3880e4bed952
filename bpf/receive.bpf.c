// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * The receiver: recognises the protocol's packets before the network stack does, counts each under
 * exactly one name, copies the valid ones into the ring of every reader, and answers requests where it
 * is to.
 */
#include "foreign.h"
#include "receive.h"
#include "respond.h"

/* Returns before the datagram is received, with all the room on the stack that it takes. */
static __noinline enum parse_result recognise_frame(struct xdp_md *frame, struct datagram *datagram)
{
	return recognise(frame, datagram);
}

/* A function of its own, so that packets which stop before it don't pay for its registers and stack. */
__noinline int receive_frame(struct xdp_md *frame)
{
	const __u32 zero = 0;
	/* Emptied, as what another function wrote to is read without CAP_PERFMON only if it was written before. */
	struct datagram datagram = {};

	if (recognise_frame(frame, &datagram) != PARSE_ON_PORT)
		return XDP_PASS;
	return bpf_map_lookup_elem(&responders, &zero) ? receive_and_respond(frame, &datagram)
						       : receive_datagram(frame, &datagram);
}

SEC("xdp.frags")
int cp_receive(struct xdp_md *frame)
{
	if (is_foreign(frame, &config))
		return XDP_PASS;
	return receive_frame(frame);
}

char _license[] SEC("license") = "Dual MIT/GPL";
