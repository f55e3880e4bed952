/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Frames that can be let go at first sight.
 */
#ifndef CUSTOMPROTO_FOREIGN_H
#define CUSTOMPROTO_FOREIGN_H

#include "parse.h"

/* Whether an IP packet at a usual place is on none of the ports; false where it takes a closer look. */
static __always_inline bool is_ip_foreign(const void *ip, const void *end, __be16 ethertype,
					  const volatile struct cp_config *config)
{
	const struct udphdr *udp;

	if (ethertype == bpf_htons(ETH_P_IP)) {
		const struct iphdr *ipv4 = ip;

		if ((const void *)(ipv4 + 1) > end)
			return false;
		if (ipv4->protocol != IPPROTO_UDP)
			return true;
		udp = (const void *)(ipv4 + 1);
		if (*(const __u8 *)ipv4 != 0x45 || ipv4->frag_off & bpf_htons(IPV4_FRAGMENT_OFFSET))
			return false;
	} else if (ethertype == bpf_htons(ETH_P_IPV6)) {
		const struct ipv6hdr *ipv6 = ip;

		if ((const void *)(ipv6 + 1) > end)
			return false;
		if (ipv6->nexthdr != IPPROTO_UDP)
			return !is_extension(ipv6->nexthdr);
		udp = (const void *)(ipv6 + 1);
	} else {
		return !is_vlan(ethertype);
	}
	return (const void *)(udp + 1) <= end && !is_on_port(config, udp->dest, udp->source);
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
	const struct ethhdr *ethernet = data;
	const struct vlan_tag *tag = (const void *)(ethernet + 1);

	if ((const void *)tag > end)
		return false;
	if (!is_vlan(ethernet->h_proto))
		return is_ip_foreign(tag, end, ethernet->h_proto, config);
	if ((const void *)(tag + 1) > end || is_vlan(tag->protocol))
		return false;
	return is_ip_foreign(tag + 1, end, tag->protocol, config);
}

#endif /* CUSTOMPROTO_FOREIGN_H */
