namespace CustomProto.Capture;

/// <summary>What a program returned for a packet.</summary>
/// <param name="Kind">Where the program runs, by pcapng's numbers: 1 is tc, 2 is XDP.</param>
/// <param name="Value">What it returned: TC_ACT_* or XDP_*.</param>
readonly record struct PacketVerdict(byte Kind, long Value);
