<#
.SYNOPSIS
Sees whether the module works on the kernel that is running: every program loads and does what it is for. As root, alone on its machine.
#>
param(
    [Parameter(Mandatory)]
    [string] $Module,

    # Runs the other host's part, in its network namespace.
    [switch] $Client
)

$ErrorActionPreference = 'Stop'
$WarningPreference = 'SilentlyContinue'
Import-Module $Module

if ($Client) {
    # Over both programs that stamp, which are registered for the while.
    $result = Invoke-CustomRequest 198.18.77.1 -Text hello -Timeout 30
    "$($result.Response.Text) $($result.Clock)"
    (Send-CustomPacket 198.18.77.1 -Text x -Type 3 -Transport Xdp -Count 1000 -PassThru).Packets
    Send-CustomPacket 198.18.77.1 -Text 'no sum' -Type 4 -Checksum Bad
    exit
}

$script:failed = 0

# Runs a check, whose last output says whether it is as it should be.
function Test-It([string] $Name, [scriptblock] $Check) {
    try { $good, $seen = & $Check } catch { $good, $seen = $false, $_.Exception.Message }
    if ($good) { "ok $Name" } else { $script:failed++; "FAILED ${Name}: $seen" }
}

ip netns add client
ip link add server0 type veth peer name client0 netns client
ip address add 198.18.77.1/24 dev server0
ip link set server0 up
ip netns exec client ip address add 198.18.77.2/24 dev client0
ip netns exec client ip link set client0 up

# Where there is no native program, veth lets in what XDP sent only if it merges packets.
ethtool -K server0 gro on
ip netns exec client ethtool -K client0 gro on

# Checksums are verified here, so they have to be finished on the way out.
ip netns exec client ethtool -K client0 tx off | Out-Null

foreach ($mode in 'Native', 'Generic') {
    Test-It "XDP, $mode" {
        $program = Register-XdpProgram server0 -Mode $mode -Respond -VerifyChecksum -Trace -Persist
        $seen = @(ip netns exec client pwsh -NoProfile -NonInteractive -File $PSCommandPath $Module -Client 2>&1)
        $messages = @(Get-CustomMessage server0 -NoWait)
        $statistics = Get-XdpStatistics server0
        $program | Unregister-XdpProgram
        "$seen" -eq 'hello Kernel 1000' -and $messages.Count -eq 1001 -and $messages[0].Text -eq 'hello' -and
            $statistics.Valid -eq 1001 -and $statistics.Answered -eq 1 -and $statistics.BadChecksum -eq 1
        "$seen; valid $($statistics.Valid), answered $($statistics.Answered), with a wrong checksum $($statistics.BadChecksum), read $($messages.Count)"
    }
}

foreach ($way in @{ Direction = 'Ingress' }, @{ Direction = 'Egress' }, @{ Encapsulate = $true }, @{ Decapsulate = $true }) {
    Test-It "tc, $($way.Keys) $($way.Values)" {
        $program = Register-TcProgram server0 @way
        Send-CustomPacket 198.18.77.2 -Text out
        $counted = (Get-TcProgram server0).Seen
        $program | Unregister-TcProgram
        $counted -eq [int]($way.Direction -eq 'Egress' -or $way.Encapsulate)
        "seen $counted"
    }
}

Test-It 'nothing is left' {
    $left = @(Get-XdpProgram) + @(Get-TcProgram) + @(Get-ChildItem /sys/fs/bpf/customproto -ErrorAction Ignore)
    $left.Count -eq 0
    "$left"
}

if ($script:failed -eq 0) {
    'Everything works'
}
