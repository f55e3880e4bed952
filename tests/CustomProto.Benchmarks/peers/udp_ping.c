// SPDX-License-Identifier: MIT
/*
 * Sends requests over a connected UDP socket, one at a time, and waits for each response: the client that responders are compared
 * with. Before each it pauses for INTERVAL microseconds, in which its processor is let go or, with "awake", kept.
 *
 *   udp_ping DST PORT DATALEN COUNT INTERVAL asleep|awake
 *
 * Prints how many were answered, and the median and the 99th percentile of the round-trip times in nanoseconds, from just before
 * the send to just after the receive.
 */
#define _GNU_SOURCE
#include "frame.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>

#define WARM_UP 50

/* An awake client measures what answers, and not how long its own processor takes to get going again. */
static void pause_for(uint64_t nanoseconds, bool awake)
{
	struct timespec interval = {.tv_nsec = nanoseconds};
	uint64_t end = now(CLOCK_MONOTONIC) + nanoseconds;

	if (!awake)
		nanosleep(&interval, NULL);
	while (now(CLOCK_MONOTONIC) < end)
		;
}

static int compare(const void *one, const void *other)
{
	uint64_t first = *(const uint64_t *)one, second = *(const uint64_t *)other;

	return (first > second) - (first < second);
}

int main(int arguments, char **argument)
{
	static struct {
		struct message message;
		uint8_t data[MAX_DATA];
	} request, response;
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct timeval patience = {.tv_usec = 200000};
	uint64_t count, interval, answered = 0, *times;
	size_t length;
	int socket_fd;
	bool awake;

	if (arguments != 7 || inet_pton(AF_INET, argument[1], &address.sin_addr) != 1) {
		fprintf(stderr, "udp_ping DST PORT DATALEN COUNT INTERVAL asleep|awake\n");
		return 2;
	}
	length = strtoul(argument[3], NULL, 10);
	count = strtoull(argument[4], NULL, 10);
	interval = strtoull(argument[5], NULL, 10) * 1000;
	awake = strcmp(argument[6], "awake") == 0;
	times = calloc(count, sizeof(*times));
	if (length > MAX_DATA || !times)
		return 2;
	fill_message(&request.message, length);
	length += sizeof(request.message);
	address.sin_port = htons(atoi(argument[2]));
	socket_fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (socket_fd < 0 || connect(socket_fd, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		fail(argument[1]);

	for (uint64_t i = 0; i < count + WARM_UP; i++) {
		uint64_t started;

		if (interval)
			pause_for(interval, awake);
		started = now(CLOCK_MONOTONIC);
		if (send(socket_fd, &request, length, 0) < 0 ||
		    recv(socket_fd, &response, sizeof(response), 0) != (ssize_t)length ||
		    response.message.type != 2)
			continue;
		if (i >= WARM_UP)
			times[answered++] = now(CLOCK_MONOTONIC) - started;
	}
	qsort(times, answered, sizeof(*times), compare);
	printf("%llu %llu %llu\n", (unsigned long long)answered,
	       (unsigned long long)(answered ? times[answered / 2] : 0),
	       (unsigned long long)(answered ? times[answered * 99 / 100] : 0));
	return 0;
}
