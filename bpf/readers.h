/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The readers: a ring each, which gets a record of every valid message.
 */
#ifndef CUSTOMPROTO_READERS_H
#define CUSTOMPROTO_READERS_H

#include "record.h"

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

/* One record to every reader's ring. */
static __always_inline void deliver(struct cp_record *record, __u32 size)
{
	__u32 i;

	for (i = 0; i < CP_MAX_READERS; i++) {
		__u32 index = i;
		struct cp_reader_counters *counted;
		struct cp_reader *reader;
		void *ring = bpf_map_lookup_elem(&rings, &index);

		if (!ring)
			continue;
		counted = bpf_map_lookup_elem(&reader_counters, &index);
		reader = bpf_map_lookup_elem(&readers, &index);
		if (!counted || !reader)
			continue;

		record->event.lost_before = counted->lost_pending;
		if (size == 0 || size > sizeof(*record) ||
		    bpf_ringbuf_output(ring, record, size, BPF_RB_NO_WAKEUP)) {
			counted->lost++;
			counted->lost_pending++;
		} else {
			counted->delivered++;
			counted->lost_pending = 0;
		}
		wake(ring, reader);
	}
}

#endif /* CUSTOMPROTO_READERS_H */
