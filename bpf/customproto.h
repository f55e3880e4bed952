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
	CP_ABI_VERSION = 2,
	CP_MAX_PORTS = 4,
	CP_MAX_HEADER = 64,
	CP_MAX_VLAN_TAGS = 2,
	CP_MAX_EXTENSION_HEADERS = 8,
	CP_MAX_READERS = 8,
	CP_MAX_READER_NAME = 32, /* bytes of UTF-8, the zero at the end among them */
	CP_MAX_PAYLOAD = 65535,
	CP_MAX_LEADING =
		128, /* bytes of payload that a filter or a rejected packet's reader sees */
	CP_MAX_FILTER_ADDRESSES = 4, /* of each kind */
	CP_MAX_FILTER_PORTS = 4,
	CP_MAX_FILTER_WORDS = 12, /* of 8 bytes: of the header and the data that follows it */
	CP_MAX_RESPONSE = 4096,	  /* bytes of data in a fixed response */
	CP_MAX_BROADCASTS = 8,	  /* addresses that an interface's networks broadcast to */
	CP_LATENCY_BUCKETS = 32,  /* by powers of two of nanoseconds */
	CP_PEER_DATA = 16,	  /* leading bytes that are kept of a peer's last message */
	CP_RESPONSE_GIVEN = 256, /* a request of the type is answered: beside the response's type */
	CP_RESPONSE_FINAL = 512, /* and what answers it is never answered in turn, by anybody */
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

/* Where the program runs, by the numbers that pcapng has for the kinds of verdicts. */
enum cp_hook {
	CP_HOOK_TC = 1,
	CP_HOOK_XDP = 2,
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
	__u32 abi_version; /* CP_ABI_VERSION */
	__u32 snap_length; /* bytes of data copied into a record at most */
	__u16 ports
		[CP_MAX_PORTS]; /* network byte order, each once; unused places repeat the first */
	__u16 header_size;	/* bytes, 1 to CP_MAX_HEADER */
	__u8 little_endian;	/* of the header's fields */
	__u8 length_counts_header;
	__u8 verify_checksum;
	__u8 may_trace; /* the loader has CAP_PERFMON, without which bpf_printk is refused */
	__u8 read_tai;	/* the kernel has bpf_ktime_get_tai_ns (6.1) */
	__u8 keep_peers;
};

/* What the program at tc does to datagrams. */
enum cp_encapsulation {
	CP_ENCAPSULATION_NONE,
	CP_ENCAPSULATION_ADD,	 /* plain datagrams become messages */
	CP_ENCAPSULATION_REMOVE, /* messages become plain datagrams */
};

/* What the program at tc has beside that. */
struct cp_tc_config {
	__u8 header
		[CP_MAX_HEADER]; /* of the messages it makes, but for the length; the rest is 0 */
	__u32 direction;	 /* enum cp_direction */
	__u32 encapsulation;	 /* enum cp_encapsulation */
};

/* What can be changed while the program runs. */
struct cp_settings {
	__u32 match_action; /* enum cp_match_action, for valid messages */
	__u32 trace;	    /* bpf_printk a line a packet */
	__u32 program_id;   /* of the program itself, which can't know it: for its trace lines */
	__u32 readers;	    /* a bit for each reader, by index, that has a ring */
	__u32 filtering;    /* of those, the ones that have or had a filter */
	__u32 rejected;	    /* of those, the ones that get rejected packets, too */
};

/* What a filter looks at: bits, as all that is set has to hold. */
enum cp_condition {
	CP_CONDITION_TYPE = 1,
	CP_CONDITION_SOURCE = 2,
	CP_CONDITION_SOURCE_PORT = 4,
	CP_CONDITION_DESTINATION_PORT = 8,
	CP_CONDITION_BYTES = 16,
	CP_CONDITION_REJECTED = 32, /* none: the reader gets rejected packets, too; for processes */
};

/*
 * Which messages a reader gets. Never changed in place: another filter is another map in the place of
 * this one's, so that a message is judged by one of them and not by halves of two. Only `matched` is
 * written.
 */
struct cp_filter {
	__u64 types[4]; /* bit n % 64 of word n / 64: type n */
	/* Two words an address as it stands in cp_event, and which of its bits count. */
	__u64 source_address[2 * CP_MAX_FILTER_ADDRESSES];
	__u64 source_mask[2 * CP_MAX_FILTER_ADDRESSES];
	__u64 bytes[CP_MAX_FILTER_WORDS];	/* what the payload has to begin with, */
	__u64 byte_mask[CP_MAX_FILTER_WORDS];	/* where a bit is set here */
	__u16 source_port[CP_MAX_FILTER_PORTS]; /* unused places repeat the first */
	__u16 destination_port[CP_MAX_FILTER_PORTS];
	__u8 source_version[CP_MAX_FILTER_ADDRESSES]; /* 4 or 6, 0 for an unused place */
	__u32 conditions;			      /* enum cp_condition */
	__u32 data_length; /* bytes of data that a message has at least: those in `bytes` */
	__u32 sample;	   /* of so many that meet the conditions one is kept; 0 and 1: all */
	__u64 matched;	   /* met the conditions, where `sample` is used */
};

/*
 * A record in a ring: this, then `captured` bytes of the UDP payload, from the first byte of the
 * protocol's header on. Records start at multiples of 8 bytes.
 */
struct cp_event {
	__u64 monotonic_ns; /* CLOCK_MONOTONIC when the program saw the packet */
	__u64 tai_ns;	    /* CLOCK_TAI then, 0 where the kernel can't tell */
	__u64 hardware_ns;  /* the card's clock when the packet came, 0 where it doesn't tell */
	__u64 lost_before;  /* messages this CPU lost for this reader since its previous message */
	__u8 source_address[16]; /* network byte order; IPv4 in the first four, the others 0 */
	__u8 destination_address[16];
	__u32 ifindex; /* interface the packet arrived on */
	__u32 rx_queue;
	__u32 cpu;
	__u32 frame_length; /* bytes, with the link-layer header and padding */
	__u32 length;	/* bytes of data the message has; of UDP payload, of a rejected packet */
	__u32 captured; /* bytes of payload in this record: header and data */
	__u32 trailing; /* bytes of UDP payload after the data */
	__u16 source_port;
	__u16 destination_port;
	__u16 vlan_id[CP_MAX_VLAN_TAGS]; /* 12 bits each, outer tag first */
	__u8 destination_mac[6];
	__u8 source_mac[6];
	__u8 vlan_count;
	__u8 ip_version; /* 4 or 6 */
	__u8 reason;	 /* enum cp_reason */
	__u8 direction;	 /* enum cp_direction */
	__u8 type;	 /* of a valid message; 0 where the protocol has no such field */
	__u8 hook;	 /* enum cp_hook */
	__s8 verdict;	 /* what the program returned: XDP_*, or TC_ACT_* */
	__u8 reserved;
};

/* Of one CPU. seen = valid + every reason. */
struct cp_counters {
	__u64 seen; /* counted first, and by itself */
	__u64 valid;
	__u64 reasons[CP_REASON_COUNT]; /* by enum cp_reason; the first stays 0 */
	__u64 later_fragments;		/* outside the sum: they carry no port */
	__u64 aggregated; /* of seen, those that came merged with others; at tc only */
	/* Of the valid messages, the requests that a responder is for: one of these three. */
	__u64 answered;
	__u64 limited;	    /* one more would have been over a limit */
	__u64 unanswerable; /* an answer isn't possible, or would go where none may */
	__u64 peers;	    /* sources that came into the peer map, again or for the first time */
};

/*
 * Of one CPU: datagrams on the port. considered = encapsulated + decapsulated + skipped + too_big + gso
 * + fragment + failed; of what leaves, seen = encapsulated + skipped.
 */
struct cp_encapsulation_counters {
	__u64 considered; /* counted first, and by itself */
	__u64 encapsulated;
	__u64 decapsulated;
	__u64 skipped;	/* left as it was: a message already, or none */
	__u64 too_big;	/* dropped: with the header it would exceed the MTU */
	__u64 gso;	/* dropped: several datagrams in one packet, counted once */
	__u64 fragment; /* a first fragment: dropped on the way out, left as it was on the way in */
	__u64 failed;	/* dropped: no memory */
	__u64 told;	/* of too_big, those whose sender was told by ICMP */
};

/* Of one CPU and reader. offered = delivered + filtered + lost. */
struct cp_reader_counters {
	__u64 offered; /* valid messages since the reader was added; counted first, and by itself */
	__u64 delivered;
	__u64 filtered;
	__u64 lost;		  /* the ring was full */
	__u64 lost_pending;	  /* of those, not yet told by a record's lost_before */
	__u64 rejected_delivered; /* rejected packets, where the reader gets them: outside the sum */
	__u64 rejected_lost;
	__u64 reserved;
};

/*
 * Of one reader, mapped into its process. The word that the program reads has a cache line of its own,
 * as one CPU reads it while another writes; only processes use the rest.
 */
struct cp_reader {
	__u32 sleeping; /* set by the reader before it waits, taken by the program that wakes it */
	__u32 reserved[15];
	__u32 owner;	 /* process that reads; 0 for none */
	__u32 ring_size; /* bytes; programs read it, too */
	__u64 owner_started; /* when that process started, in clock ticks since boot, as ids come again */
	__u32 is_kept;	     /* it stays when its owner ends */
	__u32 generation;	       /* counts up whenever the place is given to another reader */
	__u8 name[CP_MAX_READER_NAME]; /* UTF-8; unused bytes are 0 */
	__u8 padding[8];
};

/* A bucket of tokens, as times: an answer moves the next one by the interval (GCRA). */
struct cp_rate {
	__u64 interval_ns; /* between answers, on average; 0 for no limit */
	__u64 burst_ns;	   /* how far ahead of the clock the answers may come */
};

/*
 * How requests are answered. Never changed in place: another one is another map in the place of this
 * one's, so that a request is answered by one of them and not by halves of two.
 */
struct cp_responder {
	struct cp_rate source; /* of answers to one source */
	struct cp_rate total;  /* of all answers */
	__u32 source_limit; /* answers a second, as the user said; only processes use these two */
	__u32 total_limit;
	__u32 enabled;	   /* only processes use it: what isn't is in no map that the program has */
	__u32 is_fixed;	   /* `data` takes the place of the request's */
	__u32 data_length; /* bytes, of a fixed response */
	__u32 may_be_longer;		     /* a response may be longer than its request */
	__u32 knows_interface;		     /* the two below are known */
	__u32 broadcasts[CP_MAX_BROADCASTS]; /* IPv4, network byte order; unused places are 0 */
	__u8 mac[6];			     /* the interface's, which requests are addressed to */
	__u8 is_generic; /* the program runs in generic mode, on socket buffers */
	__u8 reserved[5];
	__u16 types[256]; /* by the request's type: the response's, and CP_RESPONSE_... */
	__u8 data[CP_MAX_RESPONSE];
};

/* Of one CPU and request type: answers by the time they took, from 2^n ns to under 2^(n + 1). */
struct cp_latency {
	__u64 buckets[CP_LATENCY_BUCKETS];
};

struct cp_peer_key {
	__u8 address[16]; /* as in cp_event */
	__u32 ip_version; /* 4 or 6 */
};

/* One source of valid messages. The sums are exact; the rest is of the last message. */
struct cp_peer {
	__u64 messages;
	__u64 bytes; /* of data */
	__u64 answered;
	__u64 next_answer_ns; /* CLOCK_MONOTONIC; when the bucket of tokens is full again */
	__u64 first_ns;	      /* CLOCK_MONOTONIC */
	__u64 first_tai_ns;   /* CLOCK_TAI, 0 where the kernel can't tell */
	__u64 last_ns;
	__u64 last_tai_ns;
	__u32 last_length; /* bytes of data */
	__u16 last_port;
	__u8 last_type;	    /* 0 where the protocol has no such field */
	__u8 last_captured; /* bytes of `last_data` */
	__u8 last_data[CP_PEER_DATA];
};

_Static_assert(sizeof(struct cp_field) == 16, "cp_field");
_Static_assert(sizeof(struct cp_config) == 88, "cp_config");
_Static_assert(sizeof(struct cp_tc_config) == 72, "cp_tc_config");
_Static_assert(sizeof(struct cp_settings) == 24, "cp_settings");
_Static_assert(sizeof(struct cp_filter) == 392, "cp_filter");
_Static_assert(sizeof(struct cp_event) == 120, "cp_event");
_Static_assert(sizeof(struct cp_encapsulation_counters) == 72, "cp_encapsulation_counters");
_Static_assert(sizeof(struct cp_counters) == 120, "cp_counters");
_Static_assert(sizeof(struct cp_reader_counters) == 64, "cp_reader_counters");
_Static_assert(sizeof(struct cp_reader) == 128, "cp_reader");
_Static_assert(sizeof(struct cp_rate) == 16, "cp_rate");
_Static_assert(sizeof(struct cp_responder) == 4712, "cp_responder");
_Static_assert(sizeof(struct cp_latency) == 256, "cp_latency");
_Static_assert(sizeof(struct cp_peer_key) == 20, "cp_peer_key");
_Static_assert(sizeof(struct cp_peer) == 88, "cp_peer");

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#endif /* CUSTOMPROTO_H */
