<#
.SYNOPSIS
The tasks of build.sh, from PowerShell.

.EXAMPLE
./build.ps1 -Task demo
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('build', 'test', 'demo', 'bench', 'kernel', 'package', 'install', 'clean', 'help')]
    [string] $Task = 'help',

    # What to measure; with the task bench only. All areas but 'soak' unless it is said.
    [ValidateSet('load', 'parse', 'send', 'receive', 'respond', 'encapsulate', 'soak')]
    [string] $Area
)

$arguments = $Area ? @('-Area', $Area) : @()
& "$PSScriptRoot/build.sh" $Task @arguments
exit $LASTEXITCODE
