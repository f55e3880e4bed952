# shellcheck shell=bash
# The module folder: made by the build of src/CustomProto.PowerShell, checked and installed here.

readonly MODULE=artifacts/CustomProto

compile_module() {
    require_packages build
    require_sdk
    obtain_crossgen
    compile src/CustomProto.PowerShell
}

task_package() {
    local file
    compile_module
    for file in CustomProto.psd1 CustomProto.dll CustomProto.PowerShell.dll; do
        [[ -s $MODULE/$file ]] || fail "The build left no $file in $MODULE."
    done

    if use_pwsh pwsh; then
        run "$pwsh" -NoLogo -NoProfile -NonInteractive -File build/check-module.ps1 "$MODULE" \
            || fail "The module in $MODULE is not complete; see above."
    fi

    say "The module is in $MODULE. Try: pwsh -NoExit -Command 'Import-Module ./$MODULE'"
}

task_install() {
    local version target shared=/usr/local/share
    task_package
    version=$(sed -nE "s/^ *ModuleVersion *= *'([^']+)'.*/\1/p" "$MODULE/CustomProto.psd1")
    [[ -n $version ]] || fail "The manifest in $MODULE names no version."
    is_root || shared=${XDG_DATA_HOME:-$HOME/.local/share}
    target=$shared/powershell/Modules/CustomProto/$version

    # Beside it first, so that a shell that imports it meanwhile sees the old module or the new one.
    mkdir -p "$target"
    rm -rf "$target.new" "$target.old"
    cp -r "$MODULE" "$target.new"
    mv "$target" "$target.old"
    mv "$target.new" "$target"
    rm -rf "$target.old"
    say "Installed in $target. Try: pwsh -NoExit -Command 'Import-Module CustomProto'"
}
