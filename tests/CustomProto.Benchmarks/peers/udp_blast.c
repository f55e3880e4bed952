// SPDX-License-Identifier: MIT
/*
 * Sends plain datagrams over a connected UDP socket, one a system call: a program that knows nothing of the protocol.
 *
 *   udp_blast DST PORT DATALEN COUNT
 */
#define _GNU_SOURCE
#include "frame.h"

#include <sys/socket.h>

int main(int arguments, char **argument)
{
	static uint8_t data[MAX_DATA];
	struct sockaddr_in address = {.sin_family = AF_INET};
	uint64_t count, sent = 0, started, cpu;
	int socket_fd;
	size_t length;

	if (arguments != 5 || inet_pton(AF_INET, argument[1], &address.sin_addr) != 1) {
		fprintf(stderr, "udp_blast DST PORT DATALEN COUNT\n");
		return 2;
	}
	length = strtoul(argument[3], NULL, 10);
	if (length > sizeof(data))
		return 2;
	memset(data, 'x', length);
	count = strtoull(argument[4], NULL, 10);
	address.sin_port = htons(atoi(argument[2]));
	socket_fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (socket_fd < 0 || connect(socket_fd, (struct sockaddr *)&address, sizeof(address)))
		fail(argument[1]);

	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	started = now(CLOCK_MONOTONIC);
	for (; sent < count; sent++)
		if (send(socket_fd, data, length, 0) < 0)
			fail("sending");
	print_result(sent, started, cpu);
	return 0;
}
