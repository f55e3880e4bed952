# shellcheck shell=bash
# Child processes that end when build.sh does, however it ends: even after kill -9 none goes on, and with them go the network
# namespaces, links and programs that they hold.

children=()

# Starts a program without waiting for it; its process id is in $! and in children.
# The kernel kills it when this shell dies. Had the shell died before setpriv could ask for that, the parent would be another one.
start() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    setpriv --pdeathsig KILL sh -c '[ "$PPID" -eq "$0" ] && exec "$@"' "$$" "$@" &
    children+=($!)
}

# Runs a program and waits for it. Unlike with a plain call, signals to this shell are handled at once.
run() {
    start "$@"
    wait "$!"
}

# The process and everything below it that still runs.
descendants() {
    local child below
    [[ -d /proc/$1 ]] || return 0
    printf '%s\n' "$1"
    read -ra below < <(cat "/proc/$1/task/"*/children 2>/dev/null) || true
    for child in "${below[@]}"; do
        descendants "$child"
    done
}

# Ends all children and what they started, and waits until they are gone.
end_children() {
    local child attempt ids=()
    for child in "${children[@]}"; do
        # Of our own only: an id may have been given to another process since.
        if [[ $(parent_of "$child") == "$$" ]]; then
            mapfile -t -O "${#ids[@]}" ids < <(descendants "$child")
        fi
    done

    children=()
    [[ ${#ids[@]} -gt 0 ]] || return 0
    kill -TERM "${ids[@]}" 2>/dev/null || true
    for ((attempt = 0; attempt < 30; attempt++)); do
        any_runs "${ids[@]}" || break
        pause
    done

    kill -KILL "${ids[@]}" 2>/dev/null || true
    wait "${ids[@]}" 2>/dev/null || true
}

parent_of() {
    local stat=
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    read -r _ stat _ <<<"${stat##*) }"
    printf '%s' "$stat"
}

# Whether one of the processes does; what has ended and wasn't waited for yet doesn't.
any_runs() {
    local id stat
    for id; do
        { read -r stat <"/proc/$id/stat"; } 2>/dev/null || continue
        [[ ${stat##*) } == Z* ]] || return 0
    done

    return 1
}

# A tenth of a second, for what has no event to wait for.
pause() {
    read -rt 0.1 <> <(:) || true
}

on_signal() {
    trap '' INT TERM HUP
    end_children
    trap - "$1" EXIT
    kill -s "$1" "$$"
}

trap 'on_signal INT' INT
trap 'on_signal TERM' TERM
trap 'on_signal HUP' HUP
trap end_children EXIT
