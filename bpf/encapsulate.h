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

#include "receive.h"
#include "too_big.h"

#define MAX_IP_LENGTH 65535

/* Where the fields stand that change with the length. */
#define IPV4_LENGTH_OFFSET 2
#define IPV4_CHECKSUM_OFFSET 10
#define IPV6_LENGTH_OFFSET 4
#define UDP_LENGTH_OFFSET 4
#define UDP_CHECKSUM_OFFSET 6

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
	__u32 i;

#pragma unroll
	for (i = 0; i < CP_MAX_HEADER / sizeof(__u64); i++)
		((__u64 *)header)[i] = ((const volatile __u64 *)tc_config.header)[i];
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
 * Writes the lengths of a datagram whose payload has got `change` bytes longer, and makes the
 * checksums right. `sum` is what the payload's sum has changed by.
 *
 * An unfinished UDP checksum holds the sum of the pseudo header only, which is why its length is
 * changed separately: the kernel knows which of the two applies. A checksum of 0 is none and stays it.
 */
static __always_inline long write_lengths(struct cp_packet *packet, struct datagram *datagram,
					  __s32 change, __u32 sum)
{
	__u32 checksum = datagram->udp_offset + UDP_CHECKSUM_OFFSET;
	__be16 udp_before = bpf_htons(datagram->udp_length);
	__be16 udp_after = bpf_htons(datagram->udp_length + change);
	__u32 length = datagram->ip_end - datagram->ip_offset;
	__be16 ip_before, ip_after;
	long failed;

	if (datagram->ip_version == 4) {
		ip_before = bpf_htons(length);
		ip_after = bpf_htons(length + change);
		/* The two changes cancel out in a sum of the packet that a card has made. */
		failed = bpf_l3_csum_replace(packet, datagram->ip_offset + IPV4_CHECKSUM_OFFSET,
					     ip_before, ip_after, sizeof(ip_after));
		failed |= bpf_skb_store_bytes(packet, datagram->ip_offset + IPV4_LENGTH_OFFSET,
					      &ip_after, sizeof(ip_after), 0);
	} else {
		ip_after = bpf_htons(length - sizeof(struct ipv6hdr) + change);
		failed = bpf_skb_store_bytes(packet, datagram->ip_offset + IPV6_LENGTH_OFFSET,
					     &ip_after, sizeof(ip_after), BPF_F_RECOMPUTE_CSUM);
	}
	failed |= bpf_skb_store_bytes(packet, datagram->udp_offset + UDP_LENGTH_OFFSET, &udp_after,
				      sizeof(udp_after), BPF_F_RECOMPUTE_CSUM);
	datagram->ip_end += change;
	datagram->udp_length += change;
	if (failed || datagram->udp_checksum == 0)
		return failed;

	sum = checksum_fold((__u64)sum + (__u16)~udp_before + udp_after);
	failed = bpf_l4_csum_replace(packet, checksum, 0, sum, BPF_F_MARK_MANGLED_0);
	/* A card's sum is of all bytes, of the checksum's too: the kernel leaves that to us. */
	bpf_csum_update(packet, ~sum);
	return failed |
	       bpf_l4_csum_replace(packet, checksum, udp_before, udp_after,
				   BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0 | sizeof(udp_after));
}

/*
 * What a header adds to the sum of the packet. After an odd number of bytes the payload's bytes
 * change places in the sum's words, so that its own sum counts turned.
 */
static __always_inline bool header_sum(struct cp_packet *packet, const __u8 *header, __u32 payload,
				       __u32 payload_size, __u32 *sum)
{
	__u32 own = 0;

	*sum = checksum_fold((__u32)bpf_csum_diff(NULL, 0, (__be32 *)header, CP_MAX_HEADER, 0));
	if (!(config.header_size & 1) || payload_size == 0)
		return true;
	if (!checksum_add(packet, payload, payload_size, &own))
		return false;
	*sum = checksum_fold((__u64)*sum + (own >> 8 | own << 24) + (__u32)~own);
	return true;
}

/*
 * Makes a message of a plain datagram. PACKET_PASS lets what is there now go on; everything else is
 * the verdict.
 */
__noinline int add_header(struct cp_packet *packet, struct datagram *datagram)
{
	const __u32 zero = 0;
	__u32 cpu = bpf_get_smp_processor_id();
	struct cp_encapsulation_counters *counted = bpf_map_lookup_elem(&encapsulation, &zero);
	struct cp_record *record = bpf_map_lookup_elem(&records, &cpu);
	__u32 header_size = config.header_size;
	__u32 payload, size, length, mtu, sum;

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
	record->event.frame_length = packet_length(packet);
	payload = datagram->udp_offset + sizeof(struct udphdr);
	if (datagram->ip_end > packet_length(packet) ||
	    datagram->udp_length < sizeof(struct udphdr) ||
	    datagram->udp_offset + datagram->udp_length > datagram->ip_end ||
	    judge(packet, datagram, record) == CP_REASON_NONE) {
		count(&counted->skipped);
		return PACKET_PASS;
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
	size = datagram->ip_end - payload;
	if (length + header_size > MAX_IP_LENGTH || size > CP_MAX_PAYLOAD - header_size ||
	    !write_header(record->payload, datagram->udp_length - sizeof(struct udphdr))) {
		count(&counted->too_big);
		return PACKET_DROP;
	}

	if (!header_sum(packet, record->payload, payload,
			datagram->udp_length - sizeof(struct udphdr), &sum) ||
	    (size && load_bytes(packet, payload, record->payload + header_size, size)) ||
	    bpf_skb_change_tail(packet, packet_length(packet) + header_size, 0) ||
	    bpf_skb_store_bytes(packet, payload, record->payload, header_size + size,
				BPF_F_RECOMPUTE_CSUM) ||
	    write_lengths(packet, datagram, header_size, sum)) {
		count(&counted->failed);
		return PACKET_DROP;
	}
	count(&counted->encapsulated);
	return PACKET_PASS;
}

/* Makes a plain datagram of a message, without its header; bytes after the data stay. */
__noinline int remove_header(struct cp_packet *packet, struct datagram *datagram)
{
	const __u32 zero = 0;
	__u32 cpu = bpf_get_smp_processor_id();
	struct cp_encapsulation_counters *counted = bpf_map_lookup_elem(&encapsulation, &zero);
	struct cp_record *record = bpf_map_lookup_elem(&records, &cpu);
	__u32 header_size = config.header_size;
	__u32 payload, size, sum;

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
	record->event.frame_length = packet_length(packet);
	if (judge(packet, datagram, record) != CP_REASON_NONE) {
		count(&counted->skipped);
		return PACKET_PASS;
	}

	payload = datagram->udp_offset + sizeof(struct udphdr);
	size = datagram->ip_end - payload - header_size;
	__builtin_memset(record->payload, 0, CP_MAX_HEADER);
	if (size > CP_MAX_PAYLOAD || load_bytes(packet, payload, record->payload, header_size) ||
	    !header_sum(packet, record->payload, payload + header_size,
			datagram->udp_length - sizeof(struct udphdr) - header_size, &sum) ||
	    (size && load_bytes(packet, payload + header_size, record->payload, size)) ||
	    bpf_skb_change_tail(packet, packet_length(packet) - header_size, 0) ||
	    (size &&
	     bpf_skb_store_bytes(packet, payload, record->payload, size, BPF_F_RECOMPUTE_CSUM)) ||
	    write_lengths(packet, datagram, -(__s32)header_size, (__u16)~sum)) {
		count(&counted->failed);
		return PACKET_DROP;
	}
	count(&counted->decapsulated);
	return PACKET_PASS;
}

#endif /* CUSTOMPROTO_ENCAPSULATE_H */
