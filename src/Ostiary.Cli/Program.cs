using Ostiary.Cli.Commands;

return await Dispatcher.RunAsync(args);
