// SPDX-License-Identifier: MIT
/*
 * Sends plain datagrams over a connected UDP socket, one a system call, with a window of those that are on their way: a program that
 * knows nothing of the protocol.
 *
 *   udp_source DST PORT DATALEN COUNT
 *
 * Prints how many were acknowledged, and how long that took from the first send to the last acknowledgement. One that is lost ends it.
 */
#define _GNU_SOURCE
#include "frame.h"

#include <sys/socket.h>
#include <sys/time.h>

#define WINDOW 256

int main(int arguments, char **argument)
{
	static uint8_t data[MAX_DATA];
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct timeval patience = {.tv_sec = 10};
	uint64_t count, sent = 0, acknowledged = 0, started, cpu;
	int socket_fd;
	size_t length;

	if (arguments != 5 || inet_pton(AF_INET, argument[1], &address.sin_addr) != 1) {
		fprintf(stderr, "udp_source DST PORT DATALEN COUNT\n");
		return 2;
	}
	length = strtoul(argument[3], NULL, 10);
	if (length > sizeof(data))
		return 2;
	memset(data, 'x', length);
	count = strtoull(argument[4], NULL, 10);
	address.sin_port = htons(atoi(argument[2]));
	socket_fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (socket_fd < 0 || connect(socket_fd, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		fail(argument[1]);

	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	started = now(CLOCK_MONOTONIC);
	while (acknowledged < count) {
		for (; sent < count && sent - acknowledged < WINDOW; sent++)
			if (send(socket_fd, data, length, 0) < 0)
				fail("sending");
		if (recv(socket_fd, &acknowledged, sizeof(acknowledged), 0) != sizeof(acknowledged))
			fail("acknowledgement");
	}
	print_result(acknowledged, started, cpu);
	return 0;
}
