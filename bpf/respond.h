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

/* A response, as it was decided on. */
struct response {
	struct cp_responder *responder;
	struct cp_peer *peer;
	__u32 type;	   /* its own */
	__u32 data_length; /* bytes */
	__u32 length;	   /* of the frame */
	__u32 is_unfinished;
};

/* Whether the message in the record is a request that is answered, and how; counts one that can't be or mustn't. */
static __noinline bool is_answered(struct cp_packet *frame, const struct datagram *datagram,
				   struct cp_record *record, struct cp_counters *counted,
				   struct response *response)
{
	const struct cp_event *event = &record->event;
	struct cp_responder *responder = response->responder;
	__u32 answer, udp_length, end;

	answer = responder->types[event->type];
	if (!(answer & CP_RESPONSE_GIVEN))
		return false;
	response->type = answer & 255;
	response->data_length = responder->is_fixed ? responder->data_length : event->length;
	udp_length = sizeof(struct udphdr) + config.header_size + response->data_length;
	end = datagram->udp_offset + udp_length;
	if ((udp_length > datagram->udp_length && !responder->may_be_longer) ||
	    end - datagram->ip_offset > CP_MAX_PAYLOAD ||
	    !may_answer(frame, datagram, record, responder, answer)) {
		counted->unanswerable++;
		return false;
	}
	response->peer = config.keep_peers ? bpf_map_lookup_elem(&peers, fill_key(record)) : NULL;
	if (!is_within_limits(responder, response->peer, event->monotonic_ns)) {
		counted->limited++;
		return false;
	}
	response->is_unfinished = responder->is_generic && is_unfinished(frame, datagram, record);
	response->length = response_length(event->frame_length, end, response->is_unfinished);
	if (!lengthen(frame, datagram, event->frame_length, end, response->length)) {
		counted->unanswerable++;
		return false;
	}
	return true;
}

/* Turns the request, which the readers have had, into its response. */
static __always_inline int turn(struct cp_packet *frame, const struct datagram *datagram,
				struct cp_record *record, struct cp_counters *counted,
				const struct response *response)
{
	const struct cp_event *event = &record->event;
	__u32 udp_length = sizeof(struct udphdr) + config.header_size + response->data_length;
	__u32 end = datagram->udp_offset + udp_length;
	__u32 type = event->type;
	long failed = 0;

	if (response->length < event->frame_length)
		failed = bpf_xdp_adjust_tail(frame,
					     (int)response->length - (int)event->frame_length);
	failed |= exchange_macs(frame, record);
	failed |= datagram->ip_version == 4 ? turn_ipv4(frame, datagram, record, end)
					    : turn_ipv6(frame, datagram, record, udp_length);
	failed |= turn_message(frame, datagram, record, response->responder, response->type,
			       response->data_length);
	failed |= turn_udp(frame, datagram, record, udp_length, response->is_unfinished);
	if (failed) {
		/* Can't be, since the frame holds all of it; half an answer is no packet. */
		counted->unanswerable++;
		return PACKET_DROP;
	}
	counted->answered++;
	if (response->peer)
		__sync_fetch_and_add(&response->peer->answered, 1);
	count_latency(record, type, bpf_ktime_get_ns() - event->monotonic_ns);
	return PACKET_ANSWER;
}

/*
 * receive_datagram where requests are answered. Whether one is, is decided before its readers get it, so that
 * their record has the verdict; it is turned afterwards, as they get it as it came.
 */
__noinline int receive_and_respond(struct cp_packet *frame, const struct datagram *datagram)
{
	const __u32 zero = 0;
	__u32 cpu = bpf_get_smp_processor_id();
	struct cp_counters *counted = bpf_map_lookup_elem(&counters, &zero);
	struct cp_record *record = bpf_map_lookup_elem(&records, &cpu);
	struct cp_settings *set = bpf_map_lookup_elem(&settings, &zero);
	void *holder = bpf_map_lookup_elem(&responders, &zero);
	struct response response = {};
	bool answered = false;
	int verdict;

	if (!datagram || !counted || !record || !set)
		return PACKET_PASS;
	counted->seen++;
	stamp(frame, &record->event);
	verdict =
		note_judged(frame, datagram, record, counted, set, judge(frame, datagram, record));
	if (record->event.reason != CP_REASON_NONE)
		return verdict;

	counted->valid++;
	count_peer(record, counted);
	if (holder)
		response.responder = bpf_map_lookup_elem(holder, &zero);
	if (response.responder && config.type.width)
		answered = is_answered(frame, datagram, record, counted, &response);
	if (answered)
		record->event.verdict = PACKET_ANSWER;
	deliver(frame, record, set->readers, set->filtering,
		datagram->udp_offset + sizeof(struct udphdr));
	return answered ? turn(frame, datagram, record, counted, &response) : verdict;
}

#endif /* CUSTOMPROTO_RESPOND_H */
