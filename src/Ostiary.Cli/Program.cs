Console.Out.WriteLine("ostiary 0.1.0");
return 0;
