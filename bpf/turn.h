/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * A request turned around in its own frame, from the Ethernet header to the checksum.
 */
#ifndef CUSTOMPROTO_TURN_H
#define CUSTOMPROTO_TURN_H

#include "receive.h"

#define RESPONSE_HOPS 64
#define IPV4_DONT_FRAGMENT 0x4000
#define MAX_IPV4_OPTIONS 40
#define ECN_BITS 0x03

/* Takes the place of IPv4 options, which mean nothing on the way back. */
static const __u8 no_operations[MAX_IPV4_OPTIONS] = {
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
};

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
 * The length of the frame that a response makes, on whose end the padding of Ethernet follows: but not
 * where the checksum is finished later, which is done up to the end of the frame.
 */
static __always_inline __u32 response_length(__u32 length, __u32 end, bool unfinished)
{
	if (end >= ETH_ZLEN || unfinished)
		return end;
	return length < ETH_ZLEN ? (length > end ? length : end) : ETH_ZLEN;
}

/* Makes the frame longer, if it is to be; what is in it stays for the readers. */
static __noinline bool lengthen(struct cp_packet *frame, const struct datagram *datagram,
				__u32 length, __u32 end, __u32 wanted)
{
	__u32 mtu = end - datagram->ip_offset;

	return wanted <= length || (!bpf_check_mtu(frame, 0, &mtu, 0, 0) &&
				    !bpf_xdp_adjust_tail(frame, (int)wanted - (int)length));
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
	if (is_some(options)) {
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
	if (!responder->is_fixed || !is_some(data_length))
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

#endif /* CUSTOMPROTO_TURN_H */
