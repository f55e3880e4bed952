// SPDX-License-Identifier: MIT
/*
 * Answers each request with its own data over a UDP socket: what the responder in the kernel is measured against.
 *
 *   udp_echo PORT
 *
 * Says "ready" when it listens, and goes on until it is ended or nothing comes for a minute.
 */
#define _GNU_SOURCE
#include "frame.h"

#include <sys/socket.h>
#include <sys/time.h>

int main(int arguments, char **argument)
{
	static struct {
		struct message message;
		uint8_t data[MAX_DATA];
	} buffer;
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct timeval patience = {.tv_sec = 60};
	int socket_fd;

	if (arguments != 2) {
		fprintf(stderr, "udp_echo PORT\n");
		return 2;
	}
	address.sin_port = htons(atoi(argument[1]));
	socket_fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (socket_fd < 0 || bind(socket_fd, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		fail(argument[1]);
	puts("ready");
	fflush(stdout);

	for (;;) {
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		ssize_t length = recvfrom(socket_fd, &buffer, sizeof(buffer), 0,
					  (struct sockaddr *)&from, &size);

		if (length < 0 && errno != EINTR)
			return errno == EAGAIN ? 0 : 1;
		if (length < (ssize_t)sizeof(buffer.message) || buffer.message.type != 1)
			continue;
		buffer.message.type = 2;
		sendto(socket_fd, &buffer, length, 0, (struct sockaddr *)&from, size);
	}
}
