// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * The receiver: recognises the protocol's packets before the network stack does, counts each under
 * exactly one name, and copies the valid ones into the ring of every reader.
 */
#include "parse.h"
#include "checksum.h"

/*
 * Written by the loader from the protocol definition; frozen, so the verifier drops what isn't used.
 * In a section of its own, which the loader sets as a whole.
 */
const volatile struct cp_config config SEC(".rodata.config") = {};

/* A type that no global has would be missing from BTF, and with it from the check at load. */
const struct cp_event *cp_event_btf __attribute__((unused));
const enum cp_reason *cp_reason_btf __attribute__((unused));
const enum cp_match_action *cp_match_action_btf __attribute__((unused));
const enum cp_limit *cp_limit_btf __attribute__((unused));

/* A record being made. Too large for the stack, and for a per-CPU map (32 KiB): one for each CPU.
 */
struct cp_record {
	struct cp_event event;
	__u8 payload[CP_MAX_PAYLOAD + 1];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set to the number of possible CPUs before load */
	__type(key, __u32);
	__type(value, struct cp_record);
} records SEC(".maps");

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

static __always_inline __u64 read_field(const void *header, const volatile struct cp_field *field)
{
	const void *at = header + (field->offset & (CP_MAX_HEADER - 1));

	switch (field->width) {
	case 1:
		return *(const __u8 *)at;
	case 2: {
		__u16 value = *(const __u16 *)at;
		return config.little_endian ? value : bpf_ntohs(value);
	}
	case 4: {
		__u32 value = *(const __u32 *)at;
		return config.little_endian ? value : bpf_ntohl(value);
	}
	default: {
		__u64 value = *(const __u64 *)at;
		return config.little_endian ? value : bpf_be64_to_cpu(value);
	}
	}
}

/* What stands in the headers goes into the record at once, while they are at hand. */
static __always_inline void fill_addresses(struct cp_event *event, struct xdp_md *frame,
					   const struct headers *headers, __u16 ip_version)
{
	if (ip_version == 4) {
		__builtin_memset(event->source_address, 0, sizeof(event->source_address));
		__builtin_memset(event->destination_address, 0, sizeof(event->destination_address));
		__builtin_memcpy(event->source_address, headers->addresses, 4);
		__builtin_memcpy(event->destination_address, headers->addresses + 4, 4);
	} else {
		__builtin_memcpy(event->source_address, headers->addresses, 16);
		__builtin_memcpy(event->destination_address, headers->addresses + 16, 16);
	}
	__builtin_memcpy(event->destination_mac, headers->ethernet->h_dest, ETH_ALEN);
	__builtin_memcpy(event->source_mac, headers->ethernet->h_source, ETH_ALEN);
	event->vlan_id[0] = headers->vlan_id[0];
	event->vlan_id[1] = headers->vlan_id[1];
	event->vlan_count = headers->vlan_count;
	event->ip_version = ip_version;
	event->source_port = bpf_ntohs(headers->udp->source);
	event->destination_port = bpf_ntohs(headers->udp->dest);
	event->ifindex = frame->ingress_ifindex;
	event->rx_queue = frame->rx_queue_index;
}

/* The first reason that applies, in the order of enum cp_reason; fills in the lengths. */
static __always_inline enum cp_reason judge(struct xdp_md *frame, const struct datagram *datagram,
					    struct cp_record *record)
{
	struct cp_event *event = &record->event;
	__u8 *header = record->payload; /* not on the stack, where odd offsets can't be read */
	__u32 udp_length = datagram->udp_length;
	__u32 payload = udp_length - sizeof(struct udphdr) - config.header_size;
	__u64 length;

	event->length = 0;
	event->trailing = 0;
	if (datagram->first_fragment)
		return CP_REASON_FRAGMENT;
	if (datagram->ip_end > event->frame_length ||
	    udp_length < sizeof(struct udphdr) + config.header_size ||
	    datagram->udp_offset + udp_length > datagram->ip_end)
		return CP_REASON_TRUNCATED;
	if (config.verify_checksum && !checksum_is_right(frame, datagram, event))
		return CP_REASON_BAD_CHECKSUM;

	if (bpf_xdp_load_bytes(frame, datagram->udp_offset + sizeof(struct udphdr), header,
			       config.header_size))
		return CP_REASON_TRUNCATED;
	if (config.magic.width && read_field(header, &config.magic) != config.magic.value)
		return CP_REASON_BAD_MAGIC;
	if (config.version.width && read_field(header, &config.version) != config.version.value)
		return CP_REASON_BAD_VERSION;
	event->length = payload;
	if (config.length.width) {
		length = read_field(header, &config.length);
		if (config.length_counts_header) {
			if (length < config.header_size)
				return CP_REASON_BAD_LENGTH;
			length -= config.header_size;
		}
		if (length > payload)
			return CP_REASON_BAD_LENGTH;
		event->length = length;
		event->trailing = payload - length;
	}
	return CP_REASON_NONE;
}

/* Completes the record of a message; its size, or 0 where the packet can't be copied. */
static __always_inline __u32 fill_record(struct cp_record *record, struct xdp_md *frame,
					 __u32 header_offset)
{
	struct cp_event *event = &record->event;
	__u32 captured = event->length;

	if (captured > config.snap_length)
		captured = config.snap_length;
	captured += config.header_size;
	if (captured == 0 || captured > CP_MAX_PAYLOAD)
		return 0;
	event->captured = captured;
	if (bpf_xdp_load_bytes(frame, header_offset, record->payload, captured))
		return 0;
	return sizeof(*event) + captured;
}

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

/* By enum cp_reason, as in the names of the counters. */
static const char reason_names[CP_REASON_COUNT][16] = {
	[CP_REASON_NONE] = "None",
	[CP_REASON_FRAGMENT] = "Fragment",
	[CP_REASON_TRUNCATED] = "Truncated",
	[CP_REASON_BAD_CHECKSUM] = "BadChecksum",
	[CP_REASON_BAD_MAGIC] = "BadMagic",
	[CP_REASON_BAD_VERSION] = "BadVersion",
	[CP_REASON_BAD_LENGTH] = "BadLength",
};

/*
 * A line in the kernel's trace, of numbers and our own words only: what a sender wrote must not
 * reach a terminal. Get-XdpTrace tells the lines of our programs by how they begin. Kept out of the
 * way of packets that aren't traced.
 */
static __noinline void trace(const struct cp_record *record, const struct datagram *datagram,
			     __u32 program)
{
	const struct cp_event *event = &record->event;
	__u32 from = event->source_port;
	__u32 to = event->destination_port;
	__u32 reason = event->reason;
	__u32 type = 0;

	if (reason != CP_REASON_NONE) {
		if (reason < CP_REASON_COUNT)
			bpf_printk("customproto[%u]: %s, UDP length %u, from port %u to port %u",
				   program, reason_names[reason], datagram->udp_length, from, to);
		return;
	}
	if (config.type.width)
		type = read_field(record->payload, &config.type);
	bpf_printk("customproto[%u]: type %u, length %u, trailing %u, from port %u to port %u",
		   program, type, event->length, event->trailing, from, to);
}

/*
 * A datagram on one of the ports, whose addresses are in this CPU's record. A function of its own
 * to the verifier, which would otherwise follow every way through the headers to the end.
 */
__noinline int receive_datagram(struct xdp_md *frame, const struct datagram *datagram)
{
	const __u32 zero = 0;
	__u32 cpu = bpf_get_smp_processor_id();
	struct cp_counters *counted = bpf_map_lookup_elem(&counters, &zero);
	struct cp_record *record = bpf_map_lookup_elem(&records, &cpu);
	struct cp_settings *set = bpf_map_lookup_elem(&settings, &zero);
	struct cp_event *event;
	enum cp_reason reason;

	if (!datagram || !counted || !record || !set)
		return XDP_PASS;
	event = &record->event;
	event->cpu = cpu;
	event->monotonic_ns = bpf_ktime_get_ns();
	event->tai_ns = config.read_tai ? bpf_ktime_get_tai_ns() : 0;
	event->frame_length = bpf_xdp_get_buff_len(frame);
	reason = judge(frame, datagram, record);
	event->reason = reason;
	if (config.may_trace && set->trace)
		trace(record, datagram, set->program_id);
	if (reason != CP_REASON_NONE) {
		/* Read back, as an index that differs from way to way is for CAP_PERFMON only. */
		__u32 index = *(volatile __u8 *)&event->reason;

		if (index < CP_REASON_COUNT)
			counted->reasons[index]++;
		return XDP_PASS;
	}

	counted->valid++;
	deliver(record, fill_record(record, frame, datagram->udp_offset + sizeof(struct udphdr)));
	return set->match_action == CP_MATCH_DROP ? XDP_DROP : XDP_PASS;
}

SEC("xdp.frags")
int cp_receive(struct xdp_md *frame)
{
	const __u32 zero = 0;
	struct header_copies copies;
	struct datagram datagram;
	struct headers headers;
	struct cp_counters *counted;
	struct cp_record *record;
	enum parse_result result;
	__u32 cpu;

	result = parse_datagram(frame, &config, &copies, &headers, &datagram);
	if (result == PARSE_FOREIGN)
		return XDP_PASS;
	counted = bpf_map_lookup_elem(&counters, &zero);
	if (!counted)
		return XDP_PASS;
	if (result != PARSE_ON_PORT) {
		counted->later_fragments++;
		return XDP_PASS;
	}

	counted->seen++;
	cpu = bpf_get_smp_processor_id();
	record = bpf_map_lookup_elem(&records, &cpu);
	if (!record)
		return XDP_PASS;
	fill_addresses(&record->event, frame, &headers, datagram.ip_version);
	return receive_datagram(frame, &datagram);
}

char _license[] SEC("license") = "Dual MIT/GPL";
