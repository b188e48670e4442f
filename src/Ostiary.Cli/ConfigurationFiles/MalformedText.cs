namespace Ostiary.Cli.ConfigurationFiles;

/// <summary>A text that is not what its form allows: where, what, and what to write instead.</summary>
internal sealed class MalformedTextException(TextPlace place, string message, string? advice = null) : Exception(message)
{
    public TextPlace Place => place;
    public string? Advice => advice;
}
