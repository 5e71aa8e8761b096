package io.github.mtasts.tlsrpt.report;

import java.util.List;

/** What a received file or mail came to. */
public sealed interface ReceivedReport {
    /**
     * A report.
     *
     * @param report the report
     * @param tolerated what in it is not as RFC 8460 has it and was accepted all the same, in words; remote text in them is quoted and escaped
     */
    record Found(TlsReport report, List<String> tolerated) implements ReceivedReport {
        /**
         * Keeps a copy of the list.
         *
         * @param report the report
         * @param tolerated what was accepted all the same
         */
        public Found {
            tolerated = List.copyOf(tolerated);
        }
    }

    /**
     * No report.
     *
     * @param reason why
     * @param detail more on it in words; remote text in it is quoted and escaped
     */
    record Unreadable(Reason reason, String detail) implements ReceivedReport {}

    /** Why there is no report. */
    enum Reason {
        /** More than 16 MiB, more than 32 MiB when unpacked, or more parts of a mail or of JSON than a report has. */
        TOO_LARGE,
        /** The gzip data is damaged or cut. */
        BAD_GZIP,
        /** A mail in which no part is a report, or which cannot be read. */
        NO_REPORT_IN_MAIL,
        /** Not JSON. */
        BAD_JSON,
        /** JSON that is no TLS report. */
        NOT_A_REPORT
    }
}
