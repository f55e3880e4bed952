/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The packet as the kernel hands it to a program: an XDP frame, or a socket buffer for a source that
 * defines CP_SOCKET_BUFFER (tc). What differs between the two is here; all else is written once.
 * At XDP, a source that defines CP_HARDWARE_TIME asks the driver for the time the card gave a packet.
 */
#ifndef CUSTOMPROTO_PACKET_H
#define CUSTOMPROTO_PACKET_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "customproto.h"

/*
 * Whether there is something to copy. To a compiler `size` does; but verifiers before Linux 6.8 learn
 * nothing from "not equal to 0", and refuse a size that may be 0. To be asked after what bounds it.
 */
#define is_some(size)                                                                              \
	({                                                                                         \
		asm volatile("" : "+r"(size));                                                     \
		(__s32)(size) > 0;                                                                 \
	})

#ifdef CP_SOCKET_BUFFER

/* Written by the loader; frozen, in a section of its own, like struct cp_config. */
const volatile struct cp_tc_config tc_config SEC(".rodata.tc") = {};

/* A macro, since the verifier knows a program's context by the name of its type. */
#define cp_packet __sk_buff

enum packet_verdict {
	PACKET_PASS = TC_ACT_UNSPEC, /* on to the next program at tc, if there is one */
	PACKET_DROP = TC_ACT_SHOT,
};

enum {
	PACKET_HOOK = CP_HOOK_TC,
};

static __always_inline long load_bytes(struct cp_packet *packet, __u32 offset, void *to, __u32 size)
{
	return bpf_skb_load_bytes(packet, offset, to, size);
}

static __always_inline __u32 packet_length(struct cp_packet *packet)
{
	return packet->len;
}

static __always_inline __u32 packet_interface(struct cp_packet *packet)
{
	return packet->ifindex;
}

static __always_inline __u32 packet_queue(struct cp_packet *packet)
{
	return packet->queue_mapping;
}

static __always_inline __u8 packet_direction(void)
{
	return tc_config.direction;
}

/* The outer VLAN tag, where the kernel has taken it out of the bytes, or will put it there. */
static __always_inline bool tag_beside(struct cp_packet *packet, __u16 *tci)
{
	*tci = packet->vlan_tci;
	return packet->vlan_present;
}

#else

#define cp_packet xdp_md

enum packet_verdict {
	PACKET_PASS = XDP_PASS,
	PACKET_DROP = XDP_DROP,
	PACKET_ANSWER = XDP_TX, /* back out of the interface that it came in by */
};

enum {
	PACKET_HOOK = CP_HOOK_XDP,
};

static __always_inline long load_bytes(struct cp_packet *packet, __u32 offset, void *to, __u32 size)
{
	return bpf_xdp_load_bytes(packet, offset, to, size);
}

static __always_inline __u32 packet_length(struct cp_packet *packet)
{
	return bpf_xdp_get_buff_len(packet);
}

static __always_inline __u32 packet_interface(struct cp_packet *packet)
{
	return packet->ingress_ifindex;
}

static __always_inline __u32 packet_queue(struct cp_packet *packet)
{
	return packet->rx_queue_index;
}

static __always_inline __u8 packet_direction(void)
{
	return CP_DIRECTION_INGRESS;
}

/* All tags are in the bytes. */
static __always_inline bool tag_beside(struct cp_packet *packet, __u16 *tci)
{
	(void)packet;
	*tci = 0;
	return false;
}

#endif

#ifdef CP_HARDWARE_TIME

/* Only for a program that is bound to its interface; the kernel makes it a call of the driver. */
extern int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *packet, __u64 *timestamp) __ksym;

/* 0 where the packet has none; some drivers report success and 0 then. */
static __always_inline __u64 packet_hardware_time(struct cp_packet *packet)
{
	__u64 timestamp = 0;

	return bpf_xdp_metadata_rx_timestamp(packet, &timestamp) ? 0 : timestamp;
}

#else

static __always_inline __u64 packet_hardware_time(struct cp_packet *packet)
{
	(void)packet;
	return 0;
}

#endif

#endif /* CUSTOMPROTO_PACKET_H */
