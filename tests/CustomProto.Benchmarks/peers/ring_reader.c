// SPDX-License-Identifier: MIT
/*
 * Reads our receiver's ring with libbpf's own reader, ring_buffer__consume: what the library's is measured against.
 *
 *   ring_reader RINGPIN READERSPIN
 *
 * Reads a count a line, and for each goes on until so many messages were read or lost, or nothing came for a while. It sleeps as the
 * library does: it says so in the word that it shares with the program, which then wakes it. Prints messages, nanoseconds and
 * nanoseconds of CPU time, both from the first message on, messages lost, and the sum of their sizes. It stays for all rounds, as the
 * library's reader does, so that the ring's memory is known to both.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define PATIENCE_MS 20000
#define PATIENCE_NS (PATIENCE_MS * 900000ull)
#define SHARED_SIZE 4096

/* The beginning of struct cp_event. */
struct event {
	uint64_t monotonic_ns;
	uint64_t tai_ns;
	uint64_t hardware_ns;
	uint64_t lost_before;
};

static uint64_t messages, lost, sum, started, started_cpu;

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static int take(void *context, void *data, size_t size)
{
	const struct event *event = data;

	(void)context;
	if (!messages++) {
		started = now(CLOCK_MONOTONIC);
		started_cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	}
	lost += event->lost_before;
	sum += size;
	return 0;
}

static void read_messages(struct ring_buffer *ring, volatile uint32_t *sleeping, uint64_t count)
{
	uint64_t ended = now(CLOCK_MONOTONIC), ended_cpu = now(CLOCK_PROCESS_CPUTIME_ID);

	messages = lost = sum = 0;
	while (messages + lost < count) {
		int taken = ring_buffer__consume(ring);

		if (taken < 0)
			fail("reading");
		if (taken > 0)
			continue;
		ended = now(CLOCK_MONOTONIC);
		ended_cpu = now(CLOCK_PROCESS_CPUTIME_ID);
		__atomic_store_n(sleeping, 1, __ATOMIC_SEQ_CST);
		taken = ring_buffer__poll(ring, PATIENCE_MS);
		__atomic_store_n(sleeping, 0, __ATOMIC_SEQ_CST);
		if (taken == 0 && now(CLOCK_MONOTONIC) - ended > PATIENCE_NS)
			break;
	}
	if (messages + lost >= count) {
		ended = now(CLOCK_MONOTONIC);
		ended_cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	}
	printf("%llu %llu %llu %llu %llu\n", (unsigned long long)messages,
	       (unsigned long long)(ended - started), (unsigned long long)(ended_cpu - started_cpu),
	       (unsigned long long)lost, (unsigned long long)sum);
	fflush(stdout);
}

int main(int arguments, char **argument)
{
	struct ring_buffer *ring;
	uint32_t *sleeping;
	int ring_map, readers_map;
	char line[32];

	if (arguments != 3) {
		fprintf(stderr, "ring_reader RINGPIN READERSPIN\n");
		return 2;
	}
	ring_map = bpf_obj_get(argument[1]);
	readers_map = bpf_obj_get(argument[2]);
	if (ring_map < 0 || readers_map < 0)
		fail("the pins");
	sleeping = mmap(NULL, SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, readers_map, 0);
	ring = ring_buffer__new(ring_map, take, NULL, NULL);
	if (sleeping == MAP_FAILED || !ring)
		fail("the ring");
	while (fgets(line, sizeof(line), stdin))
		read_messages(ring, sleeping, strtoull(line, NULL, 10));
	return 0;
}
