using System.Diagnostics;
using System.Net;
using CustomProto.Protocol;

namespace CustomProto.Exchange;

/// <summary>
/// Asks destinations again and again, as ping does: all of them side by side, each one request at a time. The next request follows an
/// interval after the one before was sent, but not before that has its response or its time is over. For one thread at a time.
/// </summary>
public sealed class ConnectionTest : IDisposable
{
    readonly Requester _requester;
    readonly CustomMessage _request;
    readonly int _count;
    readonly TimeSpan _interval;
    readonly Dictionary<IPAddress, Course> _courses = [];

    /// <summary>Makes a test; nothing is sent yet.</summary>
    /// <param name="options">How requests are sent; a retry is none here.</param>
    /// <param name="request">What is sent each time.</param>
    /// <param name="count">How many requests each destination gets.</param>
    /// <param name="interval">How far apart they are sent.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count isn't more than 0, or the interval is negative.</exception>
    public ConnectionTest(RequestOptions options, CustomMessage request, int count, TimeSpan interval)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(interval, TimeSpan.Zero);
        _requester = new Requester(options with { Retry = 0 });
        _request = request;
        _count = count;
        _interval = interval;
    }

    /// <summary>Sums up what there is so far, a destination each, in the order they were added.</summary>
    public IReadOnlyList<ConnectionSummary> Summaries => [.. _courses.Values.Where(course => course.Sent > 0).Select(course => ConnectionSummary.Of(
        course.Destination, course.Port, course.Sent, course.Times, course.Clock, _requester.ReadCounts(course.Destination)))];

    /// <summary>Adds a destination; its first request is sent by <see cref="Next"/>.</summary>
    /// <returns>Whether it is new; one that is there already is asked once.</returns>
    /// <exception cref="CustomProtoException">As for <see cref="Requester.Send"/>; the destination isn't part of the test then.</exception>
    public bool Add(IPAddress destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (_courses.ContainsKey(destination))
        {
            return false;
        }

        _courses.Add(destination, new Course(destination, _requester.Prepare(destination, _request).EndPoint.Port));
        return true;
    }

    /// <summary>How the responses of a destination come in and why, as a sentence without its full stop.</summary>
    public string ReadReason(IPAddress destination) => _requester.ReadReason(destination);

    /// <summary>Waits for the end of the next request.</summary>
    /// <returns><see langword="null"/> when all destinations have been asked as often as they should.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public ConnectionProbe? Next(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var wait = SendDue(out var failed);
            if (failed is not null)
            {
                return failed;
            }

            if (wait is null)
            {
                return null;
            }

            if (_requester.Next(wait.Value, cancellationToken) is { } outcome)
            {
                return Take(outcome);
            }
        }
    }

    /// <summary>Ends the test.</summary>
    public void Dispose() => _requester.Dispose();

    /// <summary>Sends what is due.</summary>
    /// <param name="failed">A request that couldn't be sent.</param>
    /// <returns>How long to wait for a response before the next request is due; nothing when all is over.</returns>
    TimeSpan? SendDue(out ConnectionProbe? failed)
    {
        failed = null;
        TimeSpan? wait = null;
        foreach (var course in _courses.Values)
        {
            if (course.IsAsked)
            {
                wait ??= Timeout.InfiniteTimeSpan;
                continue;
            }

            if (course.Sent >= _count)
            {
                continue;
            }

            var left = course.Sent == 0 ? TimeSpan.Zero : _interval - Stopwatch.GetElapsedTime(course.LastSent);
            if (left > TimeSpan.Zero)
            {
                wait = wait is null || wait == Timeout.InfiniteTimeSpan || left < wait ? left : wait;
                continue;
            }

            try
            {
                Ask(course);
                wait ??= Timeout.InfiniteTimeSpan;
            }
            catch (CustomProtoException exception)
            {
                failed = Fail(course, exception);
                return null;
            }
        }

        return wait;
    }

    void Ask(Course course)
    {
        course.LastSent = Stopwatch.GetTimestamp();
        _requester.Send(course.Destination, _request);
        course.Sent++;
        course.IsAsked = true;
    }

    ConnectionProbe Take(RequestOutcome outcome)
    {
        var course = _courses[outcome.Destination];
        course.IsAsked = false;
        if (outcome.Result is { } result)
        {
            course.Times.Add(result.RoundTripTime);
            course.Clock = result.Clock;
        }

        return ConnectionProbe.From(course.Sent, outcome);
    }

    /// <summary>The way was lost. A later request may find it again, so the test goes on.</summary>
    ConnectionProbe Fail(Course course, CustomProtoException exception)
    {
        course.Sent++;
        return ConnectionProbe.From(course.Sent, new RequestOutcome
        {
            Destination = course.Destination,
            DestinationPort = course.Port,
            Request = _request,
            Error = exception,
        });
    }

    /// <summary>How far a destination is.</summary>
    sealed class Course(IPAddress destination, int port)
    {
        internal IPAddress Destination { get; } = destination;

        internal int Port { get; } = port;

        internal int Sent { get; set; }

        internal long LastSent { get; set; }

        internal bool IsAsked { get; set; }

        internal RoundTripClock Clock { get; set; }

        internal List<TimeSpan> Times { get; } = [];
    }
}
