package io.github.mtasts.cli;

import io.github.mtasts.text.Quoted;
import io.github.mtasts.tlsrpt.report.FailureDetails;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A summary of reports for a terminal. What strangers wrote is escaped, and cut to its column. */
final class TlsRptTable {
    private static final int WIDEST = 40;

    private TlsRptTable() {}

    static void print(PrintWriter out, TlsRptSummary summary) {
        out.print(headline(summary));
        out.println(
                summary.reports() == 0
                        ? ""
                        : ": " + number(summary.successes()) + " sessions succeeded, " + number(summary.failures())
                                + " failed");
        if (!summary.domains().isEmpty()) {
            out.println();
            rows(out, sessions(summary), 2, 3);
        }
        List<List<String>> failures = failures(summary);
        if (failures.size() > 1) {
            out.println();
            rows(out, failures, 0, 0);
        }
        if (!summary.remarks().isEmpty()) {
            out.println();
        }
        summary.remarks().forEach((file, remarks) -> {
            out.println(file + ":");
            remarks.forEach(remark -> out.println("  " + remark));
        });
    }

    /** {@code 3 reports, 2026-11-25 to 2026-11-26 (UTC)}. */
    static String headline(TlsRptSummary summary) {
        if (summary.reports() == 0) {
            return "no reports";
        }
        String from = Words.day(summary.from());
        String to = Words.day(summary.to().minusNanos(1)); // some end a day where the next one begins
        return Words.count(summary.reports(), "report") + ", " + (from.equals(to) ? from : from + " to " + to)
                + " (UTC)";
    }

    private static List<List<String>> sessions(TlsRptSummary summary) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("DOMAIN", "POLICY", "SUCCEEDED", "FAILED", "DAY", "REPORTED BY"));
        for (TlsRptSummary.Domain domain : summary.domains()) {
            for (TlsRptSummary.Entry entry : domain.entries()) {
                rows.add(List.of(
                        cell(domain.name()),
                        cell(entry.policy().type().text()),
                        number(entry.policy().successes()),
                        number(entry.policy().failures()),
                        Words.day(entry.report().start()),
                        cell(entry.report().organization())));
            }
        }
        return rows;
    }

    private static List<List<String>> failures(TlsRptSummary summary) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("FAILED", "DOMAIN", "WHY", "MX HOST", "ADDRESS", "REASON"));
        for (TlsRptSummary.Domain domain : summary.domains()) {
            for (TlsRptSummary.Reason reason : domain.reasons()) {
                for (TlsRptSummary.Detail detail : reason.details()) {
                    FailureDetails failure = detail.failure();
                    rows.add(List.of(
                            number(failure.failedSessions()),
                            cell(domain.name()),
                            cell(reason.type()),
                            cell(failure.receivingMxHostname()),
                            cell(failure.receivingIp()),
                            cell(failure.reasonCode())));
                }
            }
        }
        return rows;
    }

    /** Columns as wide as their widest cell; numbers stand at the right. */
    private static void rows(PrintWriter out, List<List<String>> rows, int firstNumber, int lastNumber) {
        int columns = rows.get(0).size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(
                        widths[i], row.get(i).codePointCount(0, row.get(i).length()));
            }
        }
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                String cell = row.get(i);
                String padding = " ".repeat(widths[i] - cell.codePointCount(0, cell.length()));
                line.append(i >= firstNumber && i <= lastNumber ? padding + cell : cell + padding)
                        .append("  ");
            }
            out.println(line.toString().stripTrailing());
        }
    }

    static String cell(@Nullable String text) {
        if (text == null || text.isBlank()) {
            return "-";
        }
        String shown = shown(text);
        return shown.codePointCount(0, shown.length()) <= WIDEST
                ? shown
                : shown.substring(0, shown.offsetByCodePoints(0, WIDEST - 1)) + "…";
    }

    /** What is invisible or moves the cursor or the direction of text is escaped. */
    static String shown(String text) {
        String quoted = Quoted.quote(text);
        return quoted.substring(1, quoted.length() - 1).replace("\\\"", "\"").replace("\\\\", "\\");
    }

    static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }
}
