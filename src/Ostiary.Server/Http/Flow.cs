using Microsoft.AspNetCore.Http;
using Ostiary.Protocol;

namespace Ostiary.Server.Http;

/// <summary>The reference under which log and trace find a flow. Minted at its first request, carried by the grant, in every answer as <c>Ostiary-Flow</c>.</summary>
public static class Flow
{
    public const string Header = "Ostiary-Flow";

    public static string New() => "flow_" + Entropy.Text(12);

    /// <summary>Sets the flow of this answer.</summary>
    public static void Set(HttpContext http, string flow) => http.Response.Headers[Header] = flow;

    /// <summary>The flow of this answer; a new one where none was set.</summary>
    public static string Of(HttpContext http)
    {
        var flow = http.Response.Headers[Header];
        if (flow.Count == 1)
            return flow[0]!;
        var minted = New();
        Set(http, minted);
        return minted;
    }
}
