// SPDX-License-Identifier: MIT
/*
 * Receives plain datagrams at a UDP socket, one a system call, and acknowledges each 64th with how many have come: a program that
 * knows nothing of the protocol.
 *
 *   udp_sink PORT DATALEN COUNT
 *
 * Says "ready" when it listens. Ends after COUNT datagrams of DATALEN bytes, or when nothing comes for ten seconds.
 */
#define _GNU_SOURCE
#include "frame.h"

#include <sys/socket.h>
#include <sys/time.h>

#define ROOM (4 << 20)
#define ACKNOWLEDGED 64

int main(int arguments, char **argument)
{
	static uint8_t data[MAX_DATA];
	struct sockaddr_in address = {.sin_family = AF_INET}, from;
	struct timeval patience = {.tv_sec = 10};
	uint64_t received = 0, count;
	const int room = ROOM;
	ssize_t length;
	int socket_fd;

	if (arguments != 4) {
		fprintf(stderr, "udp_sink PORT DATALEN COUNT\n");
		return 2;
	}
	length = strtol(argument[2], NULL, 10);
	count = strtoull(argument[3], NULL, 10);
	address.sin_port = htons(atoi(argument[1]));
	socket_fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (socket_fd < 0 || bind(socket_fd, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(socket_fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		fail(argument[1]);
	puts("ready");
	fflush(stdout);

	while (received < count) {
		socklen_t size = sizeof(from);
		ssize_t got =
			recvfrom(socket_fd, data, sizeof(data), 0, (struct sockaddr *)&from, &size);

		if (got < 0)
			fail("receiving");
		if (got != length)
			continue;
		received++;
		if (received % ACKNOWLEDGED && received < count)
			continue;
		if (sendto(socket_fd, &received, sizeof(received), 0, (struct sockaddr *)&from,
			   size) < 0)
			fail("acknowledging");
	}
	return 0;
}
