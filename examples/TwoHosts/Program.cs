// Two hosts that talk the custom protocol, in C# on the library alone; ../two-hosts.ps1 is the same in PowerShell.

using System.Globalization;
using System.Net;
using CustomProto;
using TwoHosts;

try
{
    switch (args)
    {
        case ["server", var name, var count]:
            Server.Run(name, Number(count));
            return 0;
        case ["client", var name, var count, .. var servers] when servers.Length > 0:
            Client.Run(name, Number(count), Array.ConvertAll(servers, IPAddress.Parse));
            return 0;
        default:
            Console.Error.WriteLine("Usage: TwoHosts server INTERFACE REQUESTS");
            Console.Error.WriteLine("       TwoHosts client INTERFACE REQUESTS-TO-EACH SERVER-ADDRESS...");
            return 2;
    }
}
catch (Exception exception) when (exception is CustomProtoException or FormatException or DemonstrationException)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}

static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
