// SPDX-License-Identifier: MIT
/*
 * Receives plain datagrams at a UDP socket, one a system call: a program that knows nothing of the protocol.
 *
 *   udp_sink PORT DATALEN
 *
 * Says "ready" when it listens. Ends when nothing has come for half a second after the first, or for ten before it, and prints how
 * many datagrams of DATALEN bytes came and how long that took, from the first to the last.
 */
#define _GNU_SOURCE
#include "frame.h"

#include <sys/socket.h>
#include <sys/time.h>

#define ROOM (4 << 20)

static void wait_at_most(int socket_fd, struct timeval patience)
{
	if (setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		fail("SO_RCVTIMEO");
}

int main(int arguments, char **argument)
{
	static uint8_t data[MAX_DATA];
	struct sockaddr_in address = {.sin_family = AF_INET};
	uint64_t received = 0, first = 0, last = 0, cpu;
	const int room = ROOM;
	int socket_fd;
	ssize_t length;

	if (arguments != 3) {
		fprintf(stderr, "udp_sink PORT DATALEN\n");
		return 2;
	}
	length = strtol(argument[2], NULL, 10);
	address.sin_port = htons(atoi(argument[1]));
	socket_fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (socket_fd < 0 || bind(socket_fd, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(socket_fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		fail(argument[1]);
	wait_at_most(socket_fd, (struct timeval){.tv_sec = 10});
	puts("ready");
	fflush(stdout);

	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	for (;;) {
		ssize_t got = recv(socket_fd, data, sizeof(data), 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		if (got != length)
			continue;
		last = now(CLOCK_MONOTONIC);
		if (!received++) {
			first = last;
			wait_at_most(socket_fd, (struct timeval){.tv_usec = 500000});
		}
	}
	printf("%llu %llu %llu\n", (unsigned long long)received, (unsigned long long)(last - first),
	       (unsigned long long)(now(CLOCK_PROCESS_CPUTIME_ID) - cpu));
	return received ? 0 : 1;
}
