#!/usr/bin/env bash
# The tasks of the project; build.ps1 offers the same ones from PowerShell. ./build.sh help lists them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# Nothing that outlives a task: no build servers, no questions, no advertisements.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off

source build/processes.sh
source build/dependencies.sh
source build/powershell.sh
source build/crossgen.sh
source build/module.sh
source build/demo.sh
source build/kernel.sh
source build/bench.sh
source build/test.sh

task_help() {
    cat <<'TEXT'
Usage: ./build.sh TASK

  build     compile everything: the kernel programs, the assemblies, the module, the tests
  test      build and run all tests; as root also those on the real kernel, and the demo
  demo      two hosts talk the protocol over a virtual cable (root; ends by itself)
  bench     measure ours beside other tools and write docs/benchmarks.md (root);
            -Area load, parse, send, receive, respond or encapsulate measures only that;
            -Area soak streams for ten minutes, and is measured only when it is named
  kernel    try the module on the distribution's own kernel, in qemu (root; Debian on x86-64)
  package   leave the module in artifacts/CustomProto, ready for Import-Module
  install   package, and copy the module to where Import-Module CustomProto finds it:
            for all users as root, otherwise for you
  clean     remove everything that the other tasks leave in this folder

As root on Debian and Ubuntu, missing packages are installed; otherwise the command to run is shown.
The .NET SDK 10 has to be there.
TEXT
}

say() {
    printf '%s\n' "$*"
}

fail() {
    printf 'build.sh: %s\n' "$*" >&2
    exit 1
}

is_root() {
    [[ $EUID -eq 0 ]]
}

# dotnet msbuild rather than dotnet build: it says nothing when all is well.
compile() {
    run dotnet msbuild "$1" -restore -p:Configuration=Release -p:UseSharedCompilation=false -nologo -v:quiet "${@:2}" \
        || fail "The build failed; see above."
}

task_build() {
    require_packages build
    require_sdk
    obtain_crossgen
    compile CustomProto.sln
    say "Built. The module is in artifacts/CustomProto."
}

task_clean() {
    rm -rf artifacts src/*/bin src/*/obj tests/*/bin tests/*/obj examples/*/bin examples/*/obj
    say "Removed artifacts and everything compiled."
}

[[ $# -le 1 || $1 == bench ]] || fail "One task at a time; ./build.sh help lists them."
case "${1:-help}" in
    bench) task_bench "${@:2}" ;;
    build | test | demo | kernel | package | install | clean | help) "task_${1:-help}" ;;
    *) fail "There is no task '$1'; ./build.sh help lists them." ;;
esac
