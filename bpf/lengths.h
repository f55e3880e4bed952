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

/*
 * Writes the lengths and the IP header's checksum where the headers stand most of the time, which
 * saves three calls; false where they don't.
 */
static __always_inline bool write_in_place(struct cp_packet *packet,
					   const struct datagram *datagram, __be16 ip_change,
					   __be16 ip_length, __be16 udp_length)
{
	struct iphdr *ip = (void *)(long)packet->data + ETH_HLEN;
	struct udphdr *udp = (void *)(ip + 1);

	if (datagram->ip_version != 4 || datagram->ip_offset != ETH_HLEN ||
	    datagram->udp_offset != ETH_HLEN + sizeof(*ip) ||
	    (void *)(udp + 1) > (void *)(long)packet->data_end)
		return false;
	ip->check = ~checksum_fold((__u32)(__u16)~ip->check + ip_change);
	ip->tot_len = ip_length;
	udp->len = udp_length;
	return true;
}

/* The same anywhere. A card's sum of all bytes then knows what has become of them. */
static __always_inline long write_anywhere(struct cp_packet *packet,
					   const struct datagram *datagram, __be16 ip_before,
					   __be16 ip_length, __be16 udp_length)
{
	long failed;

	if (datagram->ip_version == 4) {
		/* The two changes cancel out in that sum. */
		failed = bpf_l3_csum_replace(packet, datagram->ip_offset + IPV4_CHECKSUM_OFFSET,
					     ip_before, ip_length, sizeof(ip_length));
		failed |= bpf_skb_store_bytes(packet, datagram->ip_offset + IPV4_LENGTH_OFFSET,
					      &ip_length, sizeof(ip_length), 0);
	} else {
		failed = bpf_skb_store_bytes(packet, datagram->ip_offset + IPV6_LENGTH_OFFSET,
					     &ip_length, sizeof(ip_length), BPF_F_RECOMPUTE_CSUM);
	}
	return failed | bpf_skb_store_bytes(packet, datagram->udp_offset + UDP_LENGTH_OFFSET,
					    &udp_length, sizeof(udp_length), BPF_F_RECOMPUTE_CSUM);
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
	__u32 length = datagram->ip_end - datagram->ip_offset -
		       (datagram->ip_version == 4 ? 0 : sizeof(struct ipv6hdr));
	__be16 ip_before = bpf_htons(length), ip_after = bpf_htons(length + change);
	__u32 udp_change = change_of(udp_before, udp_after);
	__u32 untold = 0; /* what a card's sum of all bytes, if there is one, doesn't know yet */
	long failed = 0;

	if (write_in_place(packet, datagram, change_of(ip_before, ip_after), ip_after, udp_after))
		untold = udp_change;
	else
		failed = write_anywhere(packet, datagram, ip_before, ip_after, udp_after);
	datagram->ip_end += change;
	datagram->udp_length += change;
	if (datagram->udp_checksum) {
		sum = checksum_fold((__u64)sum + udp_change);
		failed |= bpf_l4_csum_replace(packet, checksum, 0, sum, BPF_F_MARK_MANGLED_0);
		failed |= bpf_l4_csum_replace(packet, checksum, udp_before, udp_after,
					      BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0 |
						      sizeof(udp_after));
		/* The sum is of the checksum's bytes, too: the kernel leaves the first to us. */
		untold += (__u16)~sum;
	}
	/* A packet that has grown has no such sum any more. */
	if (change < 0)
		bpf_csum_update(packet, checksum_fold(untold));
	return failed;
}

#endif /* CUSTOMPROTO_LENGTHS_H */
