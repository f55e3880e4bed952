#Requires -Version 7.6
# Answers each request with its text in capitals, until Ctrl+C:  sudo pwsh examples/service.ps1 eth0
param([Parameter(Mandatory)] [string] $Interface)

$built = Join-Path $PSScriptRoot '../artifacts/CustomProto/CustomProto.psd1'
Import-Module ((Test-Path $built) ? $built : 'CustomProto')
Register-XdpProgram $Interface -MatchAction Drop | Out-Host
Get-CustomMessage -Interface $Interface | Where-Object Type -eq Request | ForEach-Object {
    $_ | Send-CustomPacket -Reply -Text $_.Text.ToUpperInvariant()
}
