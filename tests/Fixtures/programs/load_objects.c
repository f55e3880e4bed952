// SPDX-License-Identifier: MIT
/*
 * Gives object files to libbpf as the library does: opened from memory, one XDP program loaded. Each in a child process of its own,
 * so that a crash in libbpf is a line of output and not the end.
 *
 *   input:  a path a line
 *   output: "ok", "open -22", "load -13", "signal 11" or "hang", a line each
 *
 * With the argument "open" it stops before the kernel. As root it runs in a mount namespace without /sys/fs/bpf, so that no damaged
 * object pins anything.
 */
#define _GNU_SOURCE
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPENED = 1, LOADED = 2, PATIENCE = 20 };

/* A damaged size is as good a test when it doesn't take the machine's memory. */
static const __u64 most_memory = 64 << 20;

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	/* Formatted all the same: a wrong pointer in the arguments is a crash too. */
	char line[1024];

	vsnprintf(line, sizeof(line), format, arguments);
	return 0;
}

static void *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	struct stat status;
	void *bytes;

	if (!file || fstat(fileno(file), &status))
		return NULL;
	bytes = malloc(status.st_size);
	*size = fread(bytes, 1, status.st_size, file);
	fclose(file);
	return bytes;
}

static bool is_xdp(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);

	return !strcmp(section, "xdp") || !strcmp(section, "xdp.frags");
}

static int load(struct bpf_object *object)
{
	struct bpf_program *program, *chosen = NULL;
	struct bpf_map *map;
	size_t size;

	bpf_object__for_each_program(program, object)
	{
		if (!chosen && is_xdp(program))
			chosen = program;
		bpf_program__set_autoload(program, program == chosen || is_xdp(program));
	}
	bpf_object__for_each_map(map, object)
	{
		__u64 entry = bpf_map__key_size(map) + bpf_map__value_size(map);

		bpf_map__initial_value(map, &size);
		if (entry * bpf_map__max_entries(map) > most_memory)
			bpf_map__set_max_entries(map, 1);
	}
	return bpf_object__load(object);
}

/* The result goes through a pipe, since it doesn't fit into an exit code. */
static void try(const char *path, bool only_open, int result)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "damaged");
	struct rlimit none = {};
	struct bpf_object *object;
	size_t size = 0;
	void *bytes = read_file(path, &size);
	int answer[2] = {OPENED, 0};

	setrlimit(RLIMIT_CORE, &none);
	alarm(PATIENCE);
	object = bytes ? bpf_object__open_mem(bytes, size, &options) : NULL;
	if (!object) {
		answer[1] = -errno;
	} else if (!only_open) {
		answer[0] = LOADED;
		answer[1] = load(object);
	}
	bpf_object__close(object);
	free(bytes);
	if (write(result, answer, sizeof(answer)) != sizeof(answer))
		_exit(1);
	_exit(0);
}

static void report(const char *path, bool only_open)
{
	int result[2], answer[2] = {}, status;
	pid_t child;

	if (pipe(result))
		exit(1);
	child = fork();
	if (child < 0)
		exit(1);
	if (!child)
		try(path, only_open, result[1]);
	close(result[1]);
	if (read(result[0], answer, sizeof(answer)) != sizeof(answer))
		memset(answer, 0, sizeof(answer));
	close(result[0]);
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		puts("hang");
	else if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		printf("exit %d\n", WEXITSTATUS(status));
	else if (answer[1])
		printf("%s %d\n", answer[0] == LOADED ? "load" : "open", answer[1]);
	else
		puts("ok");
	fflush(stdout);
}

int main(int count, char **arguments)
{
	bool only_open = count > 1 && !strcmp(arguments[1], "open");
	char path[4096];

	if (!only_open &&
	    (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	     mount("none", "/sys/fs/bpf", "tmpfs", 0, NULL)))
		return 1;
	libbpf_set_print(quiet);
	while (fgets(path, sizeof(path), stdin)) {
		path[strcspn(path, "\n")] = 0;
		report(path, only_open);
	}
	return 0;
}
