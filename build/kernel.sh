# shellcheck shell=bash
# The module on another kernel than this machine's: the distribution's own, which a machine may have left behind, emulated by qemu. The
# guest sees this machine's file system, so what was built here runs there; what it writes stays in its memory.

readonly STOCK_KERNEL=tests/StockKernel
readonly GUEST=artifacts/kernel
readonly GUEST_SECONDS=400
readonly GUEST_MODULES=(9p 9pnet_virtio virtio_pci overlay veth cls_bpf sch_ingress act_bpf)

task_kernel() {
    is_root || fail "The guest reads this machine's file system as root does. Run: sudo ./build.sh kernel"
    [[ $(uname -m) == x86_64 ]] || fail "Only the kernels for x86-64 are known here, and this machine is $(uname -m)."
    require_packages kernel
    task_package
    use_pwsh pwsh || fail "What is run in the guest is the module in a PowerShell: put pwsh on PATH."
    obtain_kernel
    make_initrd
    run_guest
}

# The package that linux-image-amd64 stands for, unpacked and not installed.
obtain_kernel() {
    local package
    package=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
    [[ -n $package ]] || fail "The package linux-image-amd64 isn't known here. Try: apt-get update"
    if [[ ! -d $GUEST/$package ]]; then
        say "Fetching $package."
        rm -rf "$GUEST"
        mkdir -p "$GUEST/$package.part"
        run env --chdir="$GUEST" apt-get download -qq "$package" 2>/dev/null || fail "$package could not be fetched."
        dpkg-deb --extract "$GUEST"/*.deb "$GUEST/$package.part"
        depmod --basedir "$GUEST/$package.part" "${package#linux-image-}"
        mv "$GUEST/$package.part" "$GUEST/$package"
    fi

    kernel=$GUEST/$package
    kernel_version=${package#linux-image-}
}

# A file system of busybox and the modules that the guest needs before it has this machine's.
make_initrd() {
    local root=$GUEST/initrd module file
    rm -rf "$root"
    mkdir -p "$root"/{bin,modules}
    cp /bin/busybox "$root/bin/"
    cp "$STOCK_KERNEL/init" "$root/init"
    for module in "${GUEST_MODULES[@]}"; do
        while read -r _ file _; do
            [[ -e $root/modules/${file##*/} ]] && continue
            cp "$file" "$root/modules/"
            printf '%s\n' "${file##*/}" >>"$root/modules/list"
        done < <(modprobe --dirname "$kernel" --set-version "$kernel_version" --show-depends "$module" | grep '^insmod ')
    done

    (cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$GUEST/initrd.gz"
}

run_guest() {
    local output=$GUEST/console
    say "Starting Linux $kernel_version in qemu; it takes a minute or two."
    run timeout "$GUEST_SECONDS" qemu-system-x86_64 -M q35,accel=tcg -cpu max -smp 2 -m 3G -nographic -no-reboot \
        -kernel "$kernel/boot/vmlinuz-$kernel_version" -initrd "$GUEST/initrd.gz" \
        -append "console=ttyS0 quiet PATH=$PATH guest=$PWD/$STOCK_KERNEL/guest module=$PWD/$MODULE" \
        -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap -device virtio-9p-pci,fsdev=root,mount_tag=root \
        </dev/null >"$output" 2>&1 || fail "The guest didn't end within $GUEST_SECONDS seconds: $output"
    tr -d '\r' <"$output" | grep -E '^(ok|FAILED) ' || true
    grep -q '^Everything works' "$output" || fail "Not everything works on Linux $kernel_version: $output"
    say "Everything works on Linux $kernel_version."
}
