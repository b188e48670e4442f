using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Ostiary.Server.Hosting;

/// <summary>How many connections there may be from outside. One more is closed before it costs anything; the administration socket is not counted.</summary>
internal sealed class ConnectionBound(int most)
{
    private int _open;

    public void On(ListenOptions endpoint) =>
        endpoint.Use(next =>
            async connection =>
            {
                try
                {
                    if (Interlocked.Increment(ref _open) <= most)
                        await next(connection);
                    else
                        connection.Abort(new ConnectionAbortedException("Too many connections."));
                }
                finally
                {
                    Interlocked.Decrement(ref _open);
                }
            }
        );
}
