package io.github.mtasts.bench;

import java.util.List;
import java.util.Locale;

/** A bar for each target: how much of it is used up. */
final class Chart {
    private static final int ROW = 22;
    private static final int LABELS = 330;
    private static final int FULL = 300;
    private static final double MOST = 1.5;

    private Chart() {}

    static String of(List<Goal> goals) {
        int height = ROW * (goals.size() + 2);
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">%n",
                LABELS + (int) (FULL * MOST) + 120,
                height));
        svg.append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        int y = ROW;
        for (Goal goal : goals) {
            double width = Math.max(1, Math.min(goal.share(), MOST) * FULL);
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
                            + "<rect x=\"%d\" y=\"%d\" width=\"%.0f\" height=\"14\" fill=\"%s\"/>"
                            + "<text x=\"%.0f\" y=\"%d\">%s %s</text>%n",
                    LABELS - 8,
                    y + 11,
                    escaped(goal.work()),
                    LABELS,
                    y,
                    width,
                    goal.isMet() ? "#4a8" : "#c64",
                    LABELS + width + 6,
                    y + 11,
                    goal.measured(),
                    escaped(goal.unit())));
            y += ROW;
        }
        svg.append(String.format(
                Locale.ROOT,
                "<line x1=\"%1$d\" x2=\"%1$d\" y1=\"12\" y2=\"%2$d\" stroke=\"#333\" stroke-dasharray=\"4 3\"/>"
                        + "<text x=\"%1$d\" y=\"%3$d\" text-anchor=\"middle\">the target</text>%n</svg>%n",
                LABELS + FULL,
                y,
                y + 14));
        return svg.toString();
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;");
    }
}
