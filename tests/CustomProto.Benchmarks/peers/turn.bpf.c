// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The least that answers a request in the driver: hard-wired, UDP over IPv4 without options or tags. It exchanges the addresses, makes
 * the type a Response and leaves the checksum out; it looks at nothing else, limits nothing, counts nothing and gives nothing to a
 * reader. What a round trip takes with it is what the kernel's way there and back takes.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define TYPE_OFFSET 3
#define HEADER_SIZE 6
#define RESPONSE 2

SEC("xdp")
int turn(struct xdp_md *frame)
{
	void *end = (void *)(long)frame->data_end;
	struct ethhdr *ethernet = (void *)(long)frame->data;
	struct iphdr *ip = (void *)(ethernet + 1);
	struct udphdr *udp = (void *)(ip + 1);
	__u8 *message = (void *)(udp + 1);
	__u8 mac[ETH_ALEN];
	__be32 address;
	__be16 port;

	if (message + HEADER_SIZE > (__u8 *)end || ethernet->h_proto != bpf_htons(ETH_P_IP) ||
	    ip->protocol != IPPROTO_UDP || udp->dest != bpf_htons(12345))
		return XDP_PASS;
	__builtin_memcpy(mac, ethernet->h_dest, ETH_ALEN);
	__builtin_memcpy(ethernet->h_dest, ethernet->h_source, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, mac, ETH_ALEN);
	address = ip->saddr;
	ip->saddr = ip->daddr;
	ip->daddr = address;
	port = udp->source;
	udp->source = udp->dest;
	udp->dest = port;
	udp->check = 0;
	message[TYPE_OFFSET] = RESPONSE;
	return XDP_TX;
}

char _license[] SEC("license") = "Dual MIT/GPL";
