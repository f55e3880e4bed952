/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Frames that can be let go at first sight.
 */
#ifndef CUSTOMPROTO_FOREIGN_H
#define CUSTOMPROTO_FOREIGN_H

#include "parse.h"

/* What nearly every frame has, ARP among them: room for the headers of UDP over IPv4. */
#define USUAL_HEADERS (sizeof(struct ethhdr) + sizeof(struct iphdr) + sizeof(struct udphdr))

/*
 * Whether an IP packet at a usual place, as long as USUAL_HEADERS have it at least, is on none of the ports;
 * false where it takes a closer look. What there is most of comes first.
 */
static __always_inline bool is_ip_foreign(const void *ip, const void *end, __be16 ethertype,
					  const volatile struct cp_config *config)
{
	const struct udphdr *udp;

	if (ethertype == bpf_htons(ETH_P_IP)) {
		const struct iphdr *ipv4 = ip;

		if (ipv4->protocol != IPPROTO_UDP)
			return true;
		if (*(const __u8 *)ipv4 != 0x45 || ipv4->frag_off & bpf_htons(IPV4_FRAGMENT_OFFSET))
			return false;
		udp = (const void *)(ipv4 + 1);
	} else if (ethertype == bpf_htons(ETH_P_IPV6)) {
		const struct ipv6hdr *ipv6 = ip;

		if (ipv6->nexthdr == IPPROTO_TCP)
			return true;
		if (ipv6->nexthdr != IPPROTO_UDP)
			return !is_extension(ipv6->nexthdr);
		udp = (const void *)(ipv6 + 1);
		if ((const void *)(udp + 1) > end)
			return false;
	} else {
		return !is_vlan(ethertype);
	}
	return !is_on_port(config, udp->dest, udp->source);
}

/*
 * Whether a packet is foreign at first sight: most are, and shouldn't pay for what the protocol's need.
 * What this lets through is still looked at from the beginning.
 */
static __always_inline bool is_foreign(struct cp_packet *frame,
				       const volatile struct cp_config *config)
{
	const void *data = (const void *)(long)frame->data;
	const void *end = (const void *)(long)frame->data_end;
	const struct vlan_tag *tag = data + ETH_HLEN;
	/* Not from the structure, which is packed, and so read byte by byte. */
	__be16 ethertype;

	if (data + USUAL_HEADERS > end)
		return false;
	ethertype = *(const __be16 *)(data + offsetof(struct ethhdr, h_proto));
	if (!is_vlan(ethertype))
		return is_ip_foreign(data + ETH_HLEN, end, ethertype, config);
	if (data + USUAL_HEADERS + sizeof(*tag) > end || is_vlan(tag->protocol))
		return false;
	return is_ip_foreign(tag + 1, end, tag->protocol, config);
}

#endif /* CUSTOMPROTO_FOREIGN_H */
