namespace CustomProto.Tests.PublicApi;

public sealed class PublicApiTests
{
    const string Update = "UPDATE_PUBLIC_API";

    static string Accepted => Repository.Locate("tests", "CustomProto.Tests", "PublicApi", "CustomProto.txt");

    [Fact]
    public void The_public_API_is_the_one_that_was_accepted()
    {
        var actual = ApiListing.Of(typeof(CustomProtoException).Assembly).ToArray();
        if (Environment.GetEnvironmentVariable(Update) == "1")
        {
            File.WriteAllLines(Accepted, actual);
        }

        var accepted = File.Exists(Accepted) ? File.ReadAllLines(Accepted) : [];
        var changes = accepted.Except(actual).Select(line => $"- {line}").Concat(actual.Except(accepted).Select(line => $"+ {line}")).ToArray();

        Assert.True(
            changes.Length == 0,
            $"The public API changed. To accept that, run the tests once more with {Update}=1 and commit {Repository.Relative(Accepted)}.\n{string.Join('\n', changes)}");
        Assert.Equal(actual, accepted);
    }

    [Fact]
    public void A_listing_has_what_callers_depend_on()
    {
        Assert.Equal(
            """
            CustomProto.Tests.PublicApi.PublicApiTests.Sample : sealed record class
            CustomProto.Tests.PublicApi.PublicApiTests.Sample.Count { get; init; } : int
            CustomProto.Tests.PublicApi.PublicApiTests.Sample.Find<T : System.IComparable>(in int key, params string[] names) : T?
            CustomProto.Tests.PublicApi.PublicApiTests.Sample.Most = 4 : int [const]
            CustomProto.Tests.PublicApi.PublicApiTests.Sample.Name { get; init; } : string? [required]
            CustomProto.Tests.PublicApi.PublicApiTests.Sample.Place { get; } : long?
            CustomProto.Tests.PublicApi.PublicApiTests.Sample.Sample(int Count)
            CustomProto.Tests.PublicApi.PublicApiTests.Sample.TryMake(string text, out CustomProto.Tests.PublicApi.PublicApiTests.Sample? made, int base = 10) : bool [static]
            """,
            Listing(typeof(Sample)));
        Assert.Equal(
            """
            CustomProto.Tests.PublicApi.PublicApiTests.Colours : enum byte, flags
            CustomProto.Tests.PublicApi.PublicApiTests.Colours.Blue = 4
            CustomProto.Tests.PublicApi.PublicApiTests.Colours.Red = 1
            """,
            Listing(typeof(Colours)));
    }

    static string Listing(Type type) => string.Join('\n', ApiListing.Of(type).Order(StringComparer.Ordinal));

    [Flags]
    internal enum Colours : byte
    {
        Red = 1,
        Blue = 4,
    }

    internal sealed record Sample(int Count)
    {
        public const int Most = 4;

        public required string? Name { get; init; }

        public long? Place { get; private set; }

        internal int Hidden => (int)(Place ?? 0);

        public static bool TryMake(string text, out Sample? made, int @base = 10)
        {
            made = @base == 10 ? new Sample(text.Length) { Name = null } : null;
            return made is not null;
        }

        public T? Find<T>(in int key, params string[] names)
            where T : IComparable => key == names.Length + Count ? default : throw new NotSupportedException();
    }
}
