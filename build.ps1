<#
.SYNOPSIS
The tasks of build.sh, from PowerShell.

.EXAMPLE
./build.ps1 -Task demo
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('build', 'test', 'demo', 'package', 'install', 'clean', 'help')]
    [string] $Task = 'help'
)

& "$PSScriptRoot/build.sh" $Task
exit $LASTEXITCODE
