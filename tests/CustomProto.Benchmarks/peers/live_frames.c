// SPDX-License-Identifier: MIT
/*
 * Sends from the kernel with BPF_F_TEST_XDP_LIVE_FRAMES, as a C program on libbpf does it: what the in-kernel sender is measured
 * against, and the load for the receiver's benchmarks.
 *
 *   live_frames IFNAME SRCMAC DSTMAC SRC DST PORT DATALEN COUNT [SECONDS]
 *
 * Messages of the protocol over IPv4, with DATALEN (16 or more, even) bytes of data. COUNT 0 goes on until SECONDS are over. Prints
 * packets, nanoseconds and nanoseconds of CPU time. live_frames.bpf.o lies beside the program.
 */
#include "frame.h"

#include <limits.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define STAMP_SIZE 16
#define BATCH 64
#define CALL (1 << 20) /* how many in a call where only the time says when it is over */

/* As in live_frames.bpf.c. */
struct constants {
	uint32_t ifindex;
	uint32_t stamp_offset;
	uint32_t rest;
};

static void object_path(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - sizeof(".bpf.o"));

	if (length < 0)
		fail("/proc/self/exe");
	strcpy(path + length, ".bpf.o");
}

static int load(const struct constants *constants)
{
	char path[PATH_MAX];
	struct bpf_object *object;
	struct bpf_map *map;

	object_path(path, sizeof(path));
	object = bpf_object__open_file(path, NULL);
	if (!object)
		fail(path);
	map = bpf_object__find_map_by_name(object, ".rodata");
	if (bpf_map__set_initial_value(map, constants, sizeof(*constants)))
		fail("the constants");
	if (bpf_object__load(object))
		fail("loading");
	return bpf_program__fd(bpf_object__find_program_by_name(object, "live_frames"));
}

static void send_frames(int program, struct frame *frame, size_t length, uint32_t count)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = length,
		    .repeat = count, .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);

	if (bpf_prog_test_run_opts(program, &options))
		fail("sending");
}

int main(int arguments, char **argument)
{
	static struct frame frame;
	struct constants constants;
	uint64_t count, sent = 0, end = UINT64_MAX, started, cpu;
	size_t length;
	int program;

	if (arguments < 9 || arguments > 10) {
		fprintf(stderr,
			"live_frames IFNAME SRCMAC DSTMAC SRC DST PORT DATALEN COUNT [SECONDS]\n");
		return 2;
	}
	length = build(&frame, argument + 2);
	count = strtoull(argument[8], NULL, 10);
	if (length % 2 || ntohs(frame.message.length) < STAMP_SIZE) {
		errno = EINVAL;
		fail("DATALEN");
	}
	constants.ifindex = if_nametoindex(argument[1]);
	if (!constants.ifindex)
		fail(argument[1]);
	constants.stamp_offset = length - STAMP_SIZE;
	constants.rest = udp_sum(&frame);
	program = load(&constants);

	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	started = now(CLOCK_MONOTONIC);
	if (arguments > 9)
		end = started + (uint64_t)(strtod(argument[9], NULL) * 1e9);
	while ((count == 0 || sent < count) && (end == UINT64_MAX || now(CLOCK_MONOTONIC) < end)) {
		uint64_t left = count ? count - sent : UINT64_MAX;
		uint64_t most = end == UINT64_MAX ? INT_MAX : CALL;
		uint32_t next = left < most ? left : most;

		send_frames(program, &frame, length, next);
		sent += next;
	}
	print_result(sent, started, cpu);
	return 0;
}
