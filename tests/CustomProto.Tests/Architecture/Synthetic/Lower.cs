using CustomProto.Tests.Architecture.Synthetic.Upper;

namespace CustomProto.Tests.Architecture.Synthetic.Lower;

// Nothing here is ever run: what matters is what the compiler makes of it.
#pragma warning disable CS0649, CA1822, CA1823, CA1812, CA1052

class Innocent
{
    internal static Innocent[] All { get; } = [];
}

sealed class ByBase : Thing;

sealed class ByInterface : IThing;

sealed class ByField
{
    internal Thing? Value;
}

sealed class ByFieldTypeArgument
{
    internal Dictionary<int, List<Thing[]>>? Value;
}

sealed class ByParameter
{
    internal static void Take(ref Thing? thing) => thing = null;
}

sealed class ByResult
{
    internal static Thing? Make() => null;
}

sealed class ByProperty
{
    internal Thing? Value { get; set; }
}

sealed class ByEvent
{
    internal event EventHandler<Thing>? Happened
    {
        add { }
        remove { }
    }
}

sealed class ByConstraint<T>
    where T : Thing;

sealed class ByMethodConstraint
{
    internal static void Take<T>()
        where T : IThing
    {
    }
}

[Mark]
sealed class ByAttribute;

sealed class ByAttributeOfMethod
{
    [Mark]
    internal static void Do()
    {
    }
}

sealed class ByAttributeOfParameter
{
    internal static void Do([Mark] int value) => _ = value;
}

sealed class ByAttributeOfProperty
{
    [Mark]
    internal static int Value => 0;
}

sealed class ByCreation
{
    internal static object Make() => new Thing();
}

sealed class ByCall
{
    internal static void Do() => Thing.Do();
}

sealed class ByStaticField
{
    internal static int Read() => Thing.s_count;
}

sealed class ByTypeArgumentOfCall
{
    internal static object Make() => Array.Empty<Thing>();
}

sealed class ByTypeOf
{
    internal static Type Tell() => typeof(Thing);
}

sealed class ByCast
{
    internal static bool Test(object value) => value is Thing;
}

sealed class ByCatch
{
    internal static void Do(Action action)
    {
        try
        {
            action();
        }
        catch (FailingException)
        {
        }
    }
}

sealed class ByClosure
{
    internal static Action Make(int count) => () => Thing.s_count = count;
}

sealed class ByIterator
{
    internal static IEnumerable<int> Count()
    {
        yield return Thing.s_count;
    }
}

sealed class ByAsynchronousMethod
{
    internal static async Task DoAsync()
    {
        await Task.Yield();
        Thing.Do();
    }
}

sealed class ByNestedType
{
    internal sealed class Inner
    {
        internal Thing? Value;
    }
}

sealed class ByNestedTarget
{
    internal static object Make() => new Thing.Part();
}

sealed unsafe class ByPointer
{
    internal Piece* Value;
}

sealed unsafe class ByFunctionPointer
{
    internal static void Call(void* function) => ((delegate*<Piece, void>)function)(default);
}
