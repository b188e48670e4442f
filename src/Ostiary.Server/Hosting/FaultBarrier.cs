using System.Globalization;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ostiary.Protocol.Reasons;
using Ostiary.Server.Http;
using Ostiary.Server.Pages;
using Ostiary.Server.Stores;

namespace Ostiary.Server.Hosting;

/// <summary>
/// The outermost layer: gives every answer its flow, lets a request in or sheds it, and turns the two exceptions that exist, a bug and a dead storage, into
/// an answer without any detail. Without an issuer: for requests that are for none.
/// </summary>
internal sealed partial class FaultBarrier(Issuer? issuer, HealthEndpoints health, ILogger logger)
{
    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var flow = Flow.Of(http);
        var lane = Admission.LaneOf(http);
        var entered = false;
        health.Part(http);
        Origins.Answer(http);
        try
        {
            if (lane is { IsChosenByGrantType: true, Admission.IsPressed: true })
                lane = await GrantLane.OfAsync(http, lane);
            entered = lane?.Admission.TryEnter(lane) == true;
            if (lane is not null && !entered)
                await ShedAsync(http, lane);
            else
                await next(http);
            if (IsBare(http.Response))
                await JsonAnswer.RefuseAsync(http, issuer, http.Response.StatusCode == 404 ? Reason.AddressUnknown : Reason.MethodNotAllowed);
        }
        catch (Exception exception) when (IsPeerGone(exception, http))
        {
            // The peer has gone.
        }
        catch (BadHttpRequestException exception)
        {
            await AnswerAsync(
                http,
                flow,
                exception.StatusCode == StatusCodes.Status413PayloadTooLarge ? Reason.RequestTooLarge : Reason.RequestMalformed
            );
        }
        catch (ShedException exception)
        {
            await ShedAsync(http, exception.Lane);
        }
        catch (StoreException exception)
        {
            LogStorage(logger, flow, exception.Reason, exception.Message);
            http.Response.Headers.RetryAfter = "2";
            await AnswerAsync(http, flow, exception.Reason);
        }
#pragma warning disable CA1031 // Whatever it is, the peer learns nothing of it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFault(logger, flow, exception);
            await AnswerAsync(http, flow, Reason.InternalFault);
        }
        finally
        {
            if (entered)
                lane!.Admission.Leave();
        }
    }

    /// <summary>Over HTTP/2 a read of the body hears of it before the request does.</summary>
    private static bool IsPeerGone(Exception exception, HttpContext http) =>
        exception is OperationCanceledException or IOException and not BadHttpRequestException
        && (http.RequestAborted.IsCancellationRequested || exception.InnerException is ConnectionAbortedException or ConnectionResetException);

    /// <summary>Nothing was begun. Who came with a browser sees a page; what is open to other origins is called by programs.</summary>
    private Task ShedAsync(HttpContext http, Lane lane)
    {
        var admission = lane.Admission;
        http.Response.Headers.RetryAfter = lane.RetryAfter.ToString(CultureInfo.InvariantCulture);
        var isPage =
            ReferenceEquals(lane, admission.Page) || ReferenceEquals(lane, admission.Authorization) || ReferenceEquals(lane, admission.Password);
        return isPage && http.GetEndpoint()?.Metadata.GetMetadata<Origins>() is null
            ? ErrorPage.WriteAsync(http, issuer!, Reason.Overloaded)
            : JsonAnswer.RefuseAsync(http, issuer, Reason.Overloaded);
    }

    /// <summary>What routing answers alone: RFC 9110 §15.5.5 and RFC 9110 §15.5.6, without a word.</summary>
    private static bool IsBare(HttpResponse answer) =>
        answer is { HasStarted: false, StatusCode: 404 or 405, ContentType: null, ContentLength: null };

    private Task AnswerAsync(HttpContext http, string flow, Reason reason)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }
        var retryAfter = http.Response.Headers.RetryAfter;
        http.Response.Clear();
        http.Response.Headers.RetryAfter = retryAfter;
        Flow.Set(http, flow);
        Origins.Answer(http);
        return JsonAnswer.RefuseAsync(http, issuer, reason);
    }

    [LoggerMessage(5001, LogLevel.Error, "{Flow}: storage failed: {Reason}: {Sentence}")]
    private static partial void LogStorage(ILogger logger, string flow, Reason reason, string sentence);

    [LoggerMessage(5099, LogLevel.Error, "{Flow}: unexpected failure")]
    private static partial void LogFault(ILogger logger, string flow, Exception exception);
}
