package io.github.mtasts.discovery;

import io.github.mtasts.lookup.DnsAnswer;
import io.github.mtasts.lookup.DnsFailure;
import io.github.mtasts.lookup.Security;
import io.github.mtasts.policy.RecordResult;
import io.github.mtasts.policy.StsRecordParser;
import java.time.Duration;

/** What asking for a domain's TXT record came to. */
sealed interface RecordAnswer {
    /** The answer is not asked for again within this time, however short its TTL. */
    Duration SHORTEST = Duration.ofSeconds(60);

    /** The answer is asked for again after this time, however long its TTL: a forged one must not last. */
    Duration LONGEST = Duration.ofHours(1);

    /** How long the answer holds: from {@link #SHORTEST} to {@link #LONGEST}. */
    Duration holds();

    /** One valid record. */
    record Id(String id, Duration holds) implements RecordAnswer {}

    /** No record, or one that may not be used. */
    record None(PolicyInForce.NotInForce.Reason reason, DiscoveryFailure failure, Duration holds)
            implements RecordAnswer {}

    /** Nothing may be concluded. */
    record Unknown(boolean bogus, DiscoveryFailure failure) implements RecordAnswer {
        @Override
        public Duration holds() {
            return SHORTEST;
        }
    }

    /** Reads a DNS answer. */
    static RecordAnswer of(DnsAnswer<String> answer) {
        if (answer instanceof DnsAnswer.Unavailable<String> unavailable) {
            boolean bogus = unavailable.reason() == DnsFailure.BOGUS || unavailable.security() == Security.BOGUS;
            return new Unknown(bogus, new DiscoveryFailure.Dns(unavailable.reason(), unavailable.detail()));
        }
        if (answer.security() == Security.BOGUS) {
            return new Unknown(true, new DiscoveryFailure.Dns(DnsFailure.BOGUS, "the answer is marked as bogus"));
        }
        if (answer instanceof DnsAnswer.Found<String> found) {
            Duration holds = bounded(found.ttl());
            RecordResult result = StsRecordParser.parse(found.records());
            if (result instanceof RecordResult.Found record) {
                return new Id(record.id(), holds);
            }
            if (result instanceof RecordResult.Broken broken) {
                // RFC 8461 §3.1: senders assume that the domain has no policy
                return new None(
                        PolicyInForce.NotInForce.Reason.BAD_RECORD,
                        new DiscoveryFailure.BadRecord(broken.reason(), broken.offending()),
                        holds);
            }
            return absent(holds);
        }
        return absent(bounded(((DnsAnswer.Absent<String>) answer).ttl()));
    }

    private static RecordAnswer absent(Duration holds) {
        return new None(PolicyInForce.NotInForce.Reason.NO_RECORD, new DiscoveryFailure.RecordAbsent(), holds);
    }

    private static Duration bounded(Duration ttl) {
        return ttl.compareTo(SHORTEST) < 0 ? SHORTEST : ttl.compareTo(LONGEST) > 0 ? LONGEST : ttl;
    }
}
