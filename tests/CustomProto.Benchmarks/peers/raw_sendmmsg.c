// SPDX-License-Identifier: MIT
/*
 * Sends whole frames over an AF_PACKET socket, 64 a system call: what the transport Raw is measured against.
 *
 *   raw_sendmmsg IFNAME SRCMAC DSTMAC SRC DST PORT DATALEN COUNT
 */
#define _GNU_SOURCE
#include "frame.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

#define BATCH 64

static int open_socket(const char *name)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET};
	int socket_fd = socket(AF_PACKET, SOCK_RAW, 0);

	address.sll_ifindex = if_nametoindex(name);
	if (socket_fd < 0 || bind(socket_fd, (struct sockaddr *)&address, sizeof(address)))
		fail(name);
	return socket_fd;
}

int main(int arguments, char **argument)
{
	static struct frame frame;
	struct mmsghdr messages[BATCH] = {};
	struct iovec vector = {.iov_base = &frame};
	uint64_t count, sent = 0, started, cpu;
	uint32_t checksum;
	int socket_fd, i;

	if (arguments != 9) {
		fprintf(stderr, "raw_sendmmsg IFNAME SRCMAC DSTMAC SRC DST PORT DATALEN COUNT\n");
		return 2;
	}
	vector.iov_len = build(&frame, argument + 2);
	checksum = ~fold(udp_sum(&frame)) & 0xffff;
	frame.udp.check = checksum ? checksum : 0xffff;
	for (i = 0; i < BATCH; i++) {
		messages[i].msg_hdr.msg_iov = &vector;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	count = strtoull(argument[8], NULL, 10);
	socket_fd = open_socket(argument[1]);

	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	started = now(CLOCK_MONOTONIC);
	while (sent < count) {
		uint64_t left = count - sent;
		int done = sendmmsg(socket_fd, messages, left < BATCH ? left : BATCH, 0);

		if (done < 0 && errno != ENOBUFS)
			fail("sending");
		if (done > 0)
			sent += done;
	}
	print_result(sent, started, cpu);
	return 0;
}
