// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * The receiver at tc: the same as at XDP on socket buffers, so on every interface and in both
 * directions, at a higher cost a packet. It can give plain datagrams the protocol's header, too.
 */
#define CP_SOCKET_BUFFER
#include "encapsulate.h"

/* The datagrams of a packet into which several were merged. */
struct merged {
	struct cp_packet *packet;
	struct datagram datagram; /* the next one, as if it had a UDP header of its own */
	__u32 remaining;	  /* bytes of payload from there on */
	__u32 size;		  /* of the payload of each; the last may have less */
	__u32 passed;
};

static long receive_next(__u32 index, void *context)
{
	struct merged *merged = context;
	__u32 size = merged->remaining;

	(void)index;
	if (size > merged->size)
		size = merged->size;
	merged->datagram.udp_length = sizeof(struct udphdr) + size;
	if (receive_datagram(merged->packet, &merged->datagram) != PACKET_DROP)
		merged->passed++;
	merged->datagram.udp_offset += size;
	merged->remaining -= size;
	return merged->remaining == 0;
}

/*
 * Receive and segmentation offload (GRO, GSO) make one packet of datagrams with the same addresses and
 * ports: the headers once, with the length of all, then the payloads, all but the last of the same
 * size. It is dropped only if each of them is to be.
 */
static __always_inline int receive_merged(struct cp_packet *packet, const struct datagram *datagram)
{
	const __u32 zero = 0;
	struct cp_counters *counted = bpf_map_lookup_elem(&counters, &zero);
	struct merged merged = {
		.packet = packet,
		.datagram = *datagram,
		.remaining = datagram->udp_length - sizeof(struct udphdr),
		.size = packet->gso_size,
	};
	__u32 number;

	if (!counted || merged.size == 0)
		return PACKET_PASS;
	number = (merged.remaining + merged.size - 1) / merged.size;
	counted->aggregated += number;
	bpf_loop(number, receive_next, &merged, 0);
	return merged.passed ? PACKET_PASS : PACKET_DROP;
}

SEC("tc")
int cp_tc(struct __sk_buff *packet)
{
	struct datagram datagram;
	int verdict;

	if (recognise(packet, &datagram) != PARSE_ON_PORT)
		return PACKET_PASS;
	/* Messages are received as they are on the wire. */
	if (tc_config.encapsulation == CP_ENCAPSULATION_ADD) {
		verdict = add_header(packet, &datagram);
		if (verdict == HEADER_ADDED)
			return receive_made(packet, &datagram);
		if (verdict != HEADER_SKIPPED)
			return verdict;
	}
	if (is_merged(packet, &datagram))
		verdict = receive_merged(packet, &datagram);
	else if (tc_config.encapsulation == CP_ENCAPSULATION_REMOVE)
		verdict = receive_removable(packet, &datagram);
	else
		verdict = receive_datagram(packet, &datagram);
	if (tc_config.encapsulation == CP_ENCAPSULATION_REMOVE && verdict == PACKET_PASS)
		return remove_header(packet, &datagram);
	return verdict;
}

char _license[] SEC("license") = "Dual MIT/GPL";
