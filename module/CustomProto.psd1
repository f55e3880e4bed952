@{
  RootModule = 'CustomProto.PowerShell.dll'
  ModuleVersion = '0.1.0'
  GUID = 'fb5ed9a6-8d46-4fcc-b5a9-0c0b4bc3a6a2'
  Author = 'The CustomProto developers'
  CompanyName = 'The CustomProto developers'
  Copyright = '(c) The CustomProto developers. MIT license.'
  Description = 'A custom UDP protocol in the Linux kernel, scriptable: attach an XDP program, send the protocol''s packets, and receive messages as objects in the pipeline, with every packet accounted for.'
  PowerShellVersion = '7.6'
  CompatiblePSEditions = @('Core')
  # Loaded first, because the types file names their types.
  RequiredAssemblies = @('CustomProto.dll', 'CustomProto.PowerShell.dll')
  FormatsToProcess = @('CustomProto.Format.ps1xml')
  TypesToProcess = @('CustomProto.Types.ps1xml')
  CmdletsToExport = @(
    'Build-XdpProgram'
    'ConvertFrom-CustomPacket'
    'ConvertTo-CustomPacket'
    'Export-CustomCapture'
    'Get-CustomMessage'
    'Get-CustomPeer'
    'Get-TcProgram'
    'Get-XdpProgram'
    'Get-XdpStatistics'
    'Get-XdpTrace'
    'Import-CustomCapture'
    'Invoke-CustomRequest'
    'New-CustomMessage'
    'Register-TcProgram'
    'Register-XdpProgram'
    'Send-CustomPacket'
    'Set-XdpProgram'
    'Test-CustomConnection'
    'Test-XdpProgram'
    'Test-XdpSupport'
    'Unregister-TcProgram'
    'Unregister-XdpProgram'
  )
  FunctionsToExport = @()
  VariablesToExport = @()
  AliasesToExport = @()
  PrivateData = @{
    PSData = @{
      Tags = @('PSEdition_Core', 'Linux', 'XDP', 'eBPF', 'BPF', 'UDP', 'Network', 'Packet', 'Protocol')
      ReleaseNotes = 'The first version: register an XDP program, send packets, receive messages, read the counters.'
    }
  }
}
