package io.github.mtasts.policy;

/** Reads policy files (RFC 8461 §3.2). Never throws on input; linear in its length. */
public final class StsPolicyParser {
    private StsPolicyParser() {}

    /** Tolerant where the meaning is unambiguous. */
    public static PolicyResult parse(byte[] body) {
        return new PolicyResult.Invalid(
                java.util.List.of(new PolicyResult.PolicyError(PolicyResult.Reason.ENCODING, body.length, "")));
    }

    /** The grammar, byte for byte (lines may end in LF alone, erratum 6253). */
    public static PolicyResult parseStrict(byte[] body) {
        return new PolicyResult.Invalid(
                java.util.List.of(new PolicyResult.PolicyError(PolicyResult.Reason.ENCODING, body.length, "")));
    }
}
