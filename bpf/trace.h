/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * A line in the kernel's trace for each packet on the port, where that is wanted.
 */
#ifndef CUSTOMPROTO_TRACE_H
#define CUSTOMPROTO_TRACE_H

#include "judge.h"

/* By enum cp_reason, as in the names of the counters. */
static const char reason_names[CP_REASON_COUNT][16] = {
	[CP_REASON_NONE] = "None",
	[CP_REASON_FRAGMENT] = "Fragment",
	[CP_REASON_TRUNCATED] = "Truncated",
	[CP_REASON_BAD_CHECKSUM] = "BadChecksum",
	[CP_REASON_BAD_MAGIC] = "BadMagic",
	[CP_REASON_BAD_VERSION] = "BadVersion",
	[CP_REASON_BAD_LENGTH] = "BadLength",
};

/*
 * A line in the kernel's trace, of numbers and our own words only: what a sender wrote must not
 * reach a terminal. Get-XdpTrace tells the lines of our programs by how they begin. Kept out of the
 * way of packets that aren't traced.
 */
static __noinline void trace(const struct cp_record *record, const struct datagram *datagram,
			     __u32 program)
{
	const struct cp_event *event = &record->event;
	__u32 from = event->source_port;
	__u32 to = event->destination_port;
	__u32 reason = event->reason;

	if (reason != CP_REASON_NONE) {
		if (reason < CP_REASON_COUNT)
			bpf_printk("customproto[%u]: %s, UDP length %u, from port %u to port %u",
				   program, reason_names[reason], datagram->udp_length, from, to);
		return;
	}
	bpf_printk("customproto[%u]: type %u, length %u, trailing %u, from port %u to port %u",
		   program, event->type, event->length, event->trailing, from, to);
}

#endif /* CUSTOMPROTO_TRACE_H */
