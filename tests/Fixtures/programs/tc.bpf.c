// SPDX-License-Identifier: MIT OR GPL-2.0
/* No XDP program: one for tc, and one in a section that only its author knows. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int classifier(struct __sk_buff *skb)
{
	return 0;
}

SEC("my_filter")
int filter(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
