// SPDX-License-Identifier: MIT OR GPL-2.0
/* Reads a packet without a look at where it ends; the verifier refuses it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int careless(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data;

	if (data[13] == 6)
		return XDP_DROP;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
