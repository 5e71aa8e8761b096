package io.github.mtasts.tlsrpt.report;

import com.google.errorprone.annotations.CheckReturnValue;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * Sessions that failed in one way (RFC 8460 §4.4, {@code failure-details}). What is not known is null, and left out of the JSON.
 *
 * @param resultType how they failed
 * @param sendingMtaIp the address the sender spoke from
 * @param receivingMxHostname the name in the MX record
 * @param receivingMxHelo the name the host gave in its reply to EHLO
 * @param receivingIp the address of the host
 * @param failedSessions how many sessions
 * @param additionalInformation a URI with more about the failure
 * @param reasonCode a code or a few words on the cause
 */
@CheckReturnValue
public record FailureDetails(
        ResultType resultType,
        @Nullable String sendingMtaIp,
        @Nullable String receivingMxHostname,
        @Nullable String receivingMxHelo,
        @Nullable String receivingIp,
        long failedSessions,
        @Nullable String additionalInformation,
        @Nullable String reasonCode) {
    /**
     * Refuses a negative count.
     *
     * @param resultType how they failed
     * @param sendingMtaIp the address the sender spoke from
     * @param receivingMxHostname the name in the MX record
     * @param receivingMxHelo the name the host gave in its reply to EHLO
     * @param receivingIp the address of the host
     * @param failedSessions how many sessions
     * @param additionalInformation a URI with more about the failure
     * @param reasonCode a code or a few words on the cause
     */
    public FailureDetails {
        if (failedSessions < 0) {
            throw new IllegalArgumentException("a negative number of sessions: " + failedSessions);
        }
    }

    /**
     * Failures of which only the type is known.
     *
     * @param resultType how they failed
     * @param failedSessions how many sessions
     * @return the details
     */
    public static FailureDetails of(ResultType resultType, long failedSessions) {
        return new FailureDetails(resultType, null, null, null, null, failedSessions, null, null);
    }

    /**
     * The same with another count.
     *
     * @param sessions how many sessions
     * @return the details
     */
    public FailureDetails withFailedSessions(long sessions) {
        return new FailureDetails(
                resultType,
                sendingMtaIp,
                receivingMxHostname,
                receivingMxHelo,
                receivingIp,
                sessions,
                additionalInformation,
                reasonCode);
    }

    /**
     * The same with the address that the sender spoke from.
     *
     * @param address the address, or null where it is not known
     * @return the details
     */
    public FailureDetails withSendingMta(@Nullable InetAddress address) {
        return new FailureDetails(
                resultType,
                text(address),
                receivingMxHostname,
                receivingMxHelo,
                receivingIp,
                failedSessions,
                additionalInformation,
                reasonCode);
    }

    /**
     * The same with the host that was spoken to.
     *
     * @param mxHostname the name in the MX record, or null
     * @param helo the name in its reply to EHLO, or null; cleaned like a reason
     * @param address its address, or null
     * @return the details
     */
    public FailureDetails withReceivingMx(
            @Nullable String mxHostname, @Nullable String helo, @Nullable InetAddress address) {
        return new FailureDetails(
                resultType,
                sendingMtaIp,
                mxHostname,
                helo == null ? null : ReasonText.clean(helo),
                text(address),
                failedSessions,
                additionalInformation,
                reasonCode);
    }

    /**
     * The same with a cause. Reports go to strangers, and the text may hold what a stranger's server said: it becomes printable ASCII of at
     * most 200 characters, and what looks like a mail address is taken out.
     *
     * @param reason a code or a few words, or null
     * @return the details
     */
    public FailureDetails withReason(@Nullable String reason) {
        return new FailureDetails(
                resultType,
                sendingMtaIp,
                receivingMxHostname,
                receivingMxHelo,
                receivingIp,
                failedSessions,
                additionalInformation,
                reason == null ? null : ReasonText.clean(reason));
    }

    private static @Nullable String text(@Nullable InetAddress address) {
        return address == null ? null : AddressText.of(address);
    }
}
