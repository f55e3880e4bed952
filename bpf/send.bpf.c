// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * The in-kernel sender: run on live frames (BPF_F_TEST_XDP_LIVE_FRAMES, Linux 5.18), each of which
 * it completes and sends out of an interface.
 *
 * Frames are used again as the last user left them (xdp_test_run_batch in net/bpf/test_run.c), and
 * that may be a receiver: veth hands them over without a copy, and a program that answers in place
 * leaves its answer. So the whole frame is written anew each time: first what doesn't vary, then
 * what does. The checksum is made of a sum over the former, which user space took, and the words
 * written here.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "send.h"

const volatile struct cp_send_config config SEC(".rodata.config") = {};
struct cp_send_state state SEC(".data.state") = {};

const enum cp_send_limit *cp_send_limit_btf __attribute__((unused));
const enum cp_send_place *cp_send_place_btf __attribute__((unused));
const struct cp_stamp *cp_stamp_btf __attribute__((unused));

/* The loader looks for additions of these numbers, so none may be combined with another. */
#define PLACE(data, place)                                                                         \
	({                                                                                         \
		void *_at = (data);                                                                \
		asm volatile("%0 += %1" : "+r"(_at) : "i"(place));                                 \
		_at;                                                                               \
	})

#define BLOCK_WORDS (CP_SEND_LIMIT_BLOCK / sizeof(__u64))

static __always_inline __u64 halves(__u64 value)
{
	return (value & 0xffffffff) + (value >> 32);
}

/* To 16 bits, of at most 47. */
static __always_inline __u64 fold(__u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static __always_inline void copy_block(volatile __u64 *to, const volatile __u64 *from)
{
	__u32 word;

#pragma unroll
	for (word = 0; word < BLOCK_WORDS; word++)
		to[word] = from[word];
}

/*
 * Writes what doesn't vary, in one call where it is long. That takes more than twice the time of writing
 * word by word where it is short: blocks from the start on, and one that ends where it ends. The verifier
 * drops those that aren't needed at load, but it looks into them first, so that each has its own check.
 */
static __always_inline bool write_template(struct xdp_md *frame, void *data, void *end)
{
	const volatile __u64 *from = (const volatile __u64 *)state.frame, *last_from;
	volatile __u64 *to = data, *last = PLACE(data, CP_SEND_PLACE_LAST);
	__u32 blocks = config.blocks;
	__u32 block;

	if (PLACE(data, CP_SEND_PLACE_END) > end)
		return false;
	if (blocks == 0)
		return bpf_xdp_store_bytes(frame, 0, state.frame, config.length) == 0;
	last_from = PLACE((void *)from, CP_SEND_PLACE_LAST);
	/* In a register, or each word's address would be an instruction of its own. */
	asm volatile("" : "+r"(from));
#pragma unroll
	for (block = 0; block < CP_SEND_LIMIT_MAX_BLOCKS; block++) {
		if (block < blocks && (void *)(to + (block + 1) * BLOCK_WORDS) <= end)
			copy_block(to + block * BLOCK_WORDS, from + block * BLOCK_WORDS);
	}
	copy_block(last, last_from);
	return true;
}

/* Takes the turn of the next packet, where the program keeps the pace. */
static __always_inline bool is_due(__u64 now)
{
	__u64 due = state.due_ns;
	__u32 fraction;

	if (now < due || state.left == 0)
		return false;
	if (due == 0)
		state.first_ns = due = now;
	state.left--;
	state.last_ns = now;
	if (now - due > state.max_lag_ns)
		due = now - state.max_lag_ns;
	fraction = state.due_fraction + state.interval_fraction;
	state.due_ns = due + state.interval_ns + (fraction < state.interval_fraction);
	state.due_fraction = fraction;
	return true;
}

static __always_inline __u32 advance(__u32 index, __u32 stride, __u32 count)
{
	index += stride;
	return index < count ? index : index - count;
}

/* Each of the following writes what varies, and returns what it adds to the checksum's sum. */

static __always_inline __u64 write_stamp(struct cp_stamp *stamp, __u64 sequence, __u64 now)
{
	__u64 sum;

	stamp->sequence = bpf_cpu_to_be64(sequence);
	stamp->monotonic_ns = bpf_cpu_to_be64(now);
	sum = halves(bpf_cpu_to_be64(sequence)) + halves(bpf_cpu_to_be64(now));
	return config.stamp_is_odd ? __builtin_bswap16(fold(sum)) : sum;
}

static __always_inline __u64 write_port(struct udphdr *udp)
{
	__u32 index = state.port_index;
	__be16 port = bpf_htons(config.first_port + index);

	state.port_index = advance(index, config.port_stride, config.port_count);
	udp->source = port;
	return port;
}

static __always_inline __u64 write_type(__u8 *place)
{
	__u32 index = state.type_index;
	__u8 type = 0;

	if (index < CP_SEND_LIMIT_MAX_TYPES)
		type = config.types[index];
	state.type_index = advance(index, config.type_stride, config.type_count);
	*place = type;
	return (__u64)type << config.type_shift;
}

SEC("xdp")
int cp_send(struct xdp_md *frame)
{
	struct udphdr *udp;
	void *data, *end;
	__u64 sequence, now = 0;
	__u64 sum;

	if (config.paced) {
		now = bpf_ktime_get_ns();
		if (!is_due(now))
			return XDP_DROP;
	}

	data = (void *)(long)frame->data;
	end = (void *)(long)frame->data_end;
	if (!write_template(frame, data, end))
		return XDP_ABORTED;
	if (config.stamped && !config.paced)
		now = bpf_ktime_get_ns();
	udp = PLACE(data, CP_SEND_PLACE_UDP);
	sequence = state.sequence;
	state.sequence = sequence + config.stride;
	sum = state.rest;
	if (config.stamped)
		sum += write_stamp(PLACE(data, CP_SEND_PLACE_STAMP), sequence, now);
	if (config.port_count)
		sum += write_port(udp);
	if (config.type_count)
		sum += write_type(PLACE(data, CP_SEND_PLACE_TYPE));

	/* A sum of 0 would mean "none" (RFC 768). */
	udp->check = ~fold(sum) & 0xffff ?: 0xffff;
	return bpf_redirect(config.ifindex, 0);
}

char _license[] SEC("license") = "Dual MIT/GPL";
