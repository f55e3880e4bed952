/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The readers: a ring each, which gets a record of every valid message that the reader's filter lets
 * through.
 */
#ifndef CUSTOMPROTO_READERS_H
#define CUSTOMPROTO_READERS_H

#include "filter.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CP_MAX_READERS);
	__type(key, __u32);
	__type(value, struct cp_reader_counters);
} reader_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CP_MAX_READERS);
	__type(key, __u32);
	__type(value, struct cp_reader);
} readers SEC(".maps");

/* A reader's ring at the reader's index. The sizes of the rings needn't be equal. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, CP_MAX_READERS);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_RINGBUF);
			__uint(max_entries, 4096);
		});
} rings SEC(".maps");

/*
 * Wakes the reader if it sleeps. A committed record is visible before `sleeping` is read (the
 * commit is a full barrier, kernel/bpf/ringbuf.c), and the reader sets it before it looks for
 * records, so one of the two sees the other. Waking is an empty, discarded record, which readers
 * pass over.
 */
static __always_inline void wake(void *ring, struct cp_reader *reader)
{
	void *token;

	if (!*(volatile __u32 *)&reader->sleeping ||
	    __sync_val_compare_and_swap(&reader->sleeping, 1, 0) != 1)
		return;
	token = bpf_ringbuf_reserve(ring, 8, 0);
	if (token)
		bpf_ringbuf_discard(token, BPF_RB_FORCE_WAKEUP);
	else
		reader->sleeping = 1; /* no room: the next record wakes it */
}

/* Whether a reader's filter, if it has one, lets the packet of the record through. */
static __always_inline bool wants(const struct cp_record *record, __u32 reader)
{
	const __u32 zero = 0;
	void *holder = bpf_map_lookup_elem(&filters, &reader);
	struct cp_filter *filter;

	if (!holder)
		return true;
	filter = bpf_map_lookup_elem(holder, &zero);
	return !filter || passes(record, filter);
}

/* Puts a record into a ring; 1 where there is no room, else 0. */
static __always_inline __u32 put(void *ring, const struct cp_record *record, __u32 size)
{
	return size > CP_MAX_RECORD || !is_some(size) ||
	       bpf_ringbuf_output(ring, (void *)record, size, BPF_RB_NO_WAKEUP);
}

/*
 * A message to one reader, or, as the record says, a packet that is none. Those stand outside the sums
 * of messages, and messages don't know of their loss. A function of its own to the verifier, so that
 * it is looked at once. What is counted where depends on numbers and not on branches, which the
 * compiler would merge into one with a variable address, and that is for CAP_PERFMON.
 */
__noinline int deliver_to(struct cp_packet *frame, struct cp_record *record, __u32 index,
			  __u32 filtering, __u32 payload_offset)
{
	struct cp_reader_counters *counted;
	struct cp_reader *reader;
	__u32 failed;
	void *ring;

	if (!record)
		return 0;
	ring = bpf_map_lookup_elem(&rings, &index);
	counted = bpf_map_lookup_elem(&reader_counters, &index);
	reader = bpf_map_lookup_elem(&readers, &index);
	if (!ring || !counted || !reader)
		return 0;

	if (record->event.reason != CP_REASON_NONE) {
		if (filtering && !wants(record, index))
			return 0;
		record->event.lost_before = 0;
		failed = put(ring, record, record->size);
		counted->rejected_lost += failed;
		counted->rejected_delivered += !failed;
		wake(ring, reader);
		return 0;
	}
	counted->offered++;
	if (filtering && !wants(record, index)) {
		counted->filtered++;
		return 0;
	}
	if (!record->size)
		record->size = fill_record(record, frame, payload_offset);
	record->event.lost_before = counted->lost_pending;
	failed = put(ring, record, record->size);
	counted->lost += failed;
	counted->delivered += !failed;
	counted->lost_pending = failed ? counted->lost_pending + 1 : 0;
	wake(ring, reader);
	return 0;
}

/* The packet of a record to every reader of a set. */
__noinline int deliver(struct cp_packet *frame, struct cp_record *record, __u32 to, __u32 filtering,
		       __u32 payload_offset)
{
	int i;

	/* Unrolled, as mispredicted ways around a loop are followed for ever without CAP_PERFMON. */
#pragma unroll
	for (i = 0; i < CP_MAX_READERS; i++) {
		if (!(to >> i))
			break;
		if (to >> i & 1)
			deliver_to(frame, record, i, filtering >> i & 1, payload_offset);
	}
	return 0;
}

#endif /* CUSTOMPROTO_READERS_H */
