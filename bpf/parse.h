/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * From a frame to a UDP datagram on one of the protocol's ports: Ethernet, up to two VLAN tags,
 * IPv4 with options, IPv6 with extension headers, UDP. Every bounds check of packet memory is here.
 *
 * A frame may lie in several buffers (xdp.frags), so a header is read in place where the first
 * buffer holds it, and copied to the stack where it doesn't.
 */
#ifndef CUSTOMPROTO_PARSE_H
#define CUSTOMPROTO_PARSE_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>

#include "packet.h"

#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff
#define IPV6_MORE_FRAGMENTS 0x0001
#define IPV6_FRAGMENT_OFFSET 0xfff8

/* IEEE 802.1Q: priority and VLAN id, then the EtherType of what follows. */
struct vlan_tag {
	__be16 tci;
	__be16 protocol;
};

/* The first eight bytes of an IPv6 extension header (RFC 8200, section 4). */
struct extension_header {
	__u8 next_header;
	__u8 length; /* in units of 8 bytes, without the first; reserved in a fragment header */
	__be16 fragment;
	__be32 identification;
};

enum parse_result {
	PARSE_FOREIGN,	      /* not on the protocol's ports: nothing is counted */
	PARSE_LATER_FRAGMENT, /* UDP, but without ports */
	PARSE_ON_PORT,
};

/* Where a header is copied when the first buffer of the frame doesn't hold all of it. */
struct header_copies {
	struct ethhdr ethernet;
	struct vlan_tag tag;
	union {
		struct iphdr ipv4;
		struct ipv6hdr ipv6;
	};
	struct udphdr udp;
};

/* A datagram on one of the ports. Offsets count from the first byte of the frame. */
struct datagram {
	__u32 ip_offset;
	__u32 ip_end; /* where the packet ends by its IP header */
	__u32 udp_offset;
	__u16 udp_length;   /* as the UDP header says */
	__u16 udp_checksum; /* as it lies in memory */
	__u16 ip_version;
	__u16 first_fragment;
};

/* The headers of a datagram, in the frame or in a copy; not to be passed to another function. */
struct headers {
	struct ethhdr *ethernet;
	void *addresses; /* source, then destination, as the IP header has them */
	struct udphdr *udp;
	/* As in the datagram, but known to the verifier, to whom memory that others write could hold
	 * anything. */
	__u64 ip_version;
	__u16 vlan_id[CP_MAX_VLAN_TAGS];
	__u8 vlan_count;
};

/* The way over the extension headers of an IPv6 packet. */
struct extension_walk {
	__u32 offset; /* of the first; afterwards, of what follows the last */
	__u32 end;    /* of the packet */
	__u32 next_header;
	__u32 first_fragment;
};

struct cursor {
	struct cp_packet *frame;
	void *data;
	void *data_end;
	__u64 offset;
};

/*
 * The next `size` bytes, in place or in `copy`; false where the frame ends before. Moves the cursor.
 *
 * In place only at the `usual` offset, a constant: adding a variable to a packet pointer, or comparing
 * one with NULL, is for CAP_PERFMON (kernel/bpf/verifier.c), which receiving shouldn't need.
 */
static __always_inline bool take(struct cursor *cursor, const __u32 usual, void *copy, __u32 size,
				 void **header)
{
	__u64 offset = cursor->offset;
	void *in_place = cursor->data + usual;

	/* Keeps the compiler from merging two calls into one with a variable. */
	asm volatile("" : "+r"(in_place));
	cursor->offset = offset + size;
	if (offset == usual && in_place + size <= cursor->data_end) {
		*header = in_place;
		return true;
	}
	*header = copy;
	return !load_bytes(cursor->frame, offset, copy, size);
}

static __always_inline bool is_vlan(__be16 ethertype)
{
	return ethertype == bpf_htons(ETH_P_8021Q) || ethertype == bpf_htons(ETH_P_8021AD);
}

/* Ethernet and its tags; the EtherType of what follows, or 0 for a frame that is cut. */
static __always_inline __be16 take_ethernet(struct cursor *cursor, struct header_copies *copies,
					    struct headers *headers)
{
	struct ethhdr *ethernet;
	__be16 ethertype;
	__u16 tci;
	int i;

	if (!take(cursor, 0, &copies->ethernet, sizeof(*ethernet), (void **)&ethernet))
		return 0;
	headers->ethernet = ethernet;
	headers->vlan_count = 0;
	ethertype = ethernet->h_proto;

#pragma unroll
	for (i = 0; i < CP_MAX_VLAN_TAGS; i++) {
		struct vlan_tag *tag;

		headers->vlan_id[i] = 0;
		if (!is_vlan(ethertype))
			continue;
		if (!take(cursor, ETH_HLEN + i * sizeof(*tag), &copies->tag, sizeof(*tag),
			  (void **)&tag))
			return 0;
		headers->vlan_id[i] = bpf_ntohs(tag->tci) & 0x0fff;
		headers->vlan_count = i + 1;
		ethertype = tag->protocol;
	}
	if (tag_beside(cursor->frame, &tci)) {
		if (headers->vlan_count == CP_MAX_VLAN_TAGS)
			return 0;
		headers->vlan_id[1] = headers->vlan_id[0];
		headers->vlan_id[0] = tci & 0x0fff;
		headers->vlan_count++;
	}
	return ethertype;
}

/* The IP header, which usually stands behind no tag, one or two. */
static __always_inline bool take_ip(struct cursor *cursor, void *copy, __u32 size, void **header)
{
	const __u32 tag = sizeof(struct vlan_tag);

	if (cursor->offset == ETH_HLEN)
		return take(cursor, ETH_HLEN, copy, size, header);
	if (cursor->offset == ETH_HLEN + tag)
		return take(cursor, ETH_HLEN + tag, copy, size, header);
	return take(cursor, ETH_HLEN + 2 * tag, copy, size, header);
}

static __always_inline enum parse_result take_ipv4(struct cursor *cursor, struct iphdr *copy,
						   struct headers *headers,
						   struct datagram *datagram)
{
	__u32 header_length, fragment;
	struct iphdr *ip;

	if (!take_ip(cursor, copy, sizeof(*ip), (void **)&ip))
		return PARSE_FOREIGN;
	if (ip->version != 4 || ip->ihl < 5 || ip->protocol != IPPROTO_UDP)
		return PARSE_FOREIGN;
	header_length = ip->ihl * 4;
	headers->addresses = &ip->saddr;
	headers->ip_version = 4;
	datagram->ip_version = 4;
	datagram->ip_end = datagram->ip_offset + bpf_ntohs(ip->tot_len);
	datagram->udp_offset = datagram->ip_offset + header_length;
	cursor->offset = datagram->udp_offset;

	fragment = bpf_ntohs(ip->frag_off);
	if (fragment & IPV4_FRAGMENT_OFFSET)
		return datagram->udp_offset <= packet_length(cursor->frame) ? PARSE_LATER_FRAGMENT
									    : PARSE_FOREIGN;
	datagram->first_fragment = !!(fragment & IPV4_MORE_FRAGMENTS);
	return PARSE_ON_PORT;
}

static __always_inline bool is_extension(__u32 next_header)
{
	return next_header == IPPROTO_HOPOPTS || next_header == IPPROTO_ROUTING ||
	       next_header == IPPROTO_DSTOPTS || next_header == IPPROTO_FRAGMENT;
}

/*
 * Passes over the headers that may stand between IPv6 and UDP (RFC 8200, section 4). A function of
 * its own to the verifier, which would otherwise follow every chain through the rest of the
 * program.
 */
__noinline int skip_extensions(struct cp_packet *frame, struct extension_walk *walk)
{
	bool fragment_seen = false;
	__u32 skipped = 0;
	int i;

	if (!walk)
		return PARSE_FOREIGN;
	/* One round more for the fragment header. */
	for (i = 0; i <= CP_MAX_EXTENSION_HEADERS; i++) {
		struct extension_header extension;
		__u32 header = walk->next_header;
		__u32 fragment;

		if (!is_extension(header))
			break;
		if (load_bytes(frame, walk->offset, &extension, sizeof(extension)))
			return PARSE_FOREIGN;
		walk->next_header = extension.next_header;
		if (header != IPPROTO_FRAGMENT) {
			if (++skipped > CP_MAX_EXTENSION_HEADERS)
				return PARSE_FOREIGN;
			walk->offset += (extension.length + 1) * 8;
		} else {
			if (fragment_seen)
				return PARSE_FOREIGN;
			fragment_seen = true;
			walk->offset += sizeof(extension);
			fragment = bpf_ntohs(extension.fragment);
			if (fragment & IPV6_FRAGMENT_OFFSET)
				return walk->offset <= walk->end && walk->next_header == IPPROTO_UDP
					       ? PARSE_LATER_FRAGMENT
					       : PARSE_FOREIGN;
			/* Neither offset nor more to come: atomic (RFC 6946), as if it weren't
			 * there. */
			walk->first_fragment = fragment & IPV6_MORE_FRAGMENTS;
		}
		if (walk->offset > walk->end)
			return PARSE_FOREIGN;
	}
	return walk->next_header == IPPROTO_UDP ? PARSE_ON_PORT : PARSE_FOREIGN;
}

static __always_inline enum parse_result take_ipv6(struct cursor *cursor, struct ipv6hdr *copy,
						   struct headers *headers,
						   struct datagram *datagram)
{
	struct extension_walk walk;
	struct ipv6hdr *ip;
	int result;

	if (!take_ip(cursor, copy, sizeof(*ip), (void **)&ip) || ip->version != 6)
		return PARSE_FOREIGN;
	headers->addresses = &ip->saddr;
	headers->ip_version = 6;
	datagram->ip_version = 6;
	datagram->ip_end = cursor->offset + bpf_ntohs(ip->payload_len);
	datagram->udp_offset = cursor->offset;
	datagram->first_fragment = 0;
	if (ip->nexthdr == IPPROTO_UDP)
		return PARSE_ON_PORT;
	if (!is_extension(ip->nexthdr))
		return PARSE_FOREIGN;

	walk.offset = cursor->offset;
	walk.end = datagram->ip_end;
	walk.next_header = ip->nexthdr;
	walk.first_fragment = 0;
	result = skip_extensions(cursor->frame, &walk);
	cursor->offset = walk.offset;
	datagram->udp_offset = walk.offset;
	datagram->first_fragment = walk.first_fragment;
	/* To the verifier, what another function returns could be any number. */
	if (result == PARSE_ON_PORT || result == PARSE_LATER_FRAGMENT)
		return result;
	return PARSE_FOREIGN;
}

/*
 * Whether one of two ports is the protocol's. What is constant is compared at load: ports that aren't there
 * cost nothing.
 */
static __always_inline bool is_on_port(const volatile struct cp_config *config, __be16 to,
				       __be16 from)
{
	__be16 first = config->ports[0];
	int i;

	if (to == first || from == first)
		return true;
#pragma unroll
	for (i = 1; i < CP_MAX_PORTS; i++) {
		__be16 port = config->ports[i];

		if (port == first)
			return false;
		if (to == port || from == port)
			return true;
	}
	return false;
}

static __always_inline bool is_port(const volatile struct cp_config *config, __be16 port)
{
	return is_on_port(config, port, port);
}

/* Reads a frame up to its UDP header. `headers` and `datagram` are filled with PARSE_ON_PORT only.
 */
static __always_inline enum parse_result
parse_datagram(struct cp_packet *frame, const volatile struct cp_config *config,
	       struct header_copies *copies, struct headers *headers, struct datagram *datagram)
{
	struct cursor cursor = {
		.frame = frame,
		.data = (void *)(long)frame->data,
		.data_end = (void *)(long)frame->data_end,
	};
	__be16 ethertype = take_ethernet(&cursor, copies, headers);
	enum parse_result result = PARSE_FOREIGN;
	bool taken;

	datagram->ip_offset = cursor.offset;
	if (ethertype == bpf_htons(ETH_P_IP))
		result = take_ipv4(&cursor, &copies->ipv4, headers, datagram);
	else if (ethertype == bpf_htons(ETH_P_IPV6))
		result = take_ipv6(&cursor, &copies->ipv6, headers, datagram);
	if (result != PARSE_ON_PORT)
		return result;

	if (datagram->udp_offset + sizeof(struct udphdr) > datagram->ip_end)
		return PARSE_FOREIGN;
	taken = datagram->ip_version == 4
			? take(&cursor, ETH_HLEN + sizeof(struct iphdr), &copies->udp,
			       sizeof(struct udphdr), (void **)&headers->udp)
			: take(&cursor, ETH_HLEN + sizeof(struct ipv6hdr), &copies->udp,
			       sizeof(struct udphdr), (void **)&headers->udp);
	if (!taken)
		return PARSE_FOREIGN;
	if (!is_on_port(config, headers->udp->dest, headers->udp->source))
		return PARSE_FOREIGN;
	datagram->udp_length = bpf_ntohs(headers->udp->len);
	datagram->udp_checksum = headers->udp->check;
	return PARSE_ON_PORT;
}

#endif /* CUSTOMPROTO_PARSE_H */
