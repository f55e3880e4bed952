/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The Internet checksum (RFC 1071) over packet memory. Sums are of 16-bit words as they lie in
 * memory, which gives the same result on both byte orders.
 */
#ifndef CUSTOMPROTO_CHECKSUM_H
#define CUSTOMPROTO_CHECKSUM_H

#include "parse.h"

/* As much as bpf_csum_diff takes (before Linux 6.13), in words of four bytes. */
#define CHECKSUM_CHUNK 512
#define MAX_CHECKSUM_CHUNKS ((CP_MAX_PAYLOAD + CHECKSUM_CHUNK) / CHECKSUM_CHUNK)

/* What is summed at a time: too large for the stack. */
struct checksum_chunk {
	__u8 bytes[CHECKSUM_CHUNK];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct checksum_chunk);
} checksum_chunks SEC(".maps");

struct checksum_walk {
	struct cp_packet *frame;
	struct checksum_chunk *chunk;
	__u32 offset;
	__u32 remaining;
	__u32 sum;
	__u32 failed;
};

static __always_inline __u16 checksum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static long add_chunk(__u32 index, void *context)
{
	struct checksum_walk *walk = context;
	__u8 *chunk = walk->chunk->bytes;
	__u32 size = walk->remaining, last = 0;
	__u32 words, rest;
	__s64 sum;

	(void)index;
	if (size > CHECKSUM_CHUNK)
		size = CHECKSUM_CHUNK;
	if (!is_some(size))
		return 1;
	/* What the end leaves of its word is zero, which adds nothing. */
	words = size & ~3;
	rest = size & 3;
	if ((is_some(words) && load_bytes(walk->frame, walk->offset, chunk, words)) ||
	    (is_some(rest) && load_bytes(walk->frame, walk->offset + words, &last, rest))) {
		walk->failed = 1;
		return 1;
	}
	sum = bpf_csum_diff(NULL, 0, (__be32 *)chunk, words, walk->sum);
	if (rest && sum >= 0)
		sum = bpf_csum_diff(NULL, 0, &last, sizeof(last), sum);
	if (sum < 0) {
		walk->failed = 1;
		return 1;
	}
	walk->sum = sum;
	walk->offset += size;
	walk->remaining -= size;
	return 0;
}

/*
 * Adds `length` bytes of the frame, from `offset` on, to a sum; false where they aren't there. Not
 * inline: the compiler would have the walk share its place on the stack with something smaller, and to
 * write a part of a spilled pointer is for CAP_PERFMON.
 */
static __noinline bool checksum_add(struct cp_packet *frame, __u32 offset, __u32 length, __u32 *sum)
{
	const __u32 zero = 0;
	struct checksum_walk walk = {
		.frame = frame,
		.chunk = bpf_map_lookup_elem(&checksum_chunks, &zero),
		.offset = offset,
		.remaining = length,
		.sum = *sum,
	};

	if (!walk.chunk)
		return false;
	bpf_loop(MAX_CHECKSUM_CHUNKS, add_chunk, &walk, 0);
	*sum = walk.sum;
	return !walk.failed && walk.remaining == 0;
}

/*
 * Whether the IPv4 header's and the UDP checksum (RFC 768, RFC 8200 section 8.1) are right. A UDP
 * checksum of 0 means "none" over IPv4 and is wrong over IPv6.
 */
static __always_inline bool checksum_is_right(struct cp_packet *frame,
					      const struct datagram *datagram,
					      const struct cp_event *event)
{
	__u32 sum = 0;

	if (datagram->ip_version == 4) {
		if (!checksum_add(frame, datagram->ip_offset,
				  datagram->udp_offset - datagram->ip_offset, &sum) ||
		    checksum_fold(sum) != 0xffff)
			return false;
		if (datagram->udp_checksum == 0)
			return true;
	} else if (datagram->udp_checksum == 0) {
		return false;
	}

	/* The pseudo header; what an IPv4 address leaves of its sixteen bytes is zero and adds
	 * nothing. */
	sum = bpf_csum_diff(NULL, 0, (__be32 *)event->source_address, 32, 0);
	if (!checksum_add(frame, datagram->udp_offset, datagram->udp_length, &sum))
		return false;
	return checksum_fold((__u64)sum + bpf_htons(datagram->udp_length) +
			     bpf_htons(IPPROTO_UDP)) == 0xffff;
}

#endif /* CUSTOMPROTO_CHECKSUM_H */
