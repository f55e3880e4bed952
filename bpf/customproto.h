/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * What the kernel programs and the assembly CustomProto.dll share: the configuration, the records
 * in the rings, the counters, the reasons. src/CustomProto/Abi mirrors this file; a test and a
 * check at load compare the two through the BTF of the object, so a change here without one there
 * is refused.
 *
 * The wire format itself isn't here: offsets, widths, byte order and values come from a protocol
 * definition, which the loader writes into struct cp_config before the program is verified.
 *
 * Integers are in host byte order unless a comment says otherwise. Padding is explicit.
 */
#ifndef CUSTOMPROTO_H
#define CUSTOMPROTO_H

#include <linux/types.h>

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic error "-Wpadded"
#endif

/* Enumerations rather than macros, since BTF has no macros. */
enum cp_limit {
	CP_ABI_VERSION = 1,
	CP_MAX_PORTS = 4,
	CP_MAX_HEADER = 64,
	CP_MAX_VLAN_TAGS = 2,
	CP_MAX_EXTENSION_HEADERS = 8,
	CP_MAX_READERS = 8,
	CP_MAX_PAYLOAD = 65535,
};

/* Why a packet on the port is not a valid message; the first that applies, in this order. */
enum cp_reason {
	CP_REASON_NONE,
	CP_REASON_FRAGMENT,
	CP_REASON_TRUNCATED,
	CP_REASON_BAD_CHECKSUM,
	CP_REASON_BAD_MAGIC,
	CP_REASON_BAD_VERSION,
	CP_REASON_BAD_LENGTH,
	CP_REASON_COUNT,
};

/* Which way a packet goes, seen from this host. */
enum cp_direction {
	CP_DIRECTION_INGRESS,
	CP_DIRECTION_EGRESS,
};

enum cp_match_action {
	CP_MATCH_PASS,
	CP_MATCH_DROP,
};

/* A field of the protocol's header. A width of 0 means that the protocol has no such field. */
struct cp_field {
	__u64 value;  /* what magic and version have to be; unused in the others */
	__u16 offset; /* bytes from the start of the header */
	__u8 width;   /* bytes: 0, 1, 2, 4 or 8 */
	__u8 reserved[5];
};

/* The definition and the options of one program: constant once it is loaded. */
struct cp_config {
	struct cp_field magic;
	struct cp_field version;
	struct cp_field type;
	struct cp_field length;
	__u32 abi_version;	   /* CP_ABI_VERSION */
	__u32 snap_length;	   /* bytes of data copied into a record at most */
	__u16 ports[CP_MAX_PORTS]; /* network byte order; unused places repeat the first port */
	__u16 header_size;	   /* bytes, 1 to CP_MAX_HEADER */
	__u8 little_endian;	   /* of the header's fields */
	__u8 length_counts_header;
	__u8 verify_checksum;
	__u8 may_trace; /* the loader has CAP_PERFMON, without which bpf_printk is refused */
	__u8 read_tai;	/* the kernel has bpf_ktime_get_tai_ns (6.1) */
	__u8 reserved;
};

/* What the program at tc has beside that. */
struct cp_tc_config {
	__u32 direction; /* enum cp_direction */
};

/* What can be changed while the program runs. */
struct cp_settings {
	__u32 match_action; /* enum cp_match_action, for valid messages */
	__u32 trace;	    /* bpf_printk a line a packet */
	__u32 program_id;   /* of the program itself, which can't know it: for its trace lines */
};

/*
 * A record in a ring: this, then `captured` bytes of the UDP payload, from the first byte of the
 * protocol's header on. Records start at multiples of 8 bytes.
 */
struct cp_event {
	__u64 monotonic_ns; /* CLOCK_MONOTONIC when the program saw the packet */
	__u64 tai_ns;	    /* CLOCK_TAI then, 0 where the kernel can't tell */
	__u64 lost_before;  /* messages this CPU lost for this reader since its previous record */
	__u8 source_address[16]; /* network byte order; IPv4 in the first four, the others 0 */
	__u8 destination_address[16];
	__u32 ifindex; /* interface the packet arrived on */
	__u32 rx_queue;
	__u32 cpu;
	__u32 frame_length; /* bytes, with the link-layer header and padding */
	__u32 length;	    /* bytes of data the message has */
	__u32 captured;	    /* bytes of payload in this record: header and data */
	__u32 trailing;	    /* bytes of UDP payload after the data */
	__u16 source_port;
	__u16 destination_port;
	__u16 vlan_id[CP_MAX_VLAN_TAGS]; /* 12 bits each, outer tag first */
	__u8 destination_mac[6];
	__u8 source_mac[6];
	__u8 vlan_count;
	__u8 ip_version; /* 4 or 6 */
	__u8 reason;	 /* enum cp_reason */
	__u8 direction;	 /* enum cp_direction */
	__u8 reserved[4];
};

/* Of one CPU. seen = valid + every reason. */
struct cp_counters {
	__u64 seen; /* counted first, and by itself */
	__u64 valid;
	__u64 reasons[CP_REASON_COUNT]; /* by enum cp_reason; the first stays 0 */
	__u64 later_fragments;		/* outside the sum: they carry no port */
	__u64 aggregated; /* of seen, those that came merged with others; at tc only */
};

/* Of one CPU and reader. valid = delivered + filtered + lost, from when the reader was added. */
struct cp_reader_counters {
	__u64 delivered;
	__u64 filtered;
	__u64 lost;	    /* the ring was full */
	__u64 lost_pending; /* of those, not yet told by a record's lost_before */
};

/* Of one reader, mapped into its process: a cache line each, as one CPU writes while another reads. */
struct cp_reader {
	__u32 sleeping; /* set by the reader before it waits, taken by the program that wakes it */
	__u32 owner;	/* process that reads; 0 for none. Only processes use this and the next */
	__u64 owner_started; /* when that process started, in clock ticks since boot, as ids come again */
	__u32 reserved[12];
};

_Static_assert(sizeof(struct cp_field) == 16, "cp_field");
_Static_assert(sizeof(struct cp_config) == 88, "cp_config");
_Static_assert(sizeof(struct cp_tc_config) == 4, "cp_tc_config");
_Static_assert(sizeof(struct cp_settings) == 12, "cp_settings");
_Static_assert(sizeof(struct cp_event) == 112, "cp_event");
_Static_assert(sizeof(struct cp_counters) == 88, "cp_counters");
_Static_assert(sizeof(struct cp_reader_counters) == 32, "cp_reader_counters");
_Static_assert(sizeof(struct cp_reader) == 64, "cp_reader");

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#endif /* CUSTOMPROTO_H */
