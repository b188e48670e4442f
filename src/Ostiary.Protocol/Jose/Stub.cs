namespace Ostiary.Protocol.Jose;

/// <summary>Stands in until the JOSE slice lands.</summary>
public sealed class JsonWebKeySet;
