using Microsoft.AspNetCore.Builder;
using Ostiary.AspNetCore.Api;
using Ostiary.Samples;
using Ostiary.Samples.Api;

// Ostiary.Samples.Api --issuer URL --audience URI [--url URL] [--require-dpop true] [--client-id ID, with SAMPLE_CLIENT_SECRET]
//   [--next-url URL --next-audience URI --next-scope SCOPE]: /bill is fetched there, with an exchanged token
var secret = Environment.GetEnvironmentVariable("SAMPLE_CLIENT_SECRET");
var client = SampleHost.Setting(args, "client-id");
var credentials = client is null || secret is null ? null : new IntrospectionCredentials(client, secret);
var next = SampleHost.Setting(args, "next-url");
var options = new SampleApiOptions
{
    Url = SampleHost.Setting(args, "url") ?? "http://127.0.0.1:5081",
    Issuer = SampleHost.Setting(args, "issuer") ?? "http://127.0.0.1:9400",
    Audience = SampleHost.Setting(args, "audience") ?? "https://api.example",
    RequireDpop = SampleHost.Setting(args, "require-dpop") == "true",
    Introspection = credentials,
    Next =
        next is null || credentials is null
            ? null
            : new NextApiOptions(
                next,
                SampleHost.Setting(args, "next-audience") ?? "https://bills.example",
                SampleHost.Setting(args, "next-scope") ?? "bills:read",
                credentials
            ),
};
await SampleApi.Build(options).RunAsync();
