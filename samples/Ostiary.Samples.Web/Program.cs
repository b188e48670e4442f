using Microsoft.AspNetCore.Builder;
using Ostiary.Samples;
using Ostiary.Samples.Web;

// Ostiary.Samples.Web --issuer URL --client-id ID --api-url URL --resource URI [--url URL], the secret in SAMPLE_CLIENT_SECRET
var options = new SampleWebOptions
{
    Url = SampleHost.Setting(args, "url") ?? "http://127.0.0.1:5082",
    Issuer = SampleHost.Setting(args, "issuer") ?? "http://127.0.0.1:9400",
    ClientId = SampleHost.Setting(args, "client-id") ?? "web-demo",
    ClientSecret = Environment.GetEnvironmentVariable("SAMPLE_CLIENT_SECRET"),
    ApiUrl = SampleHost.Setting(args, "api-url") ?? "http://127.0.0.1:5081",
    Resource = SampleHost.Setting(args, "resource") ?? "https://api.example",
};
await SampleWeb.Build(options).RunAsync();
