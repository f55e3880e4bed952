#Requires -Version 7.6
# Asks a service, then looks how fast it answers:  pwsh examples/client.ps1 192.0.2.1 'Hello World'
param([Parameter(Mandatory)] [string] $Server, [string] $Text = 'Hello World')

$built = Join-Path $PSScriptRoot '../artifacts/CustomProto/CustomProto.psd1'
Import-Module ((Test-Path $built) ? $built : 'CustomProto')
Invoke-CustomRequest $Server -Text $Text -Retry 2 | Out-Host
Test-CustomConnection $Server -Count 5 -Interval 0.1 | Out-Host
