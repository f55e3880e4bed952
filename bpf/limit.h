/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * How many answers may go out: buckets of tokens, one for each source and one for all.
 */
#ifndef CUSTOMPROTO_LIMIT_H
#define CUSTOMPROTO_LIMIT_H

#include "receive.h"

/* How often a token is tried for while other CPUs take theirs. */
#define MAX_TOKEN_ATTEMPTS 64

/* When the bucket of tokens for all answers is full again. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} next_answer SEC(".maps");

/* A bucket to take a token from. */
struct bucket {
	__u64 *next; /* when it is full again */
	__u64 now;
	__u64 interval;
	__u64 latest; /* that `next` may become */
	__u32 taken;
	__u32 reserved;
};

static long try_token(__u32 index, void *context)
{
	struct bucket *bucket = context;
	__u64 seen = *(volatile __u64 *)bucket->next;
	__u64 then = (seen > bucket->now ? seen : bucket->now) + bucket->interval;

	(void)index;
	if (then > bucket->latest)
		return 1;
	bucket->taken = __sync_val_compare_and_swap(bucket->next, seen, then) == seen;
	return bucket->taken;
}

/* Takes a token, if there is one; whatever the other CPUs do, never more than the rate has. */
static __always_inline bool take_token(__u64 *next, __u64 now, const struct cp_rate *rate)
{
	struct bucket bucket = {
		.next = next,
		.now = now,
		.interval = rate->interval_ns,
		.latest = now + rate->burst_ns,
	};

	bpf_loop(MAX_TOKEN_ATTEMPTS, try_token, &bucket, 0);
	return bucket.taken;
}

static __noinline bool is_within_limits(const struct cp_responder *responder, struct cp_peer *peer,
					__u64 now)
{
	const __u32 zero = 0;
	__u64 *total;

	/* The source's first, so that one that sends too much doesn't use up the others' share. */
	if (responder->source.interval_ns &&
	    (!peer || !take_token(&peer->next_answer_ns, now, &responder->source)))
		return false;
	if (!responder->total.interval_ns)
		return true;
	total = bpf_map_lookup_elem(&next_answer, &zero);
	return total && take_token(total, now, &responder->total);
}

#endif /* CUSTOMPROTO_LIMIT_H */
