/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * What a receiver is configured with, and the record of a packet while it is made.
 */
#ifndef CUSTOMPROTO_RECORD_H
#define CUSTOMPROTO_RECORD_H

#include <stddef.h>

#include "parse.h"

/*
 * Written by the loader from the protocol definition; frozen, so the verifier drops what isn't used.
 * In a section of its own, which the loader sets as a whole.
 */
const volatile struct cp_config config SEC(".rodata.config") = {};

/* A type that no global has would be missing from BTF, and with it from the check at load. */
const struct cp_event *cp_event_btf __attribute__((unused));
const struct cp_filter *cp_filter_btf __attribute__((unused));
const enum cp_reason *cp_reason_btf __attribute__((unused));
const enum cp_match_action *cp_match_action_btf __attribute__((unused));
const enum cp_limit *cp_limit_btf __attribute__((unused));
const enum cp_direction *cp_direction_btf __attribute__((unused));
const enum cp_hook *cp_hook_btf __attribute__((unused));
const struct cp_tc_config *cp_tc_config_btf __attribute__((unused));
const enum cp_condition *cp_condition_btf __attribute__((unused));
const enum cp_encapsulation *cp_encapsulation_btf __attribute__((unused));
const struct cp_encapsulation_counters *cp_encapsulation_counters_btf __attribute__((unused));
const struct cp_responder *cp_responder_btf __attribute__((unused));
const struct cp_latency *cp_latency_btf __attribute__((unused));

/* A record being made. Too large for the stack, and for a per-CPU map (32 KiB): one for each CPU.
 */
struct cp_record {
	struct cp_event event;
	__u8 payload[CP_MAX_PAYLOAD + 1];
	__u32 size; /* bytes of the record once it is complete, 0 before */
	__u32 reserved;
	/* For what is made on the way and too large for what the stack has left. */
	union {
		struct {
			struct cp_peer_key key;
			struct cp_peer first;
		} peer;
		struct bpf_fib_lookup route;
		__u32 bucket;
		struct {
			__u8 macs[2 * ETH_ALEN];
			union {
				struct iphdr ipv4;
				struct ipv6hdr ipv6;
			};
			struct udphdr udp;
		} response;
	} scratch;
};

#define CP_MAX_RECORD offsetof(struct cp_record, size)

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set to the number of possible CPUs before load */
	__type(key, __u32);
	__type(value, struct cp_record);
} records SEC(".maps");

/* Four bytes a time: the compiler would copy what may stand at an odd address byte by byte. */
static __always_inline void copy_words(void *to, const void *from, const __u32 size)
{
	__u32 i;

#pragma unroll
	for (i = 0; i < size; i += sizeof(__u32))
		*(__u32 *)(to + i) = *(const __u32 *)(from + i);
}

/* What stands in the headers goes into the record at once, while they are at hand. */
static __always_inline void fill_addresses(struct cp_event *event, struct cp_packet *frame,
					   const struct headers *headers)
{
	if (headers->ip_version == 4) {
		__builtin_memset(event->source_address, 0, sizeof(event->source_address));
		__builtin_memset(event->destination_address, 0, sizeof(event->destination_address));
		copy_words(event->source_address, headers->addresses, 4);
		copy_words(event->destination_address, headers->addresses + 4, 4);
	} else {
		copy_words(event->source_address, headers->addresses, 16);
		copy_words(event->destination_address, headers->addresses + 16, 16);
	}
	/* The source's follows, in the record, too. */
	copy_words(event->destination_mac, headers->ethernet->h_dest, 2 * ETH_ALEN);
	event->vlan_id[0] = headers->vlan_id[0];
	event->vlan_id[1] = headers->vlan_id[1];
	event->vlan_count = headers->vlan_count;
	event->ip_version = headers->ip_version;
	event->source_port = bpf_ntohs(headers->udp->source);
	event->destination_port = bpf_ntohs(headers->udp->dest);
	event->ifindex = packet_interface(frame);
	event->rx_queue = packet_queue(frame);
	event->direction = packet_direction();
}

/*
 * Completes the record of a message, whose leading bytes are in it; its size, or 0 where the packet
 * can't be copied.
 */
static __always_inline __u32 fill_record(struct cp_record *record, struct cp_packet *frame,
					 __u32 header_offset)
{
	struct cp_event *event = &record->event;
	__u32 captured = event->length;

	if (captured > config.snap_length)
		captured = config.snap_length;
	captured += config.header_size;
	if (captured == 0 || captured > CP_MAX_PAYLOAD)
		return 0;
	event->captured = captured;
	if (captured > CP_MAX_LEADING &&
	    load_bytes(frame, header_offset, record->payload, captured))
		return 0;
	return sizeof(*event) + captured;
}

/* Completes the record of a packet that is no message: what there is of its UDP payload, up to a limit. */
static __always_inline __u32 fill_rejected(struct cp_record *record, struct cp_packet *frame,
					   const struct datagram *datagram)
{
	struct cp_event *event = &record->event;
	__u32 start = datagram->udp_offset + sizeof(struct udphdr);
	__u32 end = datagram->udp_offset + datagram->udp_length;
	__u32 captured;

	if (end < start || end > datagram->ip_end)
		end = datagram->ip_end;
	if (end > event->frame_length)
		end = event->frame_length;
	event->length = end > start ? end - start : 0;
	event->trailing = 0;
	captured = event->length;
	if (captured > config.snap_length + config.header_size)
		captured = config.snap_length + config.header_size;
	if (captured > CP_MAX_LEADING)
		captured = CP_MAX_LEADING;
	if (is_some(captured) && load_bytes(frame, start, record->payload, captured))
		captured = 0;
	event->captured = captured;
	return sizeof(*event) + captured;
}

#endif /* CUSTOMPROTO_RECORD_H */
