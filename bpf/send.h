/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * What the in-kernel sender and the assembly CustomProto.dll share; mirrored and checked like
 * customproto.h.
 */
#ifndef CUSTOMPROTO_SEND_H
#define CUSTOMPROTO_SEND_H

#include <linux/types.h>

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic error "-Wpadded"
#endif

enum cp_send_limit {
	CP_SEND_LIMIT_MAX_TYPES = 16,
	CP_SEND_LIMIT_MAX_FRAME = 3408, /* what fits a page of 4,096 bytes as a live frame */
	CP_SEND_LIMIT_BLOCK = 32,	/* bytes that are written word by word */
	CP_SEND_LIMIT_MAX_BLOCKS = 8,	/* beside the last one */
};

/*
 * Where in the frame something is: numbers that stand in the program's instructions until the
 * loader replaces them. As values of the configuration they would have to be added to a packet
 * pointer from a register, which is for CAP_PERFMON (kernel/bpf/verifier.c).
 */
enum cp_send_place {
	CP_SEND_PLACE_END = 0x5eda0001, /* after the last byte */
	CP_SEND_PLACE_UDP,		/* the UDP header */
	CP_SEND_PLACE_TYPE,		/* the byte of the message's type */
	CP_SEND_PLACE_STAMP,		/* struct cp_stamp */
	CP_SEND_PLACE_LAST,		/* the last block of what doesn't vary; overlaps others */
};

/* The last bytes of the data, in network byte order. */
struct cp_stamp {
	__u64 sequence;
	__u64 monotonic_ns; /* CLOCK_MONOTONIC when the packet was made */
};

/* Constant once it is loaded. */
struct cp_send_config {
	__u32 ifindex;	   /* of the interface to leave by */
	__u32 stride;	   /* from one sequence number to the next, as several threads take turns */
	__u16 first_port;  /* where source ports vary; host byte order */
	__u16 port_count;  /* 0 where they don't */
	__u16 port_stride; /* less than the count */
	__u8 type_count;   /* 0 where types don't vary */
	__u8 type_stride;  /* less than the count */
	__u8 type_shift;   /* 8 where the byte of the type is the upper half of a word in memory */
	__u8 stamped;
	__u8 stamp_is_odd; /* it doesn't begin at a word of the checksum */
	__u8 paced;
	__u16 length; /* of what doesn't vary, from the start of the frame to the stamp or the end */
	__u16 blocks; /* of which it is made before the last one; 0 where it is written at once */
	__u8 types[CP_SEND_LIMIT_MAX_TYPES];
};

/* Of one thread, mapped into the process; written by user space only while the program isn't run. */
struct cp_send_state {
	__u64 sequence; /* of the next packet */
	__u64 left;	/* where the program keeps the pace: how many packets may still go */
	__u64 due_ns;	/* when the next one is due, CLOCK_MONOTONIC; 0 for at once */
	__u64 first_ns; /* when the first one went, and the last */
	__u64 last_ns;
	__u64 interval_ns;
	__u64 max_lag_ns;   /* how far behind it may be and still catch up */
	__u32 due_fraction; /* in units of 2^-32 ns, as the next */
	__u32 interval_fraction;
	__u32 rest; /* the sum of all words that don't vary and the checksum covers, as in memory */
	__u32 port_index;
	__u32 type_index;
	__u32 reserved;
	__u8 frame[CP_SEND_LIMIT_MAX_FRAME]; /* zeros where packets differ */
};

_Static_assert(sizeof(struct cp_stamp) == 16, "cp_stamp");
_Static_assert(sizeof(struct cp_send_config) == 40, "cp_send_config");
_Static_assert(sizeof(struct cp_send_state) == 3488, "cp_send_state");

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#endif /* CUSTOMPROTO_SEND_H */
