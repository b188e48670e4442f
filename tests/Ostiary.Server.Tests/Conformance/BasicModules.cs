namespace Ostiary.Server.Tests.Conformance;

/// <summary>
/// The modules of the basic plan, which the form-post plan repeats in its own response mode: one test per module, under the module's name, in the parts
/// Requests, Sessions and Tokens.
/// </summary>
public abstract partial class BasicModules(PlanServer plan, string responseMode) : IClassFixture<PlanServer>
{
    private Task<ConformanceFlow> StartAsync() => ConformanceFlow.StartAsync(plan.Server, responseMode);
}

[Trait("Plan", "oidcc-basic-certification-test-plan")]
public sealed class BasicPlanTests(PlanServer plan) : BasicModules(plan, "query");

[Trait("Plan", "oidcc-formpost-basic-certification-test-plan")]
public sealed class FormPostBasicPlanTests(PlanServer plan) : BasicModules(plan, "form_post");
