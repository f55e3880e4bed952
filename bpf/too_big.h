/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Telling a local sender that its datagram doesn't fit: the packet becomes the ICMP message that a
 * router would send back (RFC 1191, RFC 8201), as if from the destination, for the way back to it is
 * the way the packet was going.
 */
#ifndef CUSTOMPROTO_TOO_BIG_H
#define CUSTOMPROTO_TOO_BIG_H

#include "receive.h"

/* The IP header, all of it, and the UDP header: so much of the datagram is sent back. */
#define IPV4_MAX_QUOTE (60 + sizeof(struct udphdr))
#define IPV6_MAX_QUOTE 256
#define HOP_LIMIT 64

/* linux/icmp.h doesn't compile for BPF. The two versions put the MTU in the same place. */
enum icmp_kind {
	ICMP_UNREACHABLE = 3,
	ICMP_FRAGMENTATION_NEEDED = 4,
	ICMPV6_PACKET_TOO_BIG = 2,
};

struct icmp_header {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be32 mtu;
};

struct icmp_too_big {
	struct iphdr ip;
	struct icmp_header icmp;
};

struct icmp6_too_big {
	struct ipv6hdr ip;
	struct icmp_header icmp;
};

/* The answer's headers, in front of the quoted bytes; the size of the two. */
static __always_inline __u32 write_ipv4(struct icmp_too_big *answer, const struct cp_event *event,
					__u32 quoted, __u32 mtu)
{
	__builtin_memset(answer, 0, sizeof(*answer));
	answer->ip.version = 4;
	answer->ip.ihl = sizeof(answer->ip) / 4;
	answer->ip.tot_len = bpf_htons(sizeof(*answer) + quoted);
	answer->ip.ttl = HOP_LIMIT;
	answer->ip.protocol = IPPROTO_ICMP;
	__builtin_memcpy(&answer->ip.saddr, event->destination_address, sizeof(answer->ip.saddr));
	__builtin_memcpy(&answer->ip.daddr, event->source_address, sizeof(answer->ip.daddr));
	answer->ip.check = ~checksum_fold(
		bpf_csum_diff(NULL, 0, (__be32 *)&answer->ip, sizeof(answer->ip), 0));
	answer->icmp.type = ICMP_UNREACHABLE;
	answer->icmp.code = ICMP_FRAGMENTATION_NEEDED;
	answer->icmp.mtu = bpf_htonl(mtu);
	answer->icmp.checksum = ~checksum_fold(
		bpf_csum_diff(NULL, 0, (__be32 *)&answer->icmp, sizeof(answer->icmp) + quoted, 0));
	return sizeof(*answer) + quoted;
}

static __always_inline __u32 write_ipv6(struct icmp6_too_big *answer, const struct cp_event *event,
					__u32 quoted, __u32 mtu)
{
	__u32 length = sizeof(answer->icmp) + quoted;
	__u64 sum;

	__builtin_memset(answer, 0, sizeof(*answer));
	answer->ip.version = 6;
	answer->ip.payload_len = bpf_htons(length);
	answer->ip.nexthdr = IPPROTO_ICMPV6;
	answer->ip.hop_limit = HOP_LIMIT;
	__builtin_memcpy(&answer->ip.saddr, event->destination_address, sizeof(answer->ip.saddr));
	__builtin_memcpy(&answer->ip.daddr, event->source_address, sizeof(answer->ip.daddr));
	answer->icmp.type = ICMPV6_PACKET_TOO_BIG;
	answer->icmp.mtu = bpf_htonl(mtu);
	sum = (__u32)bpf_csum_diff(NULL, 0, (__be32 *)&answer->ip.saddr, 32, 0);
	sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)&answer->icmp, length, 0);
	sum += bpf_htons(length) + bpf_htons(IPPROTO_ICMPV6);
	answer->icmp.checksum = ~checksum_fold(sum);
	return sizeof(answer->ip) + length;
}

/*
 * Makes the ICMP message of the packet, which is to be handed to its own interface as arriving. False
 * where there is nobody to tell: the sender is another host (its way back may be another one), or the
 * datagram goes to a group.
 */
static __always_inline bool tell_too_big(struct cp_packet *packet, const struct datagram *datagram,
					 struct cp_record *record, __u32 mtu)
{
	struct cp_event *event = &record->event;
	__u32 quoted = datagram->udp_offset + sizeof(struct udphdr) - datagram->ip_offset;
	__u8 macs[2 * ETH_ALEN];
	__u32 size;

	if (!packet->sk || event->destination_mac[0] & 1)
		return false;
	if (datagram->ip_version == 4) {
		if (quoted > IPV4_MAX_QUOTE || !is_some(quoted) ||
		    load_bytes(packet, datagram->ip_offset,
			       record->payload + sizeof(struct icmp_too_big), quoted))
			return false;
		size = write_ipv4((struct icmp_too_big *)record->payload, event, quoted, mtu);
	} else {
		if (quoted > IPV6_MAX_QUOTE || !is_some(quoted) ||
		    load_bytes(packet, datagram->ip_offset,
			       record->payload + sizeof(struct icmp6_too_big), quoted))
			return false;
		size = write_ipv6((struct icmp6_too_big *)record->payload, event, quoted, mtu);
	}
	__builtin_memcpy(macs, event->source_mac, ETH_ALEN);
	__builtin_memcpy(macs + ETH_ALEN, event->destination_mac, ETH_ALEN);
	return !bpf_skb_change_tail(packet, datagram->ip_offset + size, 0) &&
	       !bpf_skb_store_bytes(packet, 0, macs, sizeof(macs), 0) &&
	       !bpf_skb_store_bytes(packet, datagram->ip_offset, record->payload, size, 0);
}

#endif /* CUSTOMPROTO_TOO_BIG_H */
