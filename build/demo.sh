# shellcheck shell=bash
# The demo: two hosts, each a network namespace that only a process of this script holds, and a veth pair between them. On each
# runs examples/two-hosts.ps1 in PowerShell, or, where there is none, examples/TwoHosts, the same in C# on the library alone.

readonly REQUESTS=5 # to each of the server's addresses
readonly SERVER_ADDRESSES=(192.0.2.1 2001:db8::1)

task_demo() {
    local server_command client_command server_host client_host total=$((REQUESTS * ${#SERVER_ADDRESSES[@]}))
    is_root || fail "The demo makes network namespaces and attaches XDP programs, so it needs root. Run: sudo ./build.sh demo"
    require_packages build
    require_sdk
    find_powershell
    if [[ -n $pwsh ]]; then
        compile_module
        local script=("$pwsh" -NoLogo -NoProfile -NonInteractive -File examples/two-hosts.ps1)
        server_command=("${script[@]}" -Role Server -Interface server0 -Count "$total")
        client_command=("${script[@]}" -Role Client -Interface client0 -Count "$REQUESTS" -Server "$(IFS=,; printf '%s' "${SERVER_ADDRESSES[*]}")")
    else
        say "Without PowerShell, so in C#: $no_powershell."
        compile examples/TwoHosts
        local program=(dotnet examples/TwoHosts/bin/Release/net10.0/TwoHosts.dll)
        server_command=("${program[@]}" server server0 "$total")
        client_command=("${program[@]}" client client0 "$REQUESTS" "${SERVER_ADDRESSES[@]}")
    fi

    # All that happens comes as lines through one pipe. The cat ends it when the last writer is gone.
    coproc EVENTS { exec cat; }
    make_hosts
    run_roles
}

make_hosts() {
    local event
    start_host server
    server_host=$!
    start_host client
    client_host=$!
    for event in 1 2; do
        next_event || fail "A network namespace could not be made."
    done

    # Both ends are made where they belong: none is ever in this namespace.
    ip link add name server0 netns "$server_host" type veth peer name client0 netns "$client_host"
    connect_host "$server_host" server0 192.0.2.1/24 2001:db8::1/64
    connect_host "$client_host" client0 192.0.2.2/24 2001:db8::2/64
    say "Two hosts, joined by a virtual cable: server (192.0.2.1, 2001:db8::1) and client (192.0.2.2, 2001:db8::2)."
}

# A process with a network of its own. Addresses are used at once there: nobody else could have them.
start_host() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    start unshare --net sh -c '
        ip link set lo up
        echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
        echo "$0 is there"
        exec sleep infinity >/dev/null' "$1" >&"${EVENTS[1]}"
}

connect_host() {
    on_host "$1" ip address add "$3" dev "$2"
    on_host "$1" ip address add "$4" dev "$2" nodad
    on_host "$1" ip link set "$2" up
}

# nsenter changes the network only, so the file systems stay.
on_host() {
    local host=$1
    shift
    nsenter --net="/proc/$host/ns/net" "$@"
}

# The client starts when the server says that it listens, and all is over when both have ended.
run_roles() {
    local event role server client running=1
    local -A counters
    start_role server "$server_host" "${server_command[@]}"
    server=$!
    while [[ $running -gt 0 ]]; do
        next_event || fail "The demo hangs: nothing happened for 20 seconds."
        role=${event%% *}
        case $event in
            "$role | Counters of "*)
                # From here on to the end of a role: shown together, for both end at the same time.
                counters[$role]=$event$'\n'
                continue
                ;;
            "server | Waiting for "*)
                start_role client "$client_host" "${client_command[@]}"
                client=$!
                running=2
                ;;
            "$role ended")
                running=$((running - 1))
                printf '%s' "${counters[$role]:-}"
                wait "${!role}" || fail "The $role failed; see above."
                continue
                ;;
        esac

        if [[ -n ${counters[$role]:-} ]]; then
            counters[$role]+=$event$'\n'
        else
            say "$event"
        fi
    done

    [[ -n ${client:-} ]] || fail "The server ended before it listened."
    say "Every request was answered, and the counters of both hosts add up."
}

# Each line of a role's output becomes an event with the role's name before it; the end of the output is one too.
start_role() {
    local role=$1 host=$2 output
    shift 2
    exec {output}> >({ sed -u "s/^/$role | /"; printf '%s ended\n' "$role"; } >&"${EVENTS[1]}")
    start nsenter --net="/proc/$host/ns/net" env NO_COLOR=1 "$@" >&"$output" 2>&1
    exec {output}>&-
}

next_event() {
    IFS= read -r -t 20 -u "${EVENTS[0]}" event
}
