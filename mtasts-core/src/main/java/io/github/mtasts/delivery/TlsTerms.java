package io.github.mtasts.delivery;

import com.google.errorprone.annotations.CheckReturnValue;
import io.github.mtasts.policy.ReportType;
import io.github.mtasts.tls.ClientTls;
import io.github.mtasts.tls.TlsCheck;
import io.github.mtasts.tls.TlsFault;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * The terms on which one candidate may be given the message. Tell it the one thing that happened on a connection ({@link #notOffered()},
 * {@link #handshakeFailed(Throwable)} or {@link #established(SSLSession)}): it answers what is allowed now, and records the session for the report. So nobody
 * can verify and forget to report, nor report and forget to verify.
 *
 * <p>For another connection to the same candidate take {@link #on(ConnectionInfo)}. Safe for any number of threads.
 */
@CheckReturnValue
public final class TlsTerms {
    private final DeliveryAttempt attempt;
    private final Candidate candidate;
    private final TlsRequirement requirement;
    private final MxMatch match;
    private final boolean clearTextAllowed;
    private final ClientTls tls;
    private final ConnectionInfo connection;
    private final AtomicReference<@Nullable SessionResult> told = new AtomicReference<>();

    TlsTerms(
            DeliveryAttempt attempt,
            Candidate candidate,
            TlsRequirement requirement,
            MxMatch match,
            boolean clearTextAllowed,
            ClientTls tls,
            ConnectionInfo connection) {
        this.attempt = attempt;
        this.candidate = candidate;
        this.requirement = requirement;
        this.match = match;
        this.clearTextAllowed = clearTextAllowed;
        this.tls = tls;
        this.connection = connection;
    }

    /**
     * The same terms for a connection of which more is known.
     *
     * @param info what is known of the connection
     * @return the terms for that connection
     */
    public TlsTerms on(ConnectionInfo info) {
        return new TlsTerms(attempt, candidate, requirement, match, clearTextAllowed, tls, info);
    }

    /**
     * Stricter terms, whatever the policy says: verified TLS or nothing. For a connection that is to carry credentials, or that the sender's own rules protect.
     *
     * @return these, if they are as strict
     */
    public TlsTerms strict() {
        return requirement == TlsRequirement.VERIFIED
                ? this
                : new TlsTerms(attempt, candidate, TlsRequirement.VERIFIED, match, false, tls.strict(), connection);
    }

    /** {@return what TLS the host has to offer} */
    public TlsRequirement requirement() {
        return requirement;
    }

    /** {@return whether clear text is a way out: never where a policy is enforced, otherwise as configured} */
    public boolean clearTextAllowed() {
        return requirement == TlsRequirement.OPPORTUNISTIC && clearTextAllowed;
    }

    /**
     * Makes the sockets for STARTTLS: layer one over the connected socket. The handshake fails where verified TLS is required and the peer does not pass.
     *
     * @return a factory for this peer
     */
    public SSLSocketFactory socketFactory() {
        return tls.socketFactory();
    }

    /**
     * The same as an engine, for those who do their own I/O.
     *
     * @return an engine for this peer
     */
    public SSLEngine newEngine() {
        return tls.newEngine();
    }

    /**
     * Whether a connection that was cleared before, to this same host, may carry this message too (another domain's, perhaps): this domain's own terms decide.
     *
     * @param held what the connection was cleared for when it was made
     * @return whether the terms allow it
     */
    public boolean accepts(Clearance held) {
        return switch (held) {
            case VERIFIED_TLS -> true;
            case ANY_TLS -> requirement == TlsRequirement.OPPORTUNISTIC;
            case CLEARTEXT -> clearTextAllowed();
            case RECONNECT_IN_CLEAR, NEXT_HOST -> false;
        };
    }

    /**
     * The server does not offer STARTTLS, or refused the command.
     *
     * @return what is allowed now
     */
    public Clearance notOffered() {
        // RFC 8461 §4.2: the host must support STARTTLS; §5: without a policy that enforces it, as before:
        // opportunistic (RFC 7435)
        Clearance clearance = clearTextAllowed() ? Clearance.CLEARTEXT : Clearance.NEXT_HOST;
        return told(clearance, ReportType.STARTTLS_NOT_SUPPORTED, "", "STARTTLS is not offered");
    }

    /**
     * The server offered STARTTLS and the handshake failed, or what came before it was not TLS.
     *
     * @param cause what the handshake was ended by
     * @return what is allowed now
     */
    public Clearance handshakeFailed(Throwable cause) {
        TlsCheck check = tls.check(cause);
        Clearance clearance = clearTextAllowed() ? Clearance.RECONNECT_IN_CLEAR : Clearance.NEXT_HOST;
        return told(clearance, check);
    }

    /**
     * The handshake is complete. The session is checked here, whoever made it.
     *
     * @param session the session of the completed handshake
     * @return what is allowed now
     */
    public Clearance established(SSLSession session) {
        TlsCheck check = tls.check(session);
        if (requirement == TlsRequirement.OPPORTUNISTIC) {
            return told(Clearance.ANY_TLS, check);
        }
        return told(check.passed() ? Clearance.VERIFIED_TLS : Clearance.NEXT_HOST, check);
    }

    /**
     * The host ended the TLS session by an alert, or broke its rules, after {@link #established(SSLSession)}: in TLS 1.3 that is where a host says that it does not like the client's
     * handshake. A session that was told as a success is a failure then (RFC 8460 §4.3). Another end of a connection is no matter of TLS, and changes nothing; nor does a second call.
     *
     * @param cause what was seen
     */
    public void broke(Throwable cause) {
        TlsCheck check = tls.check(cause);
        if (!hasTlsCause(cause) || check.faults().containsKey(TlsFault.IO)) {
            return;
        }
        SessionResult before = told.getAndSet(null);
        if (before != null && before.complied()) {
            attempt.broke(before, new SessionFailure(ReportType.VALIDATION_FAILURE, check.describe()));
        }
    }

    private static boolean hasTlsCause(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof SSLException) {
                return true;
            }
        }
        return false;
    }

    private Clearance told(Clearance clearance, TlsCheck check) {
        List<SessionFailure> failures = new ArrayList<>();
        check.faults().forEach((fault, seen) -> failures.add(new SessionFailure(fault.reportType(), seen)));
        return told(clearance, failures, check.describe());
    }

    private Clearance told(Clearance clearance, ReportType type, String reason, String text) {
        return told(clearance, new ArrayList<>(List.of(new SessionFailure(type, reason))), text);
    }

    private Clearance told(Clearance clearance, List<SessionFailure> failures, String text) {
        if (match == MxMatch.NOT_LISTED) {
            // only under testing: under enforce the host was passed over before anything was connected
            failures.add(0, SessionFailure.MX_MISMATCH);
        }
        boolean promised = match != MxMatch.NO_POLICY;
        boolean encrypted = clearance == Clearance.ANY_TLS || clearance == Clearance.VERIFIED_TLS;
        // RFC 8460 §4.3: where nothing was promised, any TLS session is a success
        List<SessionFailure> counted = promised || !encrypted ? failures : List.of();
        told.set(attempt.session(candidate.host(), connection, clearance, counted, text));
        return clearance;
    }
}
