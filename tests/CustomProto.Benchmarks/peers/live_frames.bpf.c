// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * What a C programmer would write to send from the kernel: a UDP datagram over IPv4, sequence number and time in its last 16 bytes,
 * the checksum right. Everything else in the frame comes from user space and stays as it is, from run to run.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct stamp {
	__be64 sequence;
	__be64 time;
};

const volatile struct {
	__u32 ifindex;
	__u32 stamp_offset; /* even, from the start of the frame */
	__u32 rest;	    /* the sum of everything else that the checksum covers */
} constants = {};

__u64 sequence;

static __always_inline __u64 halves(__u64 value)
{
	return (value & 0xffffffff) + (value >> 32);
}

SEC("xdp")
int live_frames(struct xdp_md *frame)
{
	void *data = (void *)(long)frame->data;
	void *end = (void *)(long)frame->data_end;
	struct udphdr *udp = data + sizeof(struct ethhdr) + sizeof(struct iphdr);
	struct stamp *stamp = data + (constants.stamp_offset & 0xfff);
	__u64 sum;

	if ((void *)(udp + 1) > end || (void *)(stamp + 1) > end)
		return XDP_ABORTED;

	stamp->sequence = bpf_cpu_to_be64(sequence++);
	stamp->time = bpf_cpu_to_be64(bpf_ktime_get_ns());
	sum = constants.rest + halves(stamp->sequence) + halves(stamp->time);
	sum = halves(sum);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	udp->check = ~sum & 0xffff ?: 0xffff;
	return bpf_redirect(constants.ifindex, 0);
}

char _license[] SEC("license") = "Dual MIT/GPL";
