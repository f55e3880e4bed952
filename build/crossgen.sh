# shellcheck shell=bash
# The compiler that makes machine code of the module's assemblies (src/CustomProto.PowerShell/ReadyToRun.targets). It is a package that
# not every registry has; a module without machine code does the same, only the first command of a shell takes longer.

# The answer "not to be had" is kept until ./build.sh clean, so that only the first build of a clone asks.
readonly CROSSGEN_REFUSED=artifacts/crossgen-not-available

obtain_crossgen() {
    if [[ ${CUSTOMPROTO_READYTORUN:-} != none && ! -e $CROSSGEN_REFUSED ]] \
        && ! run timeout 120 dotnet restore build/crossgen.proj -v quiet >/dev/null 2>&1; then
        mkdir -p artifacts
        say "The package registry has no crossgen2, so the module goes without machine code: the first command of a shell takes about 0.1 s longer." \
            | tee "$CROSSGEN_REFUSED"
    fi
}
