// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The protocol as a tutorial has it: hard-wired, UDP over IPv4 without options or tags, and a counter. It is what the cost of our
 * parser is measured against. Unlike the tutorial's it compares the magic in the byte order of the network.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct header {
	__be16 magic;
	__u8 version;
	__u8 type;
	__be16 length;
} __attribute__((packed));

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counter SEC(".maps");

SEC("xdp")
int minimal(struct xdp_md *frame)
{
	void *data = (void *)(long)frame->data;
	void *end = (void *)(long)frame->data_end;
	struct ethhdr *ethernet = data;
	struct iphdr *ip = (void *)(ethernet + 1);
	struct udphdr *udp = (void *)(ip + 1);
	struct header *header = (void *)(udp + 1);
	const __u32 zero = 0;
	__u64 *count;

	if ((void *)(ethernet + 1) > end || ethernet->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if ((void *)(ip + 1) > end || ip->protocol != IPPROTO_UDP)
		return XDP_PASS;
	if ((void *)(udp + 1) > end || udp->dest != bpf_htons(12345))
		return XDP_PASS;
	if ((void *)(header + 1) > end || header->magic != bpf_htons(0xCAFE) || header->version != 1)
		return XDP_PASS;
	count = bpf_map_lookup_elem(&counter, &zero);
	if (count)
		(*count)++;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
