namespace CustomProto;

/// <summary>Why a file can't be read or written, as part of a sentence.</summary>
static class FileProblem
{
    /// <summary>Describes it: of a folder, .NET says that access is denied, to root as well.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cause">What reading or writing it threw.</param>
    internal static string Describe(string path, Exception cause) => Directory.Exists(path) ? "it is a folder" : cause.Message.TrimEnd('.');
}
