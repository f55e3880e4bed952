/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The packet as the kernel hands it to a program: an XDP frame, or a socket buffer for a source that
 * defines CP_SOCKET_BUFFER (tc). What differs between the two is here; all else is written once.
 */
#ifndef CUSTOMPROTO_PACKET_H
#define CUSTOMPROTO_PACKET_H

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#ifdef CP_SOCKET_BUFFER

/* A macro, since the verifier knows a program's context by the name of its type. */
#define cp_packet __sk_buff

enum packet_verdict {
	PACKET_PASS = TC_ACT_OK,
	PACKET_DROP = TC_ACT_SHOT,
};

static __always_inline long load_bytes(struct cp_packet *packet, __u32 offset, void *to, __u32 size)
{
	return bpf_skb_load_bytes(packet, offset, to, size);
}

static __always_inline __u32 packet_length(struct cp_packet *packet)
{
	return packet->len;
}

#else

#define cp_packet xdp_md

enum packet_verdict {
	PACKET_PASS = XDP_PASS,
	PACKET_DROP = XDP_DROP,
};

static __always_inline long load_bytes(struct cp_packet *packet, __u32 offset, void *to, __u32 size)
{
	return bpf_xdp_load_bytes(packet, offset, to, size);
}

static __always_inline __u32 packet_length(struct cp_packet *packet)
{
	return bpf_xdp_get_buff_len(packet);
}

#endif

#endif /* CUSTOMPROTO_PACKET_H */
