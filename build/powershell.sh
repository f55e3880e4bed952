# shellcheck shell=bash
# Which PowerShell there is: one on PATH; otherwise what the package registry has, the .NET tool (which is used like one on PATH) or
# the package that hosts PowerShell in the tests; otherwise none.

pwsh=               # the executable, if there is one
powershell_build=() # properties that switch the PowerShell tests on; empty without PowerShell
no_powershell=      # why there is none

# The answer "not to be had" is kept until ./build.sh clean, so that only the first build of a clone asks.
readonly POWERSHELL_REFUSED=artifacts/powershell-not-available

find_powershell() {
    if [[ ${CUSTOMPROTO_POWERSHELL:-} == none ]]; then
        no_powershell="CUSTOMPROTO_POWERSHELL=none is set"
        return
    fi

    no_powershell="there is no pwsh on PATH"
    if use_pwsh pwsh || use_pwsh artifacts/tools/pwsh || obtain_powershell; then
        return
    fi

    no_powershell+=", and neither the .NET tool PowerShell nor the package Microsoft.PowerShell.SDK is to be had"
}

# Takes a pwsh of version 7.6 or later.
use_pwsh() {
    local facts version home
    command -v "$1" >/dev/null || return 1

    # shellcheck disable=SC2016 # PowerShell's variables
    if ! facts=$("$1" -NoLogo -NoProfile -NonInteractive -Command '"$($PSVersionTable.PSVersion) $PSHOME"' </dev/null 2>/dev/null); then
        no_powershell="the pwsh on PATH doesn't run"
        return 1
    fi

    read -r version home <<<"$facts"
    if ! printf '7.6\n%s\n' "$version" | sort --check=quiet --version-sort; then
        no_powershell="the pwsh on PATH is version $version, older than 7.6"
        return 1
    fi

    pwsh=$(realpath "$(command -v "$1")")
    powershell_build=(-p:PowerShellSource=Installed "-p:PowerShellHome=$home")
}

obtain_powershell() {
    [[ ! -e $POWERSHELL_REFUSED ]] || return 1
    say "Looking for PowerShell in the package registry (once; four minutes at most) ..."
    mkdir -p artifacts
    if run timeout 180 dotnet tool install PowerShell --version '7.6.*' --tool-path artifacts/tools >/dev/null 2>&1 && use_pwsh artifacts/tools/pwsh; then
        say "PowerShell was installed as a .NET tool in artifacts/tools."
    elif run timeout 60 dotnet restore tests/CustomProto.PowerShell.Tests -p:PowerShellSource=Package -v quiet >/dev/null 2>&1; then
        powershell_build=(-p:PowerShellSource=Package)
    else
        say "Neither as a .NET tool nor as a package; ./build.sh clean makes it look again." | tee "$POWERSHELL_REFUSED"
        return 1
    fi
}
