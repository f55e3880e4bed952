#Requires -Version 7.6
# Programs that have never heard of the protocol speak it, until Ctrl+C; on both hosts:  sudo pwsh examples/plain-programs.ps1 eth0
# Then, for instance, nc -u -l 9000 on one of them and nc -u 192.0.2.1 9000 on the other.
param([Parameter(Mandatory)] [string] $Interface, [int] $Port = 9000)

$built = Join-Path $PSScriptRoot '../artifacts/CustomProto/CustomProto.psd1'
Import-Module ((Test-Path $built) ? $built : 'CustomProto')
Register-TcProgram $Interface -Encapsulate -Port $Port | Out-Host
Register-TcProgram $Interface -Decapsulate -Port $Port | Out-Host
Get-CustomMessage -Interface $Interface | ForEach-Object { "$($_.Direction): $($_.Text)" }
