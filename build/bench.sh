# shellcheck shell=bash
# The benchmarks: ours beside other tools on the same load. The program measures and writes docs/benchmarks.md; here it gets what it needs.

readonly BENCHMARKS=tests/CustomProto.Benchmarks

task_bench() {
    local options=()
    if [[ $# -gt 0 ]]; then
        [[ $# -eq 2 && ${1,,} =~ ^--?area$ ]] || fail "The task bench takes one option: -Area NAME."
        options=(--area "$2")
    fi

    is_root || fail "The benchmarks make network namespaces and attach XDP programs, so they need root. Run: sudo ./build.sh bench"
    require_packages build
    require_packages bench
    require_sdk
    find_powershell
    mount_file_systems
    if [[ -n $pwsh ]]; then
        compile_module
    else
        say "!!! NO POWERSHELL: without the numbers of the cmdlets: $no_powershell."
    fi

    compile "$BENCHMARKS"
    benchmark_command "${options[@]}"
    run "${benchmarks[@]}" || fail "The benchmarks failed; see above."
}

# What measures, in benchmarks; everything is compiled already.
benchmark_command() {
    benchmarks=(dotnet "$BENCHMARKS/bin/Release/net10.0/CustomProto.Benchmarks.dll" "$@")
    [[ -z $pwsh ]] || benchmarks+=(--pwsh "$pwsh" --module "$MODULE")
}
