// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The cheapest receiver: it keeps a sender's numbers free of what receiving costs. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int drop(struct xdp_md *frame)
{
	(void)frame;
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual MIT/GPL";
