using Ostiary.Faults.Records;

namespace Ostiary.Faults.Load;

/// <summary>Makes a call and keeps what its caller knows of it.</summary>
internal sealed class Recorder(History history)
{
    public History History => history;

    /// <summary>Times at which a write was acknowledged, for the length of an outage.</summary>
    public async Task<Op> CallAsync(Op op, Func<Task<(Answer Answer, Func<Op, Op> Read)>> send)
    {
        var begun = history.Begin(op);
        try
        {
            var (answer, read) = await send();
            var ended = begun with { Status = answer.Status, Outcome = answer.Outcome, Code = answer.Code };
            return history.End(ended.Outcome == Outcome.Ok ? read(ended) : ended);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException or System.Text.Json.JsonException)
        {
            return history.End(begun with { Outcome = Outcome.Unknown, Text = begun.Text });
        }
    }

    public Task<Op> CallAsync(Op op, Func<Task<Answer>> send, Func<Op, Answer, Op>? read = null) =>
        CallAsync(
            op,
            async () =>
            {
                var answer = await send();
                return (answer, ended => read is null ? ended : read(ended, answer));
            }
        );
}
