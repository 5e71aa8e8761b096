package io.github.mtasts.cli;

import io.github.mtasts.policy.PolicyResult;
import io.github.mtasts.tlsrpt.report.ReportDestination;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** How things are said to people: remote text made safe for a terminal, spans of time, dates. */
final class Words {
    private static final int LONGEST = 200;
    private static final DateTimeFormatter DAY =
            DateTimeFormatter.ofPattern("yyyy-MM-dd", Locale.ROOT).withZone(ZoneOffset.UTC);

    private Words() {}

    /** Remote text in quotation marks. */
    static String quote(String text) {
        return "\"" + plain(text.replace("\\", "\\\\").replace("\"", "\\\"")) + "\"";
    }

    /** Remote text with all but printable ASCII escaped, cut at 200 characters: nothing in it reaches a terminal as a command. */
    static String plain(String text) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            String shown = c >= ' ' && c < 0x7f ? String.valueOf(c) : String.format(Locale.ROOT, "\\u%04x", (int) c);
            if (plain.length() + shown.length() > LONGEST) {
                return plain.append("...").toString();
            }
            plain.append(shown);
        }
        return plain.toString();
    }

    static String day(Instant instant) {
        return DAY.format(instant);
    }

    /** A constant's name as people write it. */
    static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Why a file cannot be read. */
    static String reason(IOException failure) {
        if (failure instanceof NoSuchFileException) {
            return "no such file";
        }
        return failure instanceof AccessDeniedException ? "permission denied" : String.valueOf(failure.getMessage());
    }

    /** One error of a policy file. */
    static String error(PolicyResult.PolicyError error) {
        String where = error.line() == 0 ? "" : "line " + error.line() + ": ";
        String what = error.offending().isEmpty() ? "" : " " + error.offending();
        return where + lower(error.reason()) + what;
    }

    /** A span of time in its greatest unit, or its two greatest where the second is not nothing. */
    static String span(Duration duration) {
        long seconds = duration.toSeconds();
        if (seconds >= 86_400) {
            return two(seconds / 86_400, "d", seconds / 3600 % 24, "h");
        }
        if (seconds >= 3600) {
            return two(seconds / 3600, "h", seconds / 60 % 60, "min");
        }
        return seconds >= 60 ? two(seconds / 60, "min", seconds % 60, "s") : seconds + " s";
    }

    private static String two(long great, String greatUnit, long small, String smallUnit) {
        return great + " " + greatUnit + (small == 0 ? "" : " " + small + " " + smallUnit);
    }

    /** Where TLS reports go, as a URI. */
    static String destination(ReportDestination destination) {
        return plain(
                destination instanceof ReportDestination.Mailto mailto
                        ? "mailto:" + mailto.address()
                        : ((ReportDestination.Https) destination).uri().toString());
    }

    /** {@code 1 domain}, {@code 2 domains}. */
    static String count(long count, String one) {
        return count + " " + one + (count == 1 ? "" : "s");
    }
}
