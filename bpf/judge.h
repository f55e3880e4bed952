/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Whether a datagram on one of the ports is a valid message, and if not, why.
 */
#ifndef CUSTOMPROTO_JUDGE_H
#define CUSTOMPROTO_JUDGE_H

#include "checksum.h"
#include "record.h"

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

/* What a header says: the first reason against it; `payload` are the bytes that follow it. */
static __always_inline enum cp_reason judge_header(const __u8 *header, __u32 payload,
						   struct cp_event *event)
{
	__u64 length;

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
	if (config.type.width)
		event->type = read_field(header, &config.type);
	return CP_REASON_NONE;
}

/* What speaks against a datagram before its payload is looked at. */
static __always_inline enum cp_reason
judge_datagram(struct cp_packet *frame, const struct datagram *datagram, struct cp_event *event)
{
	__u32 udp_length = datagram->udp_length;

	event->length = 0;
	event->trailing = 0;
	event->type = 0;
	if (datagram->first_fragment)
		return CP_REASON_FRAGMENT;
	if (datagram->ip_end > event->frame_length ||
	    udp_length < sizeof(struct udphdr) + config.header_size ||
	    datagram->udp_offset + udp_length > datagram->ip_end)
		return CP_REASON_TRUNCATED;
	if (config.verify_checksum && !checksum_is_right(frame, datagram, event))
		return CP_REASON_BAD_CHECKSUM;
	return CP_REASON_NONE;
}

/* The first reason that applies, in the order of enum cp_reason; fills in the lengths. */
static __always_inline enum cp_reason
judge(struct cp_packet *frame, const struct datagram *datagram, struct cp_record *record)
{
	__u8 *header = record->payload; /* not on the stack, where odd offsets can't be read */
	__u32 leading = datagram->udp_length - sizeof(struct udphdr);
	__u32 payload = leading - config.header_size;
	enum cp_reason reason = judge_datagram(frame, datagram, &record->event);

	if (reason != CP_REASON_NONE)
		return reason;
	/* At once as much as filters see: most messages are no longer. Verifiers before Linux 6.8 know
	 * the bound of the register that was compared and not of its copies, so the compiler is kept
	 * from having one beside that of `payload`. */
	asm volatile("" : "+r"(leading));
	if (leading > CP_MAX_LEADING)
		leading = CP_MAX_LEADING;
	if (leading < config.header_size ||
	    load_bytes(frame, datagram->udp_offset + sizeof(struct udphdr), header, leading))
		return CP_REASON_TRUNCATED;
	return judge_header(header, payload, &record->event);
}

#endif /* CUSTOMPROTO_JUDGE_H */
