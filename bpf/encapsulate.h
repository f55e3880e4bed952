/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The protocol for programs that have never heard of it: its header is put between the UDP header and
 * the payload of what leaves, and taken out of what arrives.
 *
 * The payload is moved and the tail of the packet changed. Moving the headers instead would leave
 * behind where a later device begins to sum (the checksum start of a socket buffer), so that it writes
 * the checksum into the wrong place.
 */
#ifndef CUSTOMPROTO_ENCAPSULATE_H
#define CUSTOMPROTO_ENCAPSULATE_H

#include "lengths.h"
#include "too_big.h"

#define MAX_IP_LENGTH 65535

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cp_encapsulation_counters);
} encapsulation SEC(".maps");

static __always_inline void count(__u64 *counter)
{
	/* Keeps the compiler from merging two of these into one at a variable offset, which is for
	 * CAP_PERFMON only. */
	asm volatile("" : "+r"(counter));
	++*counter;
}

/* Several datagrams that the kernel handles as one packet (GRO, GSO). */
static __always_inline bool is_merged(struct cp_packet *packet, const struct datagram *datagram)
{
	__u32 udp_length = datagram->udp_length;

	return packet->gso_size && udp_length > sizeof(struct udphdr) + packet->gso_size &&
	       datagram->udp_offset + udp_length <= datagram->ip_end &&
	       datagram->ip_end <= packet_length(packet) && !datagram->first_fragment;
}

/* Writes the header of a message with `length` bytes of data; false where its field can't hold that. */
static __always_inline bool write_header(__u8 *header, __u64 length)
{
	const volatile struct cp_field *field = &config.length;
	void *at = header + (field->offset & (CP_MAX_HEADER - 1));
	__u32 size = config.header_size;
	__u32 i;

	/* Not a byte more, for the data follows. What isn't needed is known, and dropped, at load. */
#pragma unroll
	for (i = 0; i < CP_MAX_HEADER; i++) {
		if (i < size)
			header[i] = tc_config.header[i];
	}
	if (config.length_counts_header)
		length += config.header_size;
	switch (field->width) {
	case 0:
		return true;
	case 1:
		*(__u8 *)at = length;
		return length <= 0xff;
	case 2:
		*(__u16 *)at = config.little_endian ? length : bpf_htons(length);
		return length <= 0xffff;
	case 4:
		*(__u32 *)at = config.little_endian ? length : bpf_htonl(length);
		return true;
	default:
		*(__u64 *)at = config.little_endian ? length : bpf_cpu_to_be64(length);
		return true;
	}
}

/*
 * What a header adds to the sum of the packet. After an odd number of bytes the payload's bytes
 * change places in the sum's words, so that its own sum counts turned.
 */
static __always_inline bool header_sum(struct cp_packet *packet, const __u8 *header, __u32 payload,
				       __u32 payload_size, __u32 *sum)
{
	const volatile __u8 *bytes = header;
	__u32 size = config.header_size;
	__u32 total = 0, own = 0;
	__u32 i;

	/* A call for so few bytes takes longer than to add them. */
#pragma unroll
	for (i = 0; i < CP_MAX_HEADER; i += sizeof(__u16)) {
		if (i + 1 < size)
			total += *(const volatile __u16 *)(bytes + i);
		else if (i < size)
			total += bpf_htons((__u16)bytes[i] << 8);
	}
	*sum = checksum_fold(total);
	if (!(size & 1) || payload_size == 0)
		return true;
	if (!checksum_add(packet, payload, payload_size, &own))
		return false;
	*sum = checksum_fold((__u64)*sum + (own >> 8 | own << 24) + (__u32)~own);
	return true;
}

/* What add_header returns beside verdicts. */
enum header_addition {
	HEADER_ADDED = 0x100,
	HEADER_SKIPPED, /* a message already, or can't be one */
};

/*
 * Makes a message of a plain datagram: all of it is in the record, too. What isn't to go on is
 * returned as a verdict.
 */
__noinline int add_header(struct cp_packet *packet, struct datagram *datagram)
{
	const __u32 zero = 0;
	__u32 cpu = bpf_get_smp_processor_id();
	struct cp_encapsulation_counters *counted = bpf_map_lookup_elem(&encapsulation, &zero);
	struct cp_record *record = bpf_map_lookup_elem(&records, &cpu);
	__u32 header_size = config.header_size;
	__u32 payload, size, loaded, data, length, mtu, sum;

	if (!datagram || !counted || !record)
		return PACKET_DROP;
	count(&counted->considered);
	if (datagram->first_fragment) {
		count(&counted->fragment);
		return PACKET_DROP;
	}
	if (is_merged(packet, datagram)) {
		count(&counted->gso);
		return PACKET_DROP;
	}
	payload = datagram->udp_offset + sizeof(struct udphdr);
	data = datagram->udp_length - sizeof(struct udphdr);
	if (datagram->ip_end > packet_length(packet) ||
	    datagram->udp_length < sizeof(struct udphdr) ||
	    datagram->udp_offset + datagram->udp_length > datagram->ip_end) {
		count(&counted->skipped);
		return HEADER_SKIPPED;
	}

	/* To where it belongs in the message; of what would be too much, what tells a message. */
	size = datagram->ip_end - payload;
	loaded = size > CP_MAX_PAYLOAD - header_size ? header_size : size;
	if (is_some(loaded) && load_bytes(packet, payload, record->payload + header_size, loaded)) {
		count(&counted->failed);
		return PACKET_DROP;
	}
	if (data >= header_size && judge_header(record->payload + header_size, data - header_size,
						&record->event) == CP_REASON_NONE) {
		count(&counted->skipped);
		return HEADER_SKIPPED;
	}

	length = datagram->ip_end - datagram->ip_offset;
	mtu = length;
	if (bpf_check_mtu(packet, 0, &mtu, header_size, 0) == BPF_MTU_CHK_RET_FRAG_NEEDED) {
		count(&counted->too_big);
		if (!tell_too_big(packet, datagram, record, mtu - header_size))
			return PACKET_DROP;
		count(&counted->told);
		return bpf_redirect(packet->ifindex, BPF_F_INGRESS);
	}
	if (length + header_size > MAX_IP_LENGTH || size > CP_MAX_PAYLOAD - header_size ||
	    !write_header(record->payload, data)) {
		count(&counted->too_big);
		return PACKET_DROP;
	}

	if (!header_sum(packet, record->payload, payload, data, &sum) ||
	    bpf_skb_change_tail(packet, packet_length(packet) + header_size, 0) ||
	    bpf_skb_store_bytes(packet, payload, record->payload, header_size + size, 0) ||
	    write_lengths(packet, datagram, header_size, sum)) {
		count(&counted->failed);
		return PACKET_DROP;
	}
	count(&counted->encapsulated);
	return HEADER_ADDED;
}

/*
 * Counts a valid message that only the default reader is to get, and whose ring has no room for it:
 * as it is for good where datagrams are encapsulated and nobody reads. False where it takes more.
 */
static __always_inline bool count_lost(const struct cp_record *record, struct cp_counters *counted,
				       const struct cp_settings *set)
{
	const __u32 zero = 0;
	struct cp_reader_counters *offered;
	struct cp_reader *reader;
	__u64 size = record->event.length;
	void *ring;

	if (set->readers != 1 || set->filtering || set->trace || config.keep_peers ||
	    set->match_action != CP_MATCH_PASS)
		return false;
	ring = bpf_map_lookup_elem(&rings, &zero);
	offered = bpf_map_lookup_elem(&reader_counters, &zero);
	reader = bpf_map_lookup_elem(&readers, &zero);
	if (!ring || !offered || !reader || *(volatile __u32 *)&reader->sleeping)
		return false;
	if (size > config.snap_length)
		size = config.snap_length;
	size += sizeof(record->event) + config.header_size + BPF_RINGBUF_HDR_SZ;
	if (bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) + size < reader->ring_size)
		return false;
	counted->valid++;
	offered->offered++;
	offered->lost++;
	offered->lost_pending++;
	return true;
}

/* A valid message, all of which is in the record, to those who want it: it needn't be read. */
static __always_inline void receive_loaded(struct cp_packet *packet,
					   const struct datagram *datagram,
					   struct cp_record *record, struct cp_counters *counted,
					   const struct cp_settings *set)
{
	struct cp_event *event = &record->event;
	__u32 captured = event->length;

	if (count_lost(record, counted, set))
		return;
	stamp(packet, event);
	event->reason = CP_REASON_NONE;
	event->verdict = PACKET_PASS;
	if (config.may_trace && set->trace)
		trace(record, datagram, set->program_id);
	if (captured > config.snap_length)
		captured = config.snap_length;
	event->captured = captured + config.header_size;
	record->size = sizeof(*event) + event->captured;
	receive_message(packet, datagram, record, counted, set);
}

/* Receives the message that add_header has made: it needn't be judged. */
__noinline int receive_made(struct cp_packet *packet, const struct datagram *datagram)
{
	const __u32 zero = 0;
	__u32 cpu = bpf_get_smp_processor_id();
	struct cp_counters *counted = bpf_map_lookup_elem(&counters, &zero);
	struct cp_record *record = bpf_map_lookup_elem(&records, &cpu);
	struct cp_settings *set = bpf_map_lookup_elem(&settings, &zero);
	struct cp_event *event;

	if (!datagram || !counted || !record || !set)
		return PACKET_PASS;
	counted->seen++;
	event = &record->event;
	event->length = datagram->udp_length - sizeof(struct udphdr) - config.header_size;
	event->trailing = 0;
	event->type = config.type.width ? read_field(record->payload, &config.type) : 0;
	receive_loaded(packet, datagram, record, counted, set);
	return PACKET_PASS;
}

/* Judges a datagram all of which is to be moved, and so is loaded at once. */
static __always_inline enum cp_reason
judge_loaded(struct cp_packet *packet, const struct datagram *datagram, struct cp_record *record)
{
	__u32 payload = datagram->udp_offset + sizeof(struct udphdr);
	__u32 size = datagram->ip_end - payload;
	enum cp_reason reason = judge_datagram(packet, datagram, &record->event);

	if (reason != CP_REASON_NONE)
		return reason;
	if (size > CP_MAX_PAYLOAD || !is_some(size) ||
	    load_bytes(packet, payload, record->payload, size))
		return CP_REASON_TRUNCATED;
	return judge_header(record->payload,
			    datagram->udp_length - sizeof(struct udphdr) - config.header_size,
			    &record->event);
}

/* Receives what is to lose its header, if it is a message. */
__noinline int receive_removable(struct cp_packet *packet, const struct datagram *datagram)
{
	const __u32 zero = 0;
	__u32 cpu = bpf_get_smp_processor_id();
	struct cp_counters *counted = bpf_map_lookup_elem(&counters, &zero);
	struct cp_record *record = bpf_map_lookup_elem(&records, &cpu);
	struct cp_settings *set = bpf_map_lookup_elem(&settings, &zero);
	enum cp_reason reason;

	if (!datagram || !counted || !record || !set)
		return PACKET_DROP;
	counted->seen++;
	record->event.frame_length = packet_length(packet);
	reason = judge_loaded(packet, datagram, record);
	record->event.reason = reason;
	if (reason == CP_REASON_NONE) {
		receive_loaded(packet, datagram, record, counted, set);
		return PACKET_PASS;
	}
	stamp(packet, &record->event);
	return receive_judged(packet, datagram, record, counted, set, reason);
}

/*
 * Makes a plain datagram, without its header, of what was received as a message and is still in the
 * record; bytes after the data stay.
 */
__noinline int remove_header(struct cp_packet *packet, struct datagram *datagram)
{
	const __u32 zero = 0;
	__u32 cpu = bpf_get_smp_processor_id();
	struct cp_encapsulation_counters *counted = bpf_map_lookup_elem(&encapsulation, &zero);
	struct cp_record *record = bpf_map_lookup_elem(&records, &cpu);
	__u32 header_size = config.header_size;
	__u32 payload, size, data, sum;

	if (!datagram || !counted || !record)
		return PACKET_DROP;
	count(&counted->considered);
	if (datagram->first_fragment) {
		count(&counted->fragment);
		return PACKET_PASS;
	}
	if (is_merged(packet, datagram)) {
		count(&counted->gso);
		return PACKET_DROP;
	}
	if (record->event.reason != CP_REASON_NONE) {
		count(&counted->skipped);
		return PACKET_PASS;
	}

	payload = datagram->udp_offset + sizeof(struct udphdr);
	size = datagram->ip_end - payload - header_size;
	data = datagram->udp_length - sizeof(struct udphdr) - header_size;
	if (size > CP_MAX_PAYLOAD - header_size ||
	    !header_sum(packet, record->payload, payload + header_size, data, &sum) ||
	    bpf_skb_change_tail(packet, packet_length(packet) - header_size, 0) ||
	    (is_some(size) &&
	     bpf_skb_store_bytes(packet, payload, record->payload + header_size, size, 0)) ||
	    write_lengths(packet, datagram, -(__s32)header_size, (__u16)~sum)) {
		count(&counted->failed);
		return PACKET_DROP;
	}
	count(&counted->decapsulated);
	return PACKET_PASS;
}

#endif /* CUSTOMPROTO_ENCAPSULATE_H */
