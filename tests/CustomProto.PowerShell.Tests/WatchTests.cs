using System.Globalization;
using System.Text.RegularExpressions;
using CustomProto.KernelTests;

namespace CustomProto.PowerShell.Tests;

/// <summary>Get-XdpStatistics -Watch, on a terminal and elsewhere.</summary>
[Collection(KernelSuite.Name)]
public sealed partial class WatchTests : ShellTest
{
    /// <summary>Two programs, so two lines a round; and a function, so that something may follow without the command seeing it.</summary>
    const string Prepare =
        "$PSStyle.OutputRendering = 'Host'; $null = Register-XdpProgram lo, veth1 3>$null; function watch { Get-XdpStatistics -Watch -Interval 0.01 };";

    const int Columns = 60;

    [ProcessFact(KernelNeed.Bpf)]
    public void On_a_terminal_a_round_takes_the_place_of_the_one_before()
    {
        using var shell = OnTerminal($"{Prepare} 'above'; watch | Select-Object -First 6; 'below'");

        var output = shell.Wait();

        Assert.Equal(2, Regex.Count(output, @"\e\[3A"));
        var screen = Screen(output);
        var shown = screen[(screen.IndexOf("above") + 1)..screen.IndexOf("below")].FindAll(line => line.Length > 0);
        Assert.Collection(
            shown,
            line => Assert.StartsWith("Interface Reader", line, StringComparison.Ordinal),
            line => Assert.StartsWith("lo        default", line, StringComparison.Ordinal),
            line => Assert.StartsWith("veth1     default", line, StringComparison.Ordinal));
        Assert.All(shown, line => Assert.InRange(line.Length, 1, Columns - 1));
    }

    [ProcessFact(KernelNeed.Bpf)]
    public void What_is_kept_redirected_or_shown_plainly_has_no_control_sequences()
    {
        using var shell = OnTerminal(
            Prepare
            + "$kept = watch | Select-Object -First 4; \"kept $($kept.Count) $($kept[0].GetType().Name)\"; $kept;"
            + "$file = New-TemporaryFile; watch | Select-Object -First 4 > $file; $text = Get-Content -Raw $file; Remove-Item $file;"
            + "$text += watch | Select-Object -First 4 | Out-String; \"rounds $([regex]::Matches($text, 'Seen/s').Count), escapes $([regex]::Matches($text, [char]27).Count)\";"
            + "Get-XdpStatistics -Watch -Interval 0.01 | Select-Object -First 4;"
            + "$PSStyle.OutputRendering = 'PlainText'; watch | Select-Object -First 4");

        var output = shell.Wait();

        Assert.Contains("kept 4 ReceiveStatistics", output, StringComparison.Ordinal);
        Assert.Contains("rounds 4, escapes 0", output, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\e\[\d+A", output);
    }

    [ProcessFact(KernelNeed.Bpf)]
    public void A_terminal_that_can_do_nothing_gets_rows()
    {
        using var shell = OnTerminal($"{Prepare} watch | Select-Object -First 4", ("TERM", "dumb"));

        var output = shell.Wait();

        Assert.Equal(1, Regex.Count(output, "Seen/s"));
        Assert.DoesNotMatch(@"\e\[\d+A", output);
    }

    /// <summary>A process on a terminal of its own, which script(1) makes.</summary>
    ShellProcess OnTerminal(string script, (string Name, string Value)? environment = null) => new(
        Network,
        TestNetwork.Right,
        script,
        ["bash", "-c", $"exec script -qec \"stty columns {Columns} rows 24; exec ${{*@Q}}\" /dev/null < /dev/null", "bash"],
        environment ?? ("TERM", "xterm"));

    /// <summary>What a terminal shows after this: as much of one as the view makes use of.</summary>
    static List<string> Screen(string output)
    {
        var (lines, row) = (new List<string> { "" }, 0);
        foreach (Match token in Tokens().Matches(output))
        {
            if (token.Value == "\n")
            {
                row++;
                if (row == lines.Count)
                {
                    lines.Add("");
                }
            }
            else if (token.Groups["up"].Success)
            {
                row -= int.Parse(token.Groups["up"].Value, CultureInfo.InvariantCulture);
            }
            else if (token.Groups["erase"].Success)
            {
                lines.RemoveRange(row, lines.Count - row);
                lines.Add("");
            }
            else if (token.Groups["text"].Success)
            {
                lines[row] += token.Value;
            }
        }

        return lines;
    }

    [GeneratedRegex(@"\e\[(?<up>\d+)A|(?<erase>\e\[J)|\e\][^\a]*\a|\e\[[?\d;]*[A-Za-z]|\e.|\n|(?<text>[^\e\n\r]+)")]
    private static partial Regex Tokens();
}
