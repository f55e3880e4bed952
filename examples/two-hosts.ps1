#Requires -Version 7.6
<#
.SYNOPSIS
Two hosts that talk the custom protocol; TwoHosts/ is the same in C#.

.DESCRIPTION
The server shows requests as they arrive and answers each. The client sends requests, and shows the responses and how long they took.
Each ends by itself, and shows and checks its counters. Start the server first.

.EXAMPLE
./two-hosts.ps1 -Role Server -Interface eth0 -Count 10

Answers ten requests.

.EXAMPLE
./two-hosts.ps1 -Role Client -Interface eth0 -Count 5 -Server 192.0.2.1,2001:db8::1

Sends five requests to each of two addresses.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [ValidateSet('Server', 'Client')]
    [string] $Role,

    [Parameter(Mandatory)]
    [string] $Interface,

    # How many requests to answer, or to send to each address.
    [ValidateRange(1, 1000000)]
    [int] $Count = 5,

    # The server's addresses, for the client; one with commas is several.
    [string[]] $Server = @()
)

$ErrorActionPreference = 'Stop'

$answer = 'Hello from the server'
$built = Join-Path $PSScriptRoot '../artifacts/CustomProto/CustomProto.psd1'
Import-Module ((Test-Path $built) ? $built : 'CustomProto')

function Start-Server {
    $program = Register-XdpProgram -Interface $Interface -Mode Native -MatchAction Drop
    Get-XdpProgram -Interface $Interface | Format-Table | Show
    Write-Host "Waiting for $Count requests."

    $program | Get-CustomMessage -Count $Count -IdleTimeout 10 | Show -PassThru | Send-CustomPacket -Reply -Text $answer

    Show-Counter $program -Expected $Count
    $program | Unregister-XdpProgram
}

function Start-Client {
    $program = Register-XdpProgram -Interface $Interface -Mode Native -MatchAction Drop
    Send-SomethingElse $addresses[0]

    Write-Host 'Round trip: from the kernel''s stamp on the departing request (tc) to its stamp on the arriving response (XDP), where Clock is Kernel.'
    Write-Host 'The first takes longest: the code that answers is compiled just then.'
    & {
        foreach ($address in $addresses) {
            foreach ($number in 1..$Count) {
                Invoke-Exchange $address "Hello $number over $($address.Contains(':') ? 'IPv6' : 'IPv4')"
            }
        }
    } | Format-Table @(
        @{ Label = 'Request'; Expression = { $_.Request.Text }; Width = 17 }
        @{ Label = 'Source'; Expression = { $_.Response.SourceAddress }; Width = 14 }
        @{ Label = 'Type'; Expression = { $_.Response.TypeName }; Width = 9 }
        @{ Label = 'Round trip'; Expression = { '{0:F1} µs' -f $_.RoundTripTime.TotalMicroseconds }; Width = 12; Alignment = 'Right' }
        @{ Label = 'Clock'; Expression = { "$($_.Clock)" }; Width = 12 }
        @{ Label = 'Text'; Expression = { $_.Response.Text }; Width = 22 }
    ) | Show

    Show-Counter $program -Expected ($Count * $addresses.Count)
    $program | Unregister-XdpProgram
}

# Sends a request and takes its response.
function Invoke-Exchange([string] $Address, [string] $Text) {
    $result = Invoke-CustomRequest $Address -Text $Text -Interface $Interface -Timeout 5
    if ($result.Response.Text -ne $answer) {
        throw "'$($result.Response.Text)' came as the response to '$Text'."
    }

    $result
}

# A datagram that isn't a message: it is counted as what it is, and the network stack gets it.
function Send-SomethingElse([ipaddress] $Address) {
    $socket = [System.Net.Sockets.UdpClient]::new($Address.AddressFamily)
    $bytes = [System.Text.Encoding]::UTF8.GetBytes('This is no message.')
    $null = $socket.Send($bytes, $bytes.Length, [System.Net.IPEndPoint]::new($Address, 12345))
    $socket.Dispose()
}

# Shows the counters, and checks that they add up and that as many messages came as should.
function Show-Counter($Program, [long] $Expected) {
    Write-Host "Counters of $($Program.Interface):"
    $counted = Get-XdpStatistics -Interface $Program.Interface
    $counted | Format-List | Show

    $reasons = 'Fragment', 'Truncated', 'BadChecksum', 'BadMagic', 'BadVersion', 'BadLength'
    $rejected = ($reasons | ForEach-Object { $counted.$_ } | Measure-Object -Sum).Sum
    $added = $counted.Delivered + $counted.Filtered + $counted.Lost
    if ($counted.Seen -ne $counted.Valid + $rejected -or $counted.Valid -ne $added) {
        throw "The counters of $($Program.Interface) don't add up."
    }

    if ($counted.Delivered -ne $Expected) {
        throw "$($counted.Delivered) messages were delivered on $($Program.Interface), not $Expected."
    }

    Write-Host "The counters add up: $($counted.Seen) seen = $($counted.Valid) valid + $rejected rejected,"
    Write-Host "$($counted.Valid) valid = $($counted.Delivered) delivered + $($counted.Filtered) filtered + $($counted.Lost) lost."
}

# Shows objects as they come, and hands them on. Where no terminal tells the width, it is what the table of messages needs.
filter Show([switch] $PassThru) {
    begin {
        $width = [Console]::IsOutputRedirected ? @{ Width = 110 } : @{}
        $formatter = { Out-String -Stream @width | Write-Host }.GetSteppablePipeline()
        $formatter.Begin($true)
    }
    process {
        $formatter.Process($_)
        if ($PassThru) {
            $_
        }
    }
    end {
        $formatter.End()
    }
}

# From a command line, several addresses arrive as one text.
$addresses = @($Server -split ',' | Where-Object { $_ })
if ($Role -eq 'Server') {
    Start-Server
}
elseif ($addresses) {
    Start-Client
}
else {
    throw 'Name the server with -Server.'
}
