namespace CustomProto.Abi;

/// <summary><c>enum cp_send_place</c>: numbers in the instructions of the in-kernel sender, which the loader replaces by offsets.</summary>
enum SendPlace
{
    End = 0x5eda0001,
    Udp,
    Type,
    Stamp,
    Last,
}
