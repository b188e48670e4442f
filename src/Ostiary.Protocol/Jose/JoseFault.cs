namespace Ostiary.Protocol.Jose;

/// <summary>Why a token or a key was refused. The set is closed; each has one fixed sentence.</summary>
public enum JoseFault
{
    None,
    RequestMalformed,
    TooLarge,
    NotCompact,
    NotCanonicalBase64,
    HeaderMalformed,
    AlgorithmMissing,
    AlgorithmNotAllowed,
    AlgorithmDoesNotFitKey,
    TypMismatch,
    CritUnsupported,
    UnencodedPayloadUnsupported,
    CompressionUnsupported,
    EncryptionNotAllowed,
    KidMissing,
    KeyNotFound,
    MixedKeySet,
    SignatureInvalid,
    DecryptionFailed,
    ClaimsMalformed,
    KeyMalformed,
    KeyTypeUnsupported,
    KeyTooWeak,
    KeyTooLarge,
    KeyNotConsistent,
    KeyUseContradictory,
    KeySetMalformed,
    KeySetTooLarge,
    KeyIdDuplicate,
    PrivateKeyInPublicSet,
}

public static class JoseFaults
{
#pragma warning disable CS8524 // An undefined numeric value may throw; a missing member (CS8509) may not compile.
    /// <summary>A short fixed ASCII sentence, fit for an error description. It never repeats input.</summary>
    public static string Sentence(this JoseFault fault) =>
        fault switch
        {
            JoseFault.None => "nothing was refused",
            JoseFault.RequestMalformed => "the request is malformed",
            JoseFault.TooLarge => "the token is too large",
            JoseFault.NotCompact => "the token is not in compact serialization",
            JoseFault.NotCanonicalBase64 => "a part of the token is not canonical base64url",
            JoseFault.HeaderMalformed => "the token header is malformed",
            JoseFault.AlgorithmMissing => "the token header names no algorithm",
            JoseFault.AlgorithmNotAllowed => "the algorithm is not allowed here",
            JoseFault.AlgorithmDoesNotFitKey => "the algorithm does not fit the key",
            JoseFault.TypMismatch => "the token is of another type",
            JoseFault.CritUnsupported => "the token uses a critical extension that is not supported",
            JoseFault.UnencodedPayloadUnsupported => "unencoded payloads are not supported",
            JoseFault.CompressionUnsupported => "compressed tokens are not supported",
            JoseFault.EncryptionNotAllowed => "the content encryption is not allowed here",
            JoseFault.KidMissing => "the token names no key and several keys would fit",
            JoseFault.KeyNotFound => "no key fits the token",
            JoseFault.MixedKeySet => "the key set mixes symmetric and asymmetric keys",
            JoseFault.SignatureInvalid => "the signature is not valid",
            JoseFault.DecryptionFailed => "the token could not be decrypted",
            JoseFault.ClaimsMalformed => "the claims are malformed",
            JoseFault.KeyMalformed => "the key is malformed",
            JoseFault.KeyTypeUnsupported => "the key type is not supported",
            JoseFault.KeyTooWeak => "the key is too weak",
            JoseFault.KeyTooLarge => "the key is too large",
            JoseFault.KeyNotConsistent => "the parts of the key do not belong together",
            JoseFault.KeyUseContradictory => "the stated uses of the key contradict each other",
            JoseFault.KeySetMalformed => "the key set is malformed",
            JoseFault.KeySetTooLarge => "the key set is too large",
            JoseFault.KeyIdDuplicate => "the key set names one key identifier twice",
            JoseFault.PrivateKeyInPublicSet => "the public key set holds secret material",
        };
#pragma warning restore CS8524
}
