using System.Text;
using System.Text.Json;
using Ostiary.Protocol.Jose;
using Ostiary.Server.Configuration;

namespace Ostiary.Server.Tests.Configuration;

/// <summary>Texts read as documents.</summary>
internal static class Documents
{
    public static JsonElement Json(string text)
    {
        Assert.True(StrictJson.TryParseObject(Encoding.UTF8.GetBytes(text), out var document, 32), text);
        using (document)
            return document.RootElement.Clone();
    }

    public static (ClientDocument? Client, List<ConfigurationFault> Faults) Client(string text, bool onLoopback = false)
    {
        var faults = new List<ConfigurationFault>();
        return (ClientDocument.Parse(Json(text), "", onLoopback, faults), faults);
    }

    public static (ApiDocument? Api, List<ConfigurationFault> Faults) Api(string text)
    {
        var faults = new List<ConfigurationFault>();
        return (ApiDocument.Parse(Json(text), "", faults), faults);
    }

    public static (UserDocument? User, List<ConfigurationFault> Faults) User(string text)
    {
        var faults = new List<ConfigurationFault>();
        return (UserDocument.Parse(Json(text), "", faults), faults);
    }

    public static (SettingsDocument? Settings, List<ConfigurationFault> Faults) Settings(string text)
    {
        var faults = new List<ConfigurationFault>();
        return (SettingsDocument.Parse(Json(text), "", faults), faults);
    }

    /// <summary>Asserts that exactly one fault is found, at this place, saying this.</summary>
    public static void One(List<ConfigurationFault> faults, string path, string says)
    {
        var fault = Assert.Single(faults);
        Assert.Equal(path, fault.Path);
        Assert.Contains(says, $"{fault.Message} {fault.Hint}", StringComparison.Ordinal);
    }
}
