using Ostiary.Bench;

return args switch
{
    ["bare", var url, var bytes] => await BareHandler.RunAsync(url, int.Parse(bytes, System.Globalization.CultureInfo.InvariantCulture)),
    [] => await Report.RunAsync(quick: false),
    ["--quick"] => await Report.RunAsync(quick: true),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: ./bench [--quick]");
    return 2;
}
