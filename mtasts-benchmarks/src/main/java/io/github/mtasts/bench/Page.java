package io.github.mtasts.bench;

import java.util.List;
import java.util.Locale;

/** What a part has to say, printed line by line for {@link Bench} to collect: markdown, and figures that have a target. */
final class Page {
    static final String TEXT = "#text ";
    static final String GOAL = "#goal ";

    void heading(String text) {
        say("");
        say("## " + text);
        say("");
    }

    /** A paragraph, or a line of markdown. */
    void say(String text) {
        System.out.println(TEXT + text);
    }

    void table(String... head) {
        say("");
        row((Object[]) head);
        say("|" + " --- |".repeat(head.length));
    }

    void row(Object... cells) {
        StringBuilder row = new StringBuilder("|");
        for (Object cell : cells) {
            row.append(' ').append(cell).append(" |");
        }
        say(row.toString());
    }

    /** A figure that is to be at most so much. */
    void atMost(double limit, String unit, String work, double measured) {
        goal(work, measured, limit, unit, measured / limit);
    }

    /** A figure that is to be at least so much. */
    void atLeast(double limit, String unit, String work, double measured) {
        goal(work, measured, limit, unit, limit / measured);
    }

    private static void goal(String work, double measured, double limit, String unit, double share) {
        System.out.println(
                GOAL + String.join("\t", List.of(work, number(measured), number(limit), unit, String.valueOf(share))));
    }

    /** Three significant digits, and thousands apart. */
    static String number(double value) {
        double size = Math.abs(value);
        if (size >= 1000) {
            return String.format(Locale.ROOT, "%,d", Math.round(value));
        }
        return String.format(Locale.ROOT, size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f", value);
    }
}
