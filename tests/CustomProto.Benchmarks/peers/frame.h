// SPDX-License-Identifier: MIT
/* A frame of the protocol over IPv4, and what else the sending programs have in common. */
#ifndef FRAME_H
#define FRAME_H

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SOURCE_PORT 40000
#define MAX_DATA 9000

struct message {
	uint16_t magic;
	uint8_t version;
	uint8_t type;
	uint16_t length;
} __attribute__((packed));

struct frame {
	struct ether_header ethernet;
	struct iphdr ip;
	struct udphdr udp;
	struct message message;
	uint8_t data[MAX_DATA];
} __attribute__((packed));

static inline void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static inline uint64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

/* The sum of 16-bit words (RFC 1071), of bytes that are zero after an odd end. */
static inline uint32_t sum(const void *bytes, size_t length)
{
	const uint8_t *next = bytes;
	uint32_t total = 0;

	for (; length > 0; length -= length > 1 ? 2 : 1, next += 2) {
		uint16_t word;

		memcpy(&word, next, 2);
		total += word;
	}
	return total;
}

static inline uint32_t fold(uint32_t total)
{
	while (total > 0xffff)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

static inline void fill_message(struct message *message, size_t data)
{
	message->magic = htons(0xcafe);
	message->version = 1;
	message->type = 1;
	message->length = htons(data);
}

/* What the UDP checksum covers, summed, with the pseudo header. */
static inline uint32_t udp_sum(const struct frame *frame)
{
	return sum(&frame->ip.saddr, 8) + htons(IPPROTO_UDP) + frame->udp.len +
	       sum(&frame->udp, ntohs(frame->udp.len));
}

/* Arguments: SRCMAC DSTMAC SRC DST PORT DATALEN. Returns the frame's length. */
static inline size_t build(struct frame *frame, char **argument)
{
	size_t data = strtoul(argument[5], NULL, 10);
	size_t udp_length = sizeof(frame->udp) + sizeof(frame->message) + data;

	if (data > MAX_DATA ||
	    !ether_aton_r(argument[0], (struct ether_addr *)frame->ethernet.ether_shost) ||
	    !ether_aton_r(argument[1], (struct ether_addr *)frame->ethernet.ether_dhost) ||
	    inet_pton(AF_INET, argument[2], &frame->ip.saddr) != 1 ||
	    inet_pton(AF_INET, argument[3], &frame->ip.daddr) != 1) {
		errno = EINVAL;
		fail("an address or DATALEN");
	}
	frame->ethernet.ether_type = htons(ETHERTYPE_IP);
	frame->ip.version = 4;
	frame->ip.ihl = 5;
	frame->ip.tot_len = htons(sizeof(frame->ip) + udp_length);
	frame->ip.frag_off = htons(IP_DF);
	frame->ip.ttl = 64;
	frame->ip.protocol = IPPROTO_UDP;
	frame->ip.check = ~fold(sum(&frame->ip, sizeof(frame->ip)));
	frame->udp.source = htons(SOURCE_PORT);
	frame->udp.dest = htons(atoi(argument[4]));
	frame->udp.len = htons(udp_length);
	fill_message(&frame->message, data);
	return sizeof(frame->ethernet) + sizeof(frame->ip) + udp_length;
}

/* What a peer prints: packets, nanoseconds, nanoseconds of CPU time. */
static inline void print_result(uint64_t sent, uint64_t started, uint64_t cpu)
{
	printf("%llu %llu %llu\n", (unsigned long long)sent,
	       (unsigned long long)(now(CLOCK_MONOTONIC) - started),
	       (unsigned long long)(now(CLOCK_PROCESS_CPUTIME_ID) - cpu));
}

#endif /* FRAME_H */
