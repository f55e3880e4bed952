// SPDX-License-Identifier: MIT
/*
 * Sends datagrams over a connected UDP socket, 64 a system call: what the transport Udp is measured against.
 *
 *   udp_sendmmsg DST PORT DATALEN COUNT
 */
#define _GNU_SOURCE
#include "frame.h"

#include <sys/socket.h>

#define BATCH 64

int main(int arguments, char **argument)
{
	static struct frame frame;
	struct mmsghdr messages[BATCH] = {};
	struct iovec vector = {.iov_base = &frame.message};
	struct sockaddr_in address = {.sin_family = AF_INET};
	uint64_t count, sent = 0, started, cpu;
	int socket_fd, i;
	size_t data;

	if (arguments != 5 || inet_pton(AF_INET, argument[1], &address.sin_addr) != 1) {
		fprintf(stderr, "udp_sendmmsg DST PORT DATALEN COUNT\n");
		return 2;
	}
	data = strtoul(argument[3], NULL, 10);
	if (data > MAX_DATA)
		return 2;
	fill_message(&frame.message, data);
	vector.iov_len = sizeof(frame.message) + data;
	for (i = 0; i < BATCH; i++) {
		messages[i].msg_hdr.msg_iov = &vector;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	count = strtoull(argument[4], NULL, 10);
	address.sin_port = htons(atoi(argument[2]));
	socket_fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (socket_fd < 0 || connect(socket_fd, (struct sockaddr *)&address, sizeof(address)))
		fail(argument[1]);

	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	started = now(CLOCK_MONOTONIC);
	while (sent < count) {
		uint64_t left = count - sent;
		int done = sendmmsg(socket_fd, messages, left < BATCH ? left : BATCH, 0);

		if (done < 0)
			fail("sending");
		sent += done;
	}
	print_result(sent, started, cpu);
	return 0;
}
