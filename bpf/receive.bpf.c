// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * The receiver: recognises the protocol's packets before the network stack does, counts each under
 * exactly one name, and copies the valid ones into the ring of every reader.
 */
#include "receive.h"

SEC("xdp.frags")
int cp_receive(struct xdp_md *frame)
{
	const __u32 zero = 0;
	struct header_copies copies;
	struct datagram datagram;
	struct headers headers;
	struct cp_counters *counted;
	struct cp_record *record;
	enum parse_result result;
	__u32 cpu;

	result = parse_datagram(frame, &config, &copies, &headers, &datagram);
	if (result == PARSE_FOREIGN)
		return XDP_PASS;
	counted = bpf_map_lookup_elem(&counters, &zero);
	if (!counted)
		return XDP_PASS;
	if (result != PARSE_ON_PORT) {
		counted->later_fragments++;
		return XDP_PASS;
	}

	counted->seen++;
	cpu = bpf_get_smp_processor_id();
	record = bpf_map_lookup_elem(&records, &cpu);
	if (!record)
		return XDP_PASS;
	fill_addresses(&record->event, frame, &headers, datagram.ip_version);
	return receive_datagram(frame, &datagram);
}

char _license[] SEC("license") = "Dual MIT/GPL";
