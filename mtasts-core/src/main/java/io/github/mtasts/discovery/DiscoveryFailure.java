package io.github.mtasts.discovery;

import io.github.mtasts.lookup.DnsFailure;
import io.github.mtasts.lookup.FetchFailure;
import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.policy.RecordResult;
import io.github.mtasts.policy.ReportType;
import java.util.List;
import java.util.Optional;

/** What went wrong while a policy was looked for. */
public sealed interface DiscoveryFailure {

    /** {@return one line for people, printable} */
    String describe();

    /** {@return how a TLS report names it; empty for what RFC 8460 does not report} */
    Optional<ReportType> reportType();

    /** The TXT look-up gave no usable answer. */
    record Dns(DnsFailure reason, String detail) implements DiscoveryFailure {
        @Override
        public String describe() {
            return "TXT look-up failed: " + reason + " (" + detail + ")";
        }

        @Override
        public Optional<ReportType> reportType() {
            return Optional.empty();
        }
    }

    /** The record is gone though a policy is cached. */
    record RecordAbsent() implements DiscoveryFailure {
        @Override
        public String describe() {
            return "no MTA-STS record";
        }

        @Override
        public Optional<ReportType> reportType() {
            return Optional.empty();
        }
    }

    /** The record may not be used. */
    record BadRecord(RecordResult.Reason reason, String offending) implements DiscoveryFailure {
        @Override
        public String describe() {
            return "unusable MTA-STS record: " + reason + " " + offending;
        }

        @Override
        public Optional<ReportType> reportType() {
            return Optional.empty();
        }
    }

    /** The policy could not be fetched. */
    record Fetch(FetchFailure reason, String detail) implements DiscoveryFailure {
        @Override
        public String describe() {
            return "policy fetch failed: " + reason + " (" + detail + ")";
        }

        @Override
        public Optional<ReportType> reportType() {
            return Optional.of(reason.reportType());
        }
    }

    /**
     * The policy was fetched and is invalid.
     *
     * @param errors what is wrong with it; never empty
     */
    record BadPolicy(List<PolicyResult.PolicyError> errors) implements DiscoveryFailure {
        /**
         * Copies the list.
         *
         * @param errors what is wrong with it; never empty
         */
        public BadPolicy {
            errors = List.copyOf(errors);
        }

        @Override
        public String describe() {
            PolicyResult.PolicyError first = errors.get(0);
            String line = first.line() == 0 ? "" : " in line " + first.line();
            String text = first.offending().isEmpty() ? "" : ": " + first.offending();
            String more = errors.size() == 1 ? "" : " (and " + (errors.size() - 1) + " more)";
            return "invalid policy: " + first.reason() + line + text + more;
        }

        @Override
        public Optional<ReportType> reportType() {
            return Optional.of(ReportType.STS_POLICY_INVALID);
        }
    }
}
