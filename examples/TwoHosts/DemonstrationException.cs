namespace TwoHosts;

/// <summary>Something other than what should have come came, or nothing.</summary>
sealed class DemonstrationException(string message) : Exception(message);
