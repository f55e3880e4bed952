// SPDX-License-Identifier: MIT OR GPL-2.0
/* A variable of every kind that can be set, and the map "seen", by which a test run shows what the program found in them. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

enum verdict {
	VERDICT_DROP = 1,
	VERDICT_PASS = 2,
	VERDICT_TX = 3,
};

enum wide {
	WIDE_SMALL = 1,
	WIDE_NEGATIVE = -5,
};

struct limits {
	__u32 rate;
	__u16 burst;
	bool strict;
	struct {
		__s16 low;
		__s16 high;
	} range;
	__u8 kinds[4];
	__u32 bits : 3;
};

const volatile __u8 u8_value = 8;
const volatile __s8 s8_value = -8;
const volatile __u16 port = 12345;
const volatile __s16 s16_value = -16;
const volatile __u32 u32_value = 32;
const volatile __s32 s32_value = -32;
const volatile __u64 u64_value = 64;
const volatile __s64 s64_value = -64;
const volatile bool enabled;
const volatile enum verdict verdict = VERDICT_PASS;
const volatile enum wide wide = WIDE_SMALL;
const volatile char name[8] = "unset";
const volatile __u8 mac[6];
const volatile __u16 ports[4] = {1, 2, 3, 4};
const volatile struct limits limits = {.rate = 7, .range = {.low = -1, .high = 1}};
const volatile void *pointer;
const volatile __u32 custom SEC(".rodata.custom") = 5;
const __u32 built_in = 77;

static volatile const __u32 hidden_in_file = 3;
__u64 counter = 100;
__u32 zeros[3];

struct seen {
	__u64 numbers[24];
	char name[8];
	__u8 mac[8];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct seen);
} seen SEC(".maps");

SEC("xdp")
int look(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct seen *to = bpf_map_lookup_elem(&seen, &zero);

	if (!to)
		return XDP_ABORTED;

	to->numbers[0] = u8_value;
	to->numbers[1] = s8_value;
	to->numbers[2] = port;
	to->numbers[3] = s16_value;
	to->numbers[4] = u32_value;
	to->numbers[5] = s32_value;
	to->numbers[6] = u64_value;
	to->numbers[7] = s64_value;
	to->numbers[8] = enabled;
	to->numbers[9] = verdict;
	to->numbers[10] = (__s64)wide;
	to->numbers[11] = ports[0];
	to->numbers[12] = ports[3];
	to->numbers[13] = limits.rate;
	to->numbers[14] = limits.burst;
	to->numbers[15] = limits.strict;
	to->numbers[16] = limits.range.low;
	to->numbers[17] = limits.range.high;
	to->numbers[18] = limits.kinds[1];
	to->numbers[19] = custom;
	to->numbers[20] = hidden_in_file;
	to->numbers[21] = counter++;
	to->numbers[22] = zeros[1];
	to->numbers[23] = (__u64)pointer + built_in;
	for (int i = 0; i < 8; i++)
		to->name[i] = name[i];
	for (int i = 0; i < 6; i++)
		to->mac[i] = mac[i];

	switch (verdict) {
	case VERDICT_DROP:
		return XDP_DROP;
	case VERDICT_TX:
		return XDP_TX;
	default:
		return XDP_PASS;
	}
}

char _license[] SEC("license") = "Dual MIT/GPL";
