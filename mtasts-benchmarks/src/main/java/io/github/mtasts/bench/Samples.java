package io.github.mtasts.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Some measurements of the same thing. */
final class Samples {
    private final List<Double> values = new ArrayList<>();

    void add(double value) {
        values.add(value);
    }

    int count() {
        return values.size();
    }

    double median() {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /** The value below which this share of them lies. */
    double at(double share) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get((int) Math.min(sorted.size() - 1, Math.floor(share * sorted.size())));
    }

    /** The median, and in brackets the least and the greatest. */
    @Override
    public String toString() {
        return Page.number(median()) + " (" + Page.number(Collections.min(values)) + "–"
                + Page.number(Collections.max(values)) + ")";
    }
}
