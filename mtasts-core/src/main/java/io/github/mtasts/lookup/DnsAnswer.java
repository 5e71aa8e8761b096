package io.github.mtasts.lookup;

import java.time.Duration;
import java.util.List;

/**
 * What a DNS look-up came to: records, a proven absence, or no usable answer.
 *
 * @param <T> the record's data
 */
public sealed interface DnsAnswer<T> {

    /** {@return what DNSSEC says of this answer} */
    Security security();

    /**
     * Records were found.
     *
     * @param records the data, in the order the resolver gave, never empty
     * @param ttl the least TTL on the way to the data, CNAMEs included
     * @param security what DNSSEC says of the whole way
     * @param owner the name at the end of the CNAME chain; the name asked for when there was none; lower case, no trailing dot
     */
    record Found<T>(List<T> records, Duration ttl, Security security, String owner) implements DnsAnswer<T> {
        /**
         * Copies the list.
         *
         * @param records the data, in the order the resolver gave, never empty
         * @param ttl the least TTL on the way to the data, CNAMEs included
         * @param security what DNSSEC says of the whole way
         * @param owner the name at the end of the CNAME chain; the name asked for when there was none; lower case, no trailing dot
         */
        public Found {
            records = List.copyOf(records);
            if (records.isEmpty()) {
                throw new IllegalArgumentException("no records: that is Absent");
            }
        }
    }

    /**
     * The name or the type does not exist.
     *
     * @param nameExists false for NXDOMAIN, true for NODATA
     * @param ttl the negative TTL (RFC 2308); zero when the answer gave none
     * @param security what DNSSEC says of this answer
     */
    record Absent<T>(boolean nameExists, Duration ttl, Security security) implements DnsAnswer<T> {}

    /**
     * No usable answer: nothing may be concluded about the name.
     *
     * @param reason why
     * @param detail for people: what was seen, printable ASCII, at most 200 characters
     * @param security what DNSSEC says of this answer
     */
    record Unavailable<T>(DnsFailure reason, String detail, Security security) implements DnsAnswer<T> {}
}
