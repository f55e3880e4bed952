// SPDX-License-Identifier: MIT OR GPL-2.0
/* What object files can have: programs of several types, functions, maps of many kinds, externals, and relocations for the kernel. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* Only what is used of the kernel's own structures; the loader looks up where it is. */
struct net_device___small {
	unsigned int mtu;
	int ifindex;
} __attribute__((preserve_access_index));

struct nothing___like_it {
	int absent;
} __attribute__((preserve_access_index));

enum bpf_map_type___some {
	BPF_MAP_TYPE_RINGBUF___some = 1,
};

extern unsigned int LINUX_KERNEL_VERSION __kconfig;
extern unsigned int CONFIG_HZ __kconfig __weak;
extern const void init_net __ksym __weak;

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} first_inner SEC(".maps"), second_inner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = {.values = {&first_inner, &second_inner}};

int tail(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} jumps SEC(".maps") = {.values = {[1] = (void *)&tail}};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(
		value, struct {
			__u32 packets;
			__u32 bytes;
		});
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

const volatile __u32 limit = 1000;
__u64 packets;
__u64 started = 1;

static __noinline __u64 weigh(__u64 one, __u64 other)
{
	return one * 3 + other + limit;
}

__noinline int classify(struct xdp_md *ctx)
{
	if (!ctx)
		return 0;
	return (int)weigh(ctx->ingress_ifindex, ctx->rx_queue_index) & 0xff;
}

static long each(__u32 index, void *context)
{
	*(__u64 *)context += index;
	return 0;
}

SEC("xdp")
int first(struct xdp_md *ctx)
{
	__u64 key = ctx->ingress_ifindex, sum = 0;
	__u32 index = classify(ctx) & 3;
	__u64 *total = bpf_map_lookup_elem(&totals, &index);

	if (total)
		*total += 1;
	bpf_loop(4, each, &sum, 0);
	if (bpf_core_field_exists(struct net_device___small, mtu))
		sum += bpf_core_type_size(struct net_device___small);
	if (bpf_core_type_exists(struct nothing___like_it))
		sum += 1;
	sum += bpf_core_enum_value(enum bpf_map_type___some, BPF_MAP_TYPE_RINGBUF___some);
	if (LINUX_KERNEL_VERSION > 0x51200)
		sum += CONFIG_HZ;
	if (&init_net)
		sum += started;
	packets += 1;
	bpf_ringbuf_output(&ring, &sum, sizeof(sum), 0);
	bpf_map_update_elem(&flows, &key, &sum, BPF_ANY);
	bpf_tail_call(ctx, &jumps, 1);
	return XDP_PASS;
}

SEC("xdp.frags")
int second(struct xdp_md *ctx)
{
	__u32 zero = 0;
	void *map = bpf_map_lookup_elem(&outer, &zero);

	if (map && bpf_map_lookup_elem(map, &zero))
		packets += classify(ctx);
	bpf_printk("second saw %d bytes", ctx->data_end - ctx->data);
	return XDP_PASS;
}

SEC("xdp")
int tail(struct xdp_md *ctx)
{
	return classify(ctx) > 3 ? XDP_DROP : XDP_PASS;
}

SEC("tc")
int side(struct __sk_buff *skb)
{
	return skb->len > limit ? 2 : 0;
}

char _license[] SEC("license") = "GPL";
