# shellcheck shell=bash
# What the tasks need from the system. One line a package: what needs it, its name on Debian and Ubuntu, and what shows that it is
# there on systems with other packages (a command or a file).

packages() {
    cat <<'LIST'
build clang           clang
build libbpf-dev      /usr/include/bpf/bpf_helpers.h
build libbpf1         /usr/lib/*/libbpf.so.1
build linux-libc-dev  /usr/include/linux/bpf.h
build iproute2        ip
build util-linux      unshare
test  python3-scapy   /usr/lib/python3/dist-packages/scapy/__init__.py
test  tshark          tshark
test  tcpdump         tcpdump
test  bpftool         bpftool
test  ethtool         ethtool
test  netcat-openbsd  nc
test  procps          ps
bench xdp-tools       xdp-loader
bench bpftool         bpftool
bench gcc             gcc
bench libc6-dev       /usr/include/stdio.h
bench python3-scapy   /usr/lib/python3/dist-packages/scapy/__init__.py
bench tshark          tshark
kernel qemu-system-x86 qemu-system-x86_64
kernel busybox-static /bin/busybox
kernel cpio           cpio
kernel kmod           depmod
ci    clang-format    clang-format
LIST
}

# Sees to it that the packages of a group are installed.
require_packages() {
    local group package evidence installed missing=()
    installed=$(dpkg-query --show --showformat '${Package} ${db:Status-Status}\n' 2>/dev/null || true)
    while read -r group package evidence; do
        if [[ $group == "$1" ]] && ! grep -qx "$package installed" <<<"$installed" && ! is_there "$evidence"; then
            missing+=("$package")
        fi
    done < <(packages)

    [[ ${#missing[@]} -gt 0 ]] || return 0
    local command="apt-get install --no-install-recommends ${missing[*]}"
    if ! command -v apt-get >/dev/null; then
        fail "Packages are missing. Their names on Debian are: ${missing[*]}. Install your system's equivalents."
    elif ! is_root; then
        fail "Packages are missing. Run: sudo $command"
    fi

    say "Installing with apt-get: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive

    # Not through run: an installation that has begun had better end.
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null \
        || fail "The packages could not be installed. Try: $command"
}

is_there() {
    if [[ $1 == /* ]]; then
        compgen -G "$1" >/dev/null
    else
        command -v "$1" >/dev/null
    fi
}

require_sdk() {
    local installed advice="Install it (https://dotnet.microsoft.com/download/dotnet/10.0) so that 'dotnet --version' prints 10.0.100 or later."
    command -v dotnet >/dev/null || fail "The .NET SDK 10 is needed, and there is no dotnet on PATH. $advice"
    if ! dotnet --version >/dev/null 2>&1; then
        installed=$(dotnet --list-sdks 2>/dev/null | cut -d ' ' -f 1 | paste -sd ' ')
        fail "The .NET SDK 10 is needed; dotnet has ${installed:-no SDK}. $advice"
    fi
}

# The file systems through which the kernel's side is seen: the tests pin in one and read the trace in the other.
mount_file_systems() {
    mount_if_missing bpf /sys/fs/bpf
    mount_if_missing tracefs /sys/kernel/tracing
}

mount_if_missing() {
    if ! grep -q "^[^ ]* $2 $1 " /proc/self/mounts; then
        if mount -t "$1" "$1" "$2" 2>/dev/null; then
            say "Mounted $1 on $2."
        else
            say "Cannot mount $1 on $2; tests that need it say so."
        fi
    fi
}
