/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Which messages a reader wants: the conditions of its filter, and one in so many of what meets them.
 */
#ifndef CUSTOMPROTO_FILTER_H
#define CUSTOMPROTO_FILTER_H

#include "record.h"

/*
 * A reader's filter at the reader's index, in a map of its own. A program sees the one or the other
 * while they are exchanged, and who exchanges them goes on when no program sees the old one any more.
 * Sizes instead of types, as those that are put in have none: before Linux 6.2 the two have to be equal
 * in that, too (bpf_map_meta_equal).
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, CP_MAX_READERS);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(max_entries, 1);
			__uint(key_size, sizeof(__u32));
			__uint(value_size, sizeof(struct cp_filter));
		});
} filters SEC(".maps");

/*
 * The filters that readers have when nobody reads, since a command may put another one in the place
 * while it runs. For processes only.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CP_MAX_READERS);
	__type(key, __u32);
	__type(value, struct cp_filter);
} kept_filters SEC(".maps");

/* Read one by one: the compiler would compute the address instead, which is for CAP_PERFMON. */
static __always_inline bool type_passes(const struct cp_filter *filter, __u32 type)
{
	const volatile __u64 *types = filter->types;
	__u64 first = types[0], second = types[1], third = types[2], fourth = types[3];
	__u64 word = type & 128 ? (type & 64 ? fourth : third) : (type & 64 ? second : first);

	return word >> (type & 63) & 1;
}

static __always_inline bool source_passes(const struct cp_filter *filter,
					  const struct cp_event *event)
{
	const __u64 *source = (const __u64 *)event->source_address;
	int i;

#pragma unroll
	for (i = 0; i < CP_MAX_FILTER_ADDRESSES; i++) {
		const __u64 *address = filter->source_address + 2 * i;
		const __u64 *mask = filter->source_mask + 2 * i;

		if (event->ip_version == filter->source_version[i] &&
		    !((source[0] ^ address[0]) & mask[0]) && !((source[1] ^ address[1]) & mask[1]))
			return true;
	}
	return false;
}

static __always_inline bool port_passes(const __u16 *ports, __u16 port)
{
	int i;

#pragma unroll
	for (i = 0; i < CP_MAX_FILTER_PORTS; i++)
		if (port == ports[i])
			return true;
	return false;
}

static __always_inline bool bytes_pass(const struct cp_filter *filter,
				       const struct cp_record *record)
{
	const __u64 *payload = (const __u64 *)record->payload;
	int i;

	/* Of a shorter message, older bytes stand there. */
	if (record->event.length < filter->data_length)
		return false;
#pragma unroll
	for (i = 0; i < CP_MAX_FILTER_WORDS; i++)
		if ((payload[i] ^ filter->bytes[i]) & filter->byte_mask[i])
			return false;
	return true;
}

/*
 * Whether a reader gets the packet of a record. One that is no message has addresses and ports only.
 * A function of its own to the verifier, so that it is looked at once.
 */
__noinline int passes(const struct cp_record *record, struct cp_filter *filter)
{
	__u32 conditions;

	if (!record || !filter)
		return 0;
	conditions = filter->conditions;
	if (conditions & CP_CONDITION_SOURCE && !source_passes(filter, &record->event))
		return 0;
	if (conditions & CP_CONDITION_SOURCE_PORT &&
	    !port_passes(filter->source_port, record->event.source_port))
		return 0;
	if (conditions & CP_CONDITION_DESTINATION_PORT &&
	    !port_passes(filter->destination_port, record->event.destination_port))
		return 0;
	if (record->event.reason != CP_REASON_NONE)
		return 1;
	if (conditions & CP_CONDITION_TYPE && !type_passes(filter, record->event.type))
		return 0;
	if (conditions & CP_CONDITION_BYTES && !bytes_pass(filter, record))
		return 0;
	/* Of all CPUs together, so that it is one in so many. */
	return filter->sample < 2 ||
	       __sync_fetch_and_add(&filter->matched, 1) % filter->sample == 0;
}

#endif /* CUSTOMPROTO_FILTER_H */
