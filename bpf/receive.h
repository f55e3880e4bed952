/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * From a datagram on one of the ports to the counters, the readers and the peers.
 */
#ifndef CUSTOMPROTO_RECEIVE_H
#define CUSTOMPROTO_RECEIVE_H

#include "judge.h"
#include "peers.h"
#include "readers.h"
#include "trace.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cp_settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cp_counters);
} counters SEC(".maps");

/*
 * Reads a packet up to its UDP header. With PARSE_ON_PORT `datagram` is filled, and what stands in the
 * headers is in this CPU's record.
 */
static __always_inline enum parse_result recognise(struct cp_packet *frame,
						   struct datagram *datagram)
{
	const __u32 zero = 0;
	struct header_copies copies;
	struct headers headers;
	struct cp_counters *counted;
	struct cp_record *record;
	enum parse_result result;
	__u32 cpu;

	result = parse_datagram(frame, &config, &copies, &headers, datagram);
	if (result == PARSE_FOREIGN)
		return PARSE_FOREIGN;
	counted = bpf_map_lookup_elem(&counters, &zero);
	if (!counted)
		return PARSE_FOREIGN;
	if (result != PARSE_ON_PORT) {
		counted->later_fragments++;
		return PARSE_LATER_FRAGMENT;
	}

	cpu = bpf_get_smp_processor_id();
	record = bpf_map_lookup_elem(&records, &cpu);
	if (!record)
		return PARSE_FOREIGN;
	fill_addresses(&record->event, frame, &headers);
	return PARSE_ON_PORT;
}

/* What is noted of a datagram before anything is known of it. */
static __always_inline void stamp(struct cp_packet *frame, struct cp_event *event)
{
	event->cpu = bpf_get_smp_processor_id();
	event->monotonic_ns = bpf_ktime_get_ns();
	event->tai_ns = config.read_tai ? bpf_ktime_get_tai_ns() : 0;
	event->hardware_ns = packet_hardware_time(frame);
	event->frame_length = packet_length(frame);
	event->hook = PACKET_HOOK;
}

/* A valid message to those who want it. */
static __always_inline void receive_message(struct cp_packet *frame,
					    const struct datagram *datagram,
					    struct cp_record *record, struct cp_counters *counted,
					    const struct cp_settings *set)
{
	counted->valid++;
	deliver(frame, record, set->readers, set->filtering,
		datagram->udp_offset + sizeof(struct udphdr));
	count_peer(record, counted);
}

/* What was judged goes into the record; one that is no message to the counters and to those who want it. */
static __always_inline int note_judged(struct cp_packet *frame, const struct datagram *datagram,
				       struct cp_record *record, struct cp_counters *counted,
				       const struct cp_settings *set, enum cp_reason reason)
{
	struct cp_event *event = &record->event;
	int verdict;

	event->reason = reason;
	verdict = reason == CP_REASON_NONE && set->match_action == CP_MATCH_DROP ? PACKET_DROP
										 : PACKET_PASS;
	event->verdict = verdict;
	if (config.may_trace && set->trace)
		trace(record, datagram, set->program_id);
	if (reason != CP_REASON_NONE) {
		/* Read back, as an index that differs from way to way is for CAP_PERFMON only. */
		__u32 index = *(volatile __u8 *)&event->reason;

		if (index < CP_REASON_COUNT)
			counted->reasons[index]++;
		if (set->rejected) {
			record->size = fill_rejected(record, frame, datagram);
			deliver(frame, record, set->rejected, set->filtering, 0);
		}
		return PACKET_PASS;
	}

	record->size = 0;
	return verdict;
}

/* A datagram that has been judged, and stamped, to the counters and to those who want it. */
static __always_inline int receive_judged(struct cp_packet *frame, const struct datagram *datagram,
					  struct cp_record *record, struct cp_counters *counted,
					  const struct cp_settings *set, enum cp_reason reason)
{
	int verdict = note_judged(frame, datagram, record, counted, set, reason);

	if (reason == CP_REASON_NONE)
		receive_message(frame, datagram, record, counted, set);
	return verdict;
}

/*
 * A datagram on one of the ports, whose addresses are in this CPU's record. A function of its own
 * to the verifier, which would otherwise follow every way through the headers to the end.
 */
__noinline int receive_datagram(struct cp_packet *frame, const struct datagram *datagram)
{
	const __u32 zero = 0;
	__u32 cpu = bpf_get_smp_processor_id();
	struct cp_counters *counted = bpf_map_lookup_elem(&counters, &zero);
	struct cp_record *record = bpf_map_lookup_elem(&records, &cpu);
	struct cp_settings *set = bpf_map_lookup_elem(&settings, &zero);

	if (!datagram || !counted || !record || !set)
		return PACKET_PASS;
	counted->seen++;
	stamp(frame, &record->event);
	return receive_judged(frame, datagram, record, counted, set,
			      judge(frame, datagram, record));
}

#endif /* CUSTOMPROTO_RECEIVE_H */
