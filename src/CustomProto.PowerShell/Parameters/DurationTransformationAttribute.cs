using System.Globalization;
using System.Management.Automation;

namespace CustomProto.PowerShell.Parameters;

/// <summary>Lets a parameter take a duration as a number of seconds or as a TimeSpan: without it, PowerShell takes a number for ticks.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DurationTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>The longest duration, in days: beyond it, a wait can't be counted in milliseconds.</summary>
    const int MaxDays = 24;

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return TryRead(value, out var duration) && duration >= TimeSpan.Zero && duration <= TimeSpan.FromDays(MaxDays)
            ? duration
            : throw new ArgumentTransformationMetadataException(
                $"'{value}' is not a duration. Give seconds, such as 2 or 0.5, or a TimeSpan, such as 00:01:30; at most {MaxDays} days.");
    }

    static bool TryRead(object? value, out TimeSpan duration)
    {
        if (value is TimeSpan given)
        {
            duration = given;
            return true;
        }

        var text = Convert.ToString(value, CultureInfo.InvariantCulture);
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            var isCountable = Math.Abs(seconds) <= TimeSpan.FromDays(MaxDays + 1).TotalSeconds;
            duration = isCountable ? TimeSpan.FromSeconds(seconds) : default;
            return isCountable;
        }

        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration);
    }
}
