/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The lengths of a datagram that grows or shrinks, in its headers and in the sums over them.
 */
#ifndef CUSTOMPROTO_LENGTHS_H
#define CUSTOMPROTO_LENGTHS_H

#include "receive.h"

/* Where the fields stand that change with the length. */
#define IPV4_LENGTH_OFFSET 2
#define IPV4_CHECKSUM_OFFSET 10
#define IPV6_LENGTH_OFFSET 4
#define UDP_LENGTH_OFFSET 4
#define UDP_CHECKSUM_OFFSET 6

/* The one's complement difference of two 16-bit words. */
static __always_inline __u16 change_of(__be16 before, __be16 after)
{
	return checksum_fold((__u32)(__u16)~before + after);
}

/* Finds the headers where they stand most of the time; false where they don't. */
static __always_inline bool find_in_place(struct cp_packet *packet, const struct datagram *datagram,
					  struct iphdr **ip, struct udphdr **udp)
{
	*ip = (void *)(long)packet->data + ETH_HLEN;
	*udp = (void *)(*ip + 1);
	return datagram->ip_version == 4 && datagram->ip_offset == ETH_HLEN &&
	       datagram->udp_offset == ETH_HLEN + sizeof(**ip) &&
	       (void *)(*udp + 1) <= (void *)(long)packet->data_end;
}

/* Writes the lengths and the IP header's checksum there, which saves three calls. */
static __always_inline bool write_in_place(struct cp_packet *packet,
					   const struct datagram *datagram, __be16 ip_change,
					   __be16 ip_length, __be16 udp_length)
{
	struct udphdr *udp;
	struct iphdr *ip;

	if (!find_in_place(packet, datagram, &ip, &udp))
		return false;
	ip->check = ~checksum_fold((__u32)(__u16)~ip->check + ip_change);
	ip->tot_len = ip_length;
	udp->len = udp_length;
	return true;
}

/* The same anywhere. */
static __always_inline long write_anywhere(struct cp_packet *packet,
					   const struct datagram *datagram, __be16 ip_before,
					   __be16 ip_length, __be16 udp_length)
{
	long failed;

	if (datagram->ip_version == 4) {
		failed = bpf_l3_csum_replace(packet, datagram->ip_offset + IPV4_CHECKSUM_OFFSET,
					     ip_before, ip_length, sizeof(ip_length));
		failed |= bpf_skb_store_bytes(packet, datagram->ip_offset + IPV4_LENGTH_OFFSET,
					      &ip_length, sizeof(ip_length), 0);
	} else {
		failed = bpf_skb_store_bytes(packet, datagram->ip_offset + IPV6_LENGTH_OFFSET,
					     &ip_length, sizeof(ip_length), 0);
	}
	return failed | bpf_skb_store_bytes(packet, datagram->udp_offset + UDP_LENGTH_OFFSET,
					    &udp_length, sizeof(udp_length), 0);
}

/*
 * Changes a UDP checksum by what the sum of the datagram's bytes (`sum`) and that of its pseudo header
 * (`pseudo`) have changed by.
 *
 * An unfinished checksum holds the sum of the pseudo header only. Which of the two it is the kernel knows,
 * and tells by leaving the field as it was, where a finished one must have changed.
 */
static __always_inline long write_checksum(struct cp_packet *packet,
					   const struct datagram *datagram, __u16 sum, __u16 pseudo)
{
	__u32 offset = datagram->udp_offset + UDP_CHECKSUM_OFFSET;
	__u16 both = checksum_fold((__u32)sum + pseudo);
	struct udphdr *udp;
	struct iphdr *ip;
	long failed;

	if (both == 0 || both == 0xffff || !find_in_place(packet, datagram, &ip, &udp)) {
		failed = bpf_l4_csum_replace(packet, offset, 0, sum, BPF_F_MARK_MANGLED_0);
		return failed | bpf_l4_csum_replace(packet, offset, 0, pseudo,
						    BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0);
	}
	failed = bpf_l4_csum_replace(packet, offset, 0, both, BPF_F_MARK_MANGLED_0);
	if (find_in_place(packet, datagram, &ip, &udp) && udp->check == datagram->udp_checksum)
		udp->check = checksum_fold((__u32)udp->check + pseudo);
	return failed;
}

/*
 * Writes the lengths of a datagram whose payload has got `change` bytes longer, and makes the
 * checksums right. `sum` is what the payload's sum has changed by. A checksum of 0 is none and stays it.
 *
 * The sum of all bytes that a card may have told (CHECKSUM_COMPLETE) needn't follow: the kernel has dropped
 * it when the packet's length changed (bpf_skb_change_tail, net/core/filter.c).
 */
static __always_inline long write_lengths(struct cp_packet *packet, struct datagram *datagram,
					  __s32 change, __u32 sum)
{
	__be16 udp_before = bpf_htons(datagram->udp_length);
	__be16 udp_after = bpf_htons(datagram->udp_length + change);
	__u32 length = datagram->ip_end - datagram->ip_offset -
		       (datagram->ip_version == 4 ? 0 : sizeof(struct ipv6hdr));
	__be16 ip_before = bpf_htons(length), ip_after = bpf_htons(length + change);
	__u32 udp_change = change_of(udp_before, udp_after);
	long failed = 0;

	if (!write_in_place(packet, datagram, change_of(ip_before, ip_after), ip_after, udp_after))
		failed = write_anywhere(packet, datagram, ip_before, ip_after, udp_after);
	if (datagram->udp_checksum)
		failed |= write_checksum(packet, datagram, checksum_fold((__u64)sum + udp_change),
					 udp_change);
	datagram->ip_end += change;
	datagram->udp_length += change;
	return failed;
}

#endif /* CUSTOMPROTO_LENGTHS_H */
