# shellcheck shell=bash
# All tests, and the proof that they leave nothing behind.

readonly TEST_RESULTS=artifacts/test-results

passed=0
failed=0
skipped=0

task_test() {
    local before
    require_packages build
    require_sdk
    obtain_crossgen
    find_powershell
    if is_root; then
        require_packages test
        require_packages bench
        mount_file_systems
        if [[ ${CI:-} == true ]]; then
            require_packages ci
            export CUSTOMPROTO_REQUIRE_KERNEL=1
        fi
    fi

    rm -rf "$TEST_RESULTS"
    compile CustomProto.sln "${powershell_build[@]}"

    # In the environment of everything below, to tell what a test left behind from what others do on this machine.
    export CUSTOMPROTO_TEST_RUN="$$-$RANDOM"
    before=$(kernel_objects)
    run_suite CustomProto.Tests
    is_root || say "!!! NOT ROOT: the tests on the real kernel are skipped."
    run_suite CustomProto.KernelTests
    if [[ ${#powershell_build[@]} -gt 0 ]]; then
        export CUSTOMPROTO_REQUIRE_POWERSHELL=1
    else
        say "!!! NO POWERSHELL: its suite is skipped, and counts as one test: $no_powershell."
    fi

    run_suite CustomProto.PowerShell.Tests
    if is_root; then
        [[ -z $pwsh ]] || run_script "The demo in PowerShell" ./build.sh demo
        run_script "The demo in C#" env CUSTOMPROTO_POWERSHELL=none ./build.sh demo
        benchmark_command --quick
        run_script "A short form of the benchmarks" "${benchmarks[@]}"
        require_nothing_left "$before"
    fi

    say "$passed passed, $failed failed, $skipped skipped"
    [[ $failed -eq 0 ]]
}

# Runs one project; what its report can't say (it crashed, it ran nothing, its clean-up failed) counts as a failure.
run_suite() {
    local report="$TEST_RESULTS/$1.trx" status=0 total executed succeeded
    run dotnet test "tests/$1/bin/Release/net10.0/$1.dll" --results-directory "$TEST_RESULTS" \
        --logger "trx;LogFileName=$1.trx" --logger "console;verbosity=minimal" || status=$?
    total=$(trx_count "$report" total)
    executed=$(trx_count "$report" executed)
    succeeded=$(trx_count "$report" passed)
    passed=$((passed + succeeded))
    failed=$((failed + executed - succeeded))
    skipped=$((skipped + total - executed))
    if [[ $total -eq 0 || ($status -ne 0 && $executed -eq $succeeded) ]]; then
        say "FAILED: $1 ran $executed of $total tests and ended with exit code $status."
        failed=$((failed + 1))
    fi
}

# A number of the report's summary, which is one element; in texts '<' is written otherwise.
trx_count() {
    local summary=
    [[ ! -e $1 ]] || summary=$(grep -o '<Counters [^>]*>' "$1" || true)
    if [[ $summary =~ " $2=\""([0-9]+)\" ]]; then
        printf '%s' "${BASH_REMATCH[1]}"
    else
        printf 0
    fi
}

# The demo is a test too: it checks its own counts. So are the benchmarks: that they run, not what they say. The output is shown only
# if one fails.
run_script() {
    local name=$1 output="$TEST_RESULTS/${1// /-}.txt"
    shift
    if run "$@" >"$output" 2>&1; then
        say "$name passed."
        passed=$((passed + 1))
    else
        cat "$output"
        say "FAILED: $name."
        failed=$((failed + 1))
    fi
}

# What tests could leave in the kernel, a line each. Programs of control groups and security modules are the system's.
kernel_objects() {
    is_root || return 0
    bpftool prog list | awk '/^[0-9]+:/ && $2 !~ /^(cgroup_.*|lsm)$/ { print "BPF program " $1 " " $2, ($3 == "name" ? $4 : "") }'
    bpftool link list | awk '/^[0-9]+:/ && $2 !~ /^cgroup/ { print "BPF link " $1 " " $2 }'
    find /sys/fs/bpf/customproto /sys/kernel/tracing/instances -mindepth 1 -maxdepth 1 -printf 'pin or trace instance %p\n' 2>/dev/null || true
    ip netns list | sed 's/^/named network namespace /'
    namespaces_of_this_run
}

# Network namespaces other than our own with a process of this run inside.
namespaces_of_this_run() {
    local own namespace process
    own=$(readlink /proc/self/ns/net)
    for process in /proc/[0-9]*; do
        namespace=$(readlink "$process/ns/net") || continue
        if [[ $namespace != "$own" ]] && grep -qsz "^CUSTOMPROTO_TEST_RUN=${CUSTOMPROTO_TEST_RUN}$" "$process/environ"; then
            printf 'network namespace %s held by %s\n' "$namespace" "$(tr '\0' ' ' <"$process/cmdline")"
        fi
    done
} 2>/dev/null

# The kernel frees programs and namespaces a little after their last user is gone, without telling.
require_nothing_left() {
    local attempt left=
    for ((attempt = 0; attempt < 50; attempt++)); do
        left=$(comm -13 <(sort <<<"$1") <(kernel_objects | sort))
        [[ -n $left ]] || return 0
        pause
    done

    say "FAILED: the tests left these behind:"
    say "$left"
    failed=$((failed + 1))
}
