// SPDX-License-Identifier: MIT OR GPL-2.0
/* What needs care when a program is tried: a jump to another program, a map pinned by its name, and frames that grow. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define UNNAMED_VERDICT 77
#define BEFORE 16
#define BEHIND 100

int target(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} jumps SEC(".maps") = {.values = {[1] = (void *)&target}};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} cp_test_runs SEC(".maps");

const volatile int verdict = XDP_DROP;

static void count(void)
{
	__u32 zero = 0;
	__u64 *runs = bpf_map_lookup_elem(&cp_test_runs, &zero);

	if (runs)
		__sync_fetch_and_add(runs, 1);
}

SEC("xdp")
int jump(struct xdp_md *ctx)
{
	count();
	bpf_tail_call(ctx, &jumps, 1);
	return XDP_ABORTED;
}

SEC("xdp")
int target(struct xdp_md *ctx)
{
	return verdict;
}

SEC("xdp")
int grow(struct xdp_md *ctx)
{
	unsigned char *data;

	if (bpf_xdp_adjust_head(ctx, -BEFORE) || bpf_xdp_adjust_tail(ctx, BEHIND))
		return XDP_ABORTED;

	data = (void *)(long)ctx->data;
	if ((void *)(data + BEFORE) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;

	__builtin_memset(data, 0xab, BEFORE);
	return UNNAMED_VERDICT;
}

/* The verdict says how often it ran in this copy: 1, 2, 3. */
SEC("xdp.frags")
int runs(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u64 *runs;

	count();
	runs = bpf_map_lookup_elem(&cp_test_runs, &zero);
	return runs ? (int)*runs : XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
