# Checks that a module folder is complete: what its manifest names is there, and what it exports can be called.
param([Parameter(Mandatory)][string] $Path)

$ErrorActionPreference = 'Stop'
$manifest = Test-ModuleManifest (Join-Path $Path 'CustomProto.psd1')
$module = Import-Module $manifest.Path -PassThru
$missing = $manifest.ExportedCommands.Keys | Where-Object { $_ -notin $module.ExportedCommands.Keys }
if ($missing) {
    throw "The manifest exports what the module does not have: $missing."
}
