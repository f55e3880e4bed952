/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The responder: turns a request around in the driver (XDP_TX), with its addresses exchanged and
 * another type, and with data of its own if so wanted.
 */
#ifndef CUSTOMPROTO_RESPOND_H
#define CUSTOMPROTO_RESPOND_H

#include "limit.h"
#include "turn.h"

#define IPV4_FIRST_MULTICAST 0xe0000000 /* and from there on what is reserved, and broadcast */

/* The responder in use, in a map of its own (see filters); none where requests aren't answered. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(max_entries, 1);
			__uint(key_size, sizeof(__u32));
			__uint(value_size, sizeof(struct cp_responder));
		});
} responders SEC(".maps");

/* What it was set up with, or was before it was switched off. For processes only. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cp_responder);
} kept_responder SEC(".maps");

/* By the request's type. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct cp_latency);
} latencies SEC(".maps");

/* Whether an address is one host's, so that an answer may go to it or come from it. */
static __always_inline bool is_unicast(const struct cp_responder *responder, const __u8 *address,
				       __u32 ip_version)
{
	const __u32 *words = (const __u32 *)address;
	__u32 i, ipv4;

	if (ip_version == 6)
		return address[0] != 0xff && (words[0] | words[1] | words[2] | words[3]);
	ipv4 = bpf_ntohl(words[0]);
	if (ipv4 >> 24 == 0 || ipv4 >= IPV4_FIRST_MULTICAST)
		return false;
#pragma unroll
	for (i = 0; i < CP_MAX_BROADCASTS; i++)
		if (words[0] == responder->broadcasts[i])
			return false;
	return true;
}

/*
 * Whether the packet would be forwarded and is for another host: true of a router only, where the
 * routes say so. A host's own packets aren't.
 */
static __always_inline bool is_in_transit(struct cp_packet *frame, struct cp_record *record)
{
	const struct cp_event *event = &record->event;
	struct bpf_fib_lookup *route = &record->scratch.route;

	__builtin_memset(route, 0, sizeof(*route));
	route->ifindex = event->ifindex;
	route->l4_protocol = IPPROTO_UDP;
	if (event->ip_version == 4) {
		route->family = 2; /* AF_INET */
		__builtin_memcpy(&route->ipv4_src, event->source_address, 4);
		__builtin_memcpy(&route->ipv4_dst, event->destination_address, 4);
	} else {
		route->family = 10; /* AF_INET6 */
		__builtin_memcpy(route->ipv6_src, event->source_address, 16);
		__builtin_memcpy(route->ipv6_dst, event->destination_address, 16);
	}
	switch (bpf_fib_lookup(frame, route, sizeof(*route), 0)) {
	case BPF_FIB_LKUP_RET_SUCCESS:
	case BPF_FIB_LKUP_RET_NO_NEIGH:
	case BPF_FIB_LKUP_RET_FRAG_NEEDED:
	case BPF_FIB_LKUP_RET_UNSUPP_LWT:
		return true;
	default:
		return false;
	}
}

/* Whether the request is for this host, and comes from where an answer may go. */
static __noinline bool may_answer(struct cp_packet *frame, const struct datagram *datagram,
				  struct cp_record *record, const struct cp_responder *responder,
				  __u32 response)
{
	const struct cp_event *event = &record->event;
	__u32 i;

	if (event->source_port == 0 || event->source_mac[0] & 1 || event->destination_mac[0] & 1)
		return false;
	if (!is_port(&config, bpf_htons(event->destination_port)))
		return false;
	/* Something on the protocol's port may answer what comes back, unless that is a Response. */
	if (!(response & CP_RESPONSE_FINAL) && is_port(&config, bpf_htons(event->source_port)))
		return false;
	/* Extension headers aren't for the way back, least of all a routing header. */
	if (datagram->ip_version == 6 &&
	    datagram->udp_offset != datagram->ip_offset + sizeof(struct ipv6hdr))
		return false;
	if (!is_unicast(responder, event->source_address, datagram->ip_version) ||
	    !is_unicast(responder, event->destination_address, datagram->ip_version))
		return false;
	if (responder->knows_interface) {
#pragma unroll
		for (i = 0; i < ETH_ALEN; i++)
			if (event->destination_mac[i] != responder->mac[i])
				return false;
	}
	return !is_in_transit(frame, record);
}

static __noinline void count_latency(struct cp_record *record, __u32 type, __u64 elapsed)
{
	struct cp_latency *latency = bpf_map_lookup_elem(&latencies, &type);
	__u32 bucket = 0;
	int i;

	if (!latency)
		return;
#pragma unroll
	for (i = 16; i > 0; i >>= 1) {
		if (elapsed >> i) {
			elapsed >>= i;
			bucket += i;
		}
	}
	/* Read back, as an index that differs from way to way is for CAP_PERFMON only. */
	record->scratch.bucket = bucket;
	bucket = *(volatile __u32 *)&record->scratch.bucket;
	latency->buckets[bucket & (CP_LATENCY_BUCKETS - 1)]++;
}

/*
 * Turns a request into its response, if it is one that is to be answered, and counts what it did.
 * Where the packet is left as it is, the given verdict holds. The message is in this CPU's record. A
 * function of its own to the verifier, and called by the program, for the room on the stack.
 */
__noinline int respond(struct cp_packet *frame, const struct datagram *datagram, int verdict)
{
	const __u32 zero = 0;
	__u32 cpu = bpf_get_smp_processor_id();
	struct cp_counters *counted = bpf_map_lookup_elem(&counters, &zero);
	struct cp_record *record = bpf_map_lookup_elem(&records, &cpu);
	void *holder = bpf_map_lookup_elem(&responders, &zero);
	struct cp_responder *responder;
	__u32 response, data_length, udp_length, end;
	const struct cp_event *event;
	struct cp_peer *peer;
	bool unfinished;
	__u64 type;
	long failed;

	if (!datagram || !counted || !record || !holder || !config.type.width)
		return verdict;
	event = &record->event;
	if (event->reason != CP_REASON_NONE)
		return verdict;
	responder = bpf_map_lookup_elem(holder, &zero);
	type = read_field(record->payload, &config.type);
	if (!responder || type > 255)
		return verdict;
	response = responder->types[type];
	if (!(response & CP_RESPONSE_GIVEN))
		return verdict;

	data_length = responder->is_fixed ? responder->data_length : event->length;
	udp_length = sizeof(struct udphdr) + config.header_size + data_length;
	end = datagram->udp_offset + udp_length;
	if ((udp_length > datagram->udp_length && !responder->may_be_longer) ||
	    end - datagram->ip_offset > CP_MAX_PAYLOAD ||
	    !may_answer(frame, datagram, record, responder, response)) {
		counted->unanswerable++;
		return verdict;
	}
	peer = config.keep_peers ? bpf_map_lookup_elem(&peers, fill_key(record)) : NULL;
	if (!is_within_limits(responder, peer, event->monotonic_ns)) {
		counted->limited++;
		return verdict;
	}
	unfinished = responder->is_generic && is_unfinished(frame, datagram, record);
	if (!resize(frame, datagram, event->frame_length, end, unfinished)) {
		counted->unanswerable++;
		return verdict;
	}

	failed = exchange_macs(frame, record);
	failed |= datagram->ip_version == 4 ? turn_ipv4(frame, datagram, record, end)
					    : turn_ipv6(frame, datagram, record, udp_length);
	failed |= turn_message(frame, datagram, record, responder, response & 255, data_length);
	failed |= turn_udp(frame, datagram, record, udp_length, unfinished);
	if (failed) {
		/* Can't be, since the frame holds all of it; half an answer is no packet. */
		counted->unanswerable++;
		return PACKET_DROP;
	}
	counted->answered++;
	if (peer)
		__sync_fetch_and_add(&peer->answered, 1);
	count_latency(record, type, bpf_ktime_get_ns() - event->monotonic_ns);
	return PACKET_ANSWER;
}

#endif /* CUSTOMPROTO_RESPOND_H */
