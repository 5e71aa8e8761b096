package io.github.mtasts.bench;

import java.util.List;

/**
 * A figure that has a target.
 *
 * @param share how much of the target it is: up to 1 it is met
 */
record Goal(String work, String measured, String limit, String unit, double share) {
    static Goal of(String line) {
        List<String> fields = List.of(line.split("\t", -1));
        return new Goal(fields.get(0), fields.get(1), fields.get(2), fields.get(3), Double.parseDouble(fields.get(4)));
    }

    boolean isMet() {
        return share <= 1;
    }

    String row() {
        return "| " + work + " | " + measured + " " + unit + " | " + limit + " | "
                + (isMet() ? "met" : "**missed by " + Math.round(100 * (share - 1)) + " %**") + " |";
    }
}
