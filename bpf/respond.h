/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The responder: turns a request around in the driver (XDP_TX), with its addresses exchanged and
 * another type, and with data of its own if so wanted.
 */
#ifndef CUSTOMPROTO_RESPOND_H
#define CUSTOMPROTO_RESPOND_H

#include "receive.h"

#define RESPONSE_HOPS 64
#define IPV4_DONT_FRAGMENT 0x4000
#define IPV4_FIRST_MULTICAST 0xe0000000 /* and from there on what is reserved, and broadcast */
#define MAX_IPV4_OPTIONS 40
#define ECN_BITS 0x03
/* How often a token is tried for while other CPUs take theirs. */
#define MAX_TOKEN_ATTEMPTS 64

/* The responder in use, in a map of its own; none where requests aren't answered. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(max_entries, 1);
			__type(key, __u32);
			__type(value, struct cp_responder);
		});
} responders SEC(".maps");

/* What it was set up with, or was before it was switched off. For processes only. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cp_responder);
} kept_responder SEC(".maps");

/* When the bucket of tokens for all answers is full again. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} next_answer SEC(".maps");

/* By the request's type. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct cp_latency);
} latencies SEC(".maps");

/* Takes the place of IPv4 options, which mean nothing on the way back. */
static const __u8 no_operations[MAX_IPV4_OPTIONS] = {
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
};

/* A bucket to take a token from. */
struct bucket {
	__u64 *next; /* when it is full again */
	__u64 now;
	__u64 interval;
	__u64 latest; /* that `next` may become */
	__u32 taken;
	__u32 reserved;
};

static long try_token(__u32 index, void *context)
{
	struct bucket *bucket = context;
	__u64 seen = *(volatile __u64 *)bucket->next;
	__u64 then = (seen > bucket->now ? seen : bucket->now) + bucket->interval;

	(void)index;
	if (then > bucket->latest)
		return 1;
	bucket->taken = __sync_val_compare_and_swap(bucket->next, seen, then) == seen;
	return bucket->taken;
}

/* Takes a token, if there is one; whatever the other CPUs do, never more than the rate has. */
static __always_inline bool take_token(__u64 *next, __u64 now, const struct cp_rate *rate)
{
	struct bucket bucket = {
		.next = next,
		.now = now,
		.interval = rate->interval_ns,
		.latest = now + rate->burst_ns,
	};

	bpf_loop(MAX_TOKEN_ATTEMPTS, try_token, &bucket, 0);
	return bucket.taken;
}

static __noinline bool is_within_limits(const struct cp_responder *responder, struct cp_peer *peer,
					__u64 now)
{
	const __u32 zero = 0;
	__u64 *total;

	/* The source's first, so that one that sends too much doesn't use up the others' share. */
	if (responder->source.interval_ns &&
	    (!peer || !take_token(&peer->next_answer_ns, now, &responder->source)))
		return false;
	if (!responder->total.interval_ns)
		return true;
	total = bpf_map_lookup_elem(&next_answer, &zero);
	return total && take_token(total, now, &responder->total);
}

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

/* What a UDP checksum covers beside the datagram; the same for a request and its response. */
static __always_inline __u16 pseudo_sum(const struct cp_event *event, __u32 udp_length)
{
	__u32 sum = bpf_csum_diff(NULL, 0, (__be32 *)event->source_address, 32, 0);

	return checksum_fold((__u64)sum + bpf_htons(udp_length) + bpf_htons(IPPROTO_UDP));
}

/*
 * Whether the request's checksum is one that a device was still to finish: the sum of the pseudo header
 * only (CHECKSUM_PARTIAL). A finished one may be the same number, but then it is right. One that is
 * both can't be told, and is taken for finished.
 */
static __noinline bool is_unfinished(struct cp_packet *frame, const struct datagram *datagram,
				     struct cp_record *record)
{
	const __u16 pseudo = pseudo_sum(&record->event, datagram->udp_length);
	__u32 sum = pseudo;

	return datagram->udp_checksum == pseudo &&
	       checksum_add(frame, datagram->udp_offset, datagram->udp_length, &sum) &&
	       checksum_fold(sum) != 0xffff;
}

/*
 * Gives the frame the length that the response has, on whose end the padding of Ethernet follows: but
 * not where the checksum is finished later, which is done up to the end of the frame.
 */
static __noinline bool resize(struct cp_packet *frame, const struct datagram *datagram,
			      __u32 length, __u32 end, bool unfinished)
{
	__u32 wanted = end;
	__u32 mtu;

	if (wanted < ETH_ZLEN && !unfinished)
		wanted = length < ETH_ZLEN ? (length > end ? length : end) : ETH_ZLEN;
	if (wanted == length)
		return true;
	if (wanted > length) {
		mtu = end - datagram->ip_offset;
		if (bpf_check_mtu(frame, 0, &mtu, 0, 0))
			return false;
	}
	return !bpf_xdp_adjust_tail(frame, (int)wanted - (int)length);
}

static __noinline long exchange_macs(struct cp_packet *frame, struct cp_record *record)
{
	const struct cp_event *event = &record->event;
	__u8 *macs = record->scratch.response.macs;

	__builtin_memcpy(macs, event->source_mac, ETH_ALEN);
	__builtin_memcpy(macs + ETH_ALEN, event->destination_mac, ETH_ALEN);
	return bpf_xdp_store_bytes(frame, 0, macs, 2 * ETH_ALEN);
}

static __noinline long turn_ipv4(struct cp_packet *frame, const struct datagram *datagram,
				 struct cp_record *record, __u32 end)
{
	__u32 options = datagram->udp_offset - datagram->ip_offset - sizeof(struct iphdr);
	const struct cp_event *event = &record->event;
	struct iphdr *ip = &record->scratch.response.ipv4;
	__u32 sum;

	if (bpf_xdp_load_bytes(frame, datagram->ip_offset, ip, sizeof(*ip)))
		return -1;
	if (options) {
		if (options > sizeof(no_operations) ||
		    bpf_xdp_store_bytes(frame, datagram->ip_offset + sizeof(*ip),
					(void *)no_operations, options))
			return -1;
	}
	__builtin_memcpy(&ip->saddr, event->destination_address, sizeof(ip->saddr));
	__builtin_memcpy(&ip->daddr, event->source_address, sizeof(ip->daddr));
	ip->tos &= ~ECN_BITS;
	ip->tot_len = bpf_htons(end - datagram->ip_offset);
	ip->frag_off &= bpf_htons(IPV4_DONT_FRAGMENT);
	ip->ttl = RESPONSE_HOPS;
	ip->check = 0;
	sum = bpf_csum_diff(NULL, 0, (__be32 *)ip, sizeof(*ip), 0);
	ip->check = ~checksum_fold((__u64)sum + options / 2 * 0x0101);
	return bpf_xdp_store_bytes(frame, datagram->ip_offset, ip, sizeof(*ip));
}

static __noinline long turn_ipv6(struct cp_packet *frame, const struct datagram *datagram,
				 struct cp_record *record, __u32 udp_length)
{
	const struct cp_event *event = &record->event;
	struct ipv6hdr *ip = &record->scratch.response.ipv6;

	if (bpf_xdp_load_bytes(frame, datagram->ip_offset, ip, sizeof(*ip)))
		return -1;
	__builtin_memcpy(&ip->saddr, event->destination_address, sizeof(ip->saddr));
	__builtin_memcpy(&ip->daddr, event->source_address, sizeof(ip->daddr));
	ip->flow_lbl[0] &= ~(ECN_BITS << 4);
	ip->payload_len = bpf_htons(udp_length);
	ip->hop_limit = RESPONSE_HOPS;
	return bpf_xdp_store_bytes(frame, datagram->ip_offset, ip, sizeof(*ip));
}

static __always_inline void write_field(void *header, const volatile struct cp_field *field,
					__u64 value)
{
	void *at = header + (field->offset & (CP_MAX_HEADER - 1));

	switch (field->width) {
	case 1:
		*(__u8 *)at = value;
		break;
	case 2:
		*(__u16 *)at = config.little_endian ? value : bpf_htons((__u16)value);
		break;
	case 4:
		*(__u32 *)at = config.little_endian ? value : bpf_htonl((__u32)value);
		break;
	default:
		*(__u64 *)at = config.little_endian ? value : bpf_cpu_to_be64(value);
		break;
	}
}

/* The protocol's header, made in the record, which the readers have had. */
static __always_inline long turn_message(struct cp_packet *frame, const struct datagram *datagram,
					 struct cp_record *record,
					 const struct cp_responder *responder, __u32 type,
					 __u32 data_length)
{
	__u32 offset = datagram->udp_offset + sizeof(struct udphdr);
	__u8 *header = record->payload;

	write_field(header, &config.type, type);
	if (config.length.width)
		write_field(header, &config.length,
			    data_length + (config.length_counts_header ? config.header_size : 0));
	if (bpf_xdp_store_bytes(frame, offset, header, config.header_size))
		return -1;
	if (!responder->is_fixed || data_length == 0)
		return 0;
	if (data_length > sizeof(responder->data))
		return -1;
	return bpf_xdp_store_bytes(frame, offset + config.header_size, (void *)responder->data,
				   data_length);
}

/*
 * The UDP header. In generic mode the kernel goes on with the socket buffer that the request came in,
 * and with what it knows of its checksum: where that was unfinished, the response's has to be so, too,
 * for whoever finishes it (skb->csum_start stays right, as the UDP header doesn't move). Else it is over
 * all that it covers, as nothing can be derived from the request's.
 */
static __noinline long turn_udp(struct cp_packet *frame, const struct datagram *datagram,
				struct cp_record *record, __u32 udp_length, bool unfinished)
{
	const struct cp_event *event = &record->event;
	struct udphdr *udp = &record->scratch.response.udp;
	__u16 pseudo = pseudo_sum(event, udp_length);
	__u32 sum = pseudo;

	udp->source = bpf_htons(event->destination_port);
	udp->dest = bpf_htons(event->source_port);
	udp->len = bpf_htons(udp_length);
	udp->check = unfinished ? pseudo : 0;
	if (bpf_xdp_store_bytes(frame, datagram->udp_offset, udp, sizeof(*udp)))
		return -1;
	if (unfinished)
		return 0;
	if (!checksum_add(frame, datagram->udp_offset, udp_length, &sum))
		return -1;
	udp->check = ~checksum_fold(sum);
	if (udp->check == 0)
		udp->check = 0xffff; /* 0 says that there is none (RFC 768) */
	return bpf_xdp_store_bytes(frame, datagram->udp_offset, udp, sizeof(*udp));
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
