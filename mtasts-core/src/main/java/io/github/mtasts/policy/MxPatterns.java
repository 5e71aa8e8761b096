package io.github.mtasts.policy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The patterns of a policy, as places in its text. Small, since a sender may remember a million policies; found by hash, so that a look costs the same for any number of them. Immutable.
 */
final class MxPatterns {
    /** The policy's text, with the patterns in lower case. */
    private final byte[] text;

    /** Places by hash, with free slots between (0): at least as many as patterns, so that a search ends soon. */
    final int[] table;

    private MxPatterns(byte[] text, int[] table) {
        this.text = text;
        this.table = table;
    }

    /** Whether one of them matches the host: its whole name, or, for a wildcard, all of it but the first label (RFC 8461 §4.1). */
    boolean match(MxHost host) {
        return has(host.ascii(), 0, host.hashCode(), false)
                || has(host.ascii(), host.parentAt(), host.parentHash(), true);
    }

    private boolean has(byte[] name, int from, int hash, boolean wildcard) {
        int length = name.length - from;
        for (int slot = slot(hash); table[slot] != 0; slot = (slot + 1) & (table.length - 1)) {
            int place = table[slot];
            int start = Place.start(place);
            if (Place.wildcard(place) == wildcard
                    && Place.length(place) == length
                    && Arrays.equals(text, start, start + length, name, from, name.length)) {
                return true;
            }
        }
        return false;
    }

    private int slot(int hash) {
        int spread = hash * 0x9e3779b9; // hashes of names that differ in a digit lie side by side
        return (spread ^ spread >>> 16) & (table.length - 1);
    }

    /** In the order of the file. */
    List<MxPattern> toList() {
        int[] places = table.clone();
        Arrays.sort(places); // what is no place is 0, and first
        List<MxPattern> patterns = new ArrayList<>();
        for (int place : places) {
            if (place != 0) {
                patterns.add(new MxPattern(domain(place), Place.wildcard(place)));
            }
        }
        return Collections.unmodifiableList(patterns);
    }

    private String domain(int place) {
        return new String(text, Place.start(place), Place.length(place), StandardCharsets.ISO_8859_1);
    }

    /**
     * Where a pattern's domain stands, in one number, by which patterns are in the order of the file. There is room for what a valid file can be: 1000 lines of 4096 bytes.
     */
    private static final class Place {
        private static final int LENGTH_BITS = 8;
        private static final int MOST = 0xff;

        static int of(int start, int length, boolean wildcard) {
            return start << LENGTH_BITS + 1 | length << 1 | (wildcard ? 1 : 0);
        }

        static int start(int place) {
            return place >>> LENGTH_BITS + 1;
        }

        static int length(int place) {
            return place >>> 1 & MOST;
        }

        static boolean wildcard(int place) {
            return (place & 1) != 0;
        }
    }

    /** Patterns as they are read. */
    static final class Draft {
        private final byte[] body;
        private byte @Nullable [] lowered;
        private int[] places = new int[4];
        private int count;

        Draft(byte[] body) {
            this.body = body;
        }

        /** Adds the pattern whose domain stands there. */
        void add(int start, int end, boolean wildcard) {
            for (int i = start; i < end; i++) {
                if (body[i] >= 'A' && body[i] <= 'Z') {
                    lowered = lowered == null ? body.clone() : lowered;
                    lowered[i] = (byte) (body[i] + ('a' - 'A'));
                }
            }
            if (count == places.length) {
                places = Arrays.copyOf(places, 2 * count);
            }
            places[count++] = Place.of(start, end - start, wildcard);
        }

        /**
         * All that were added.
         *
         * @param kept a copy of the body, which the policy keeps
         */
        MxPatterns build(byte[] kept) {
            byte[] text = lowered == null ? kept : lowered;
            MxPatterns patterns = new MxPatterns(text, new int[2 * Integer.highestOneBit(Math.max(1, 2 * count - 1))]);
            for (int i = 0; i < count; i++) {
                patterns.add(places[i]);
            }
            return patterns;
        }
    }

    private void add(int place) {
        int start = Place.start(place);
        int length = Place.length(place);
        int slot = slot(hash(text, start, start + length));
        while (table[slot] != 0) {
            slot = (slot + 1) & (table.length - 1);
        }
        table[slot] = place;
    }

    /** The hash of a name, which is that of the String. */
    static int hash(byte[] ascii, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + ascii[i];
        }
        return hash;
    }
}
