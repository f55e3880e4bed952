namespace CustomProto.Protocol;

/// <summary>What a program returned for a packet.</summary>
/// <param name="Hook">Where the program runs, by pcapng's numbers: 1 is tc, 2 is XDP; 0 where no program saw it.</param>
/// <param name="Value">What it returned: TC_ACT_* or XDP_*.</param>
readonly record struct PacketVerdict(byte Hook, sbyte Value);
