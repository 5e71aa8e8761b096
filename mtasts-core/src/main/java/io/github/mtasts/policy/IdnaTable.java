package io.github.mtasts.policy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What IDNA2008 has to know of each character (RFC 5892, RFC 5893), for the characters of Unicode 13: those that every supported JDK knows, so that
 * a name means the same on all of them. Read from {@code idna2008.txt} when the first name that is not ASCII comes.
 */
final class IdnaTable {
    /** Bidirectional classes (RFC 5893 §1.4). */
    enum Bidi {
        L,
        R,
        AL,
        AN,
        EN,
        ES,
        CS,
        ET,
        ON,
        BN,
        NSM
    }

    /**
     * What is known of one character.
     *
     * @param valid whether it may stand in a U-label: PVALID, CONTEXTJ or CONTEXTO
     * @param mapped whether its lower-case, normal or normal-width form may stand in a U-label, though it may not itself (RFC 5895 §2)
     * @param joining its joining type: one of {@code U D L R T C}
     */
    record Properties(boolean valid, boolean mapped, Bidi bidi, char joining, boolean virama, boolean mark) {
        private static final Properties NOT_ALLOWED = new Properties(false, false, Bidi.ON, 'U', false, false);
        private static final Properties MAPPED = new Properties(false, true, Bidi.ON, 'U', false, false);

        private static Properties parse(String text) {
            if (text.equals("mapped")) {
                return MAPPED;
            }
            List<String> columns = List.of(text.split(" ", -1));
            return new Properties(
                    true,
                    false,
                    Bidi.valueOf(columns.get(0)),
                    columns.get(1).charAt(0),
                    columns.contains("virama"),
                    columns.contains("mark"));
        }
    }

    private static final IdnaTable TABLE = read();

    private final int[] first;
    private final int[] last;
    private final Properties[] properties;

    private IdnaTable(int ranges) {
        first = new int[ranges];
        last = new int[ranges];
        properties = new Properties[ranges];
    }

    static Properties of(int c) {
        int at = Arrays.binarySearch(TABLE.first, c);
        int range = at >= 0 ? at : -at - 2;
        return range >= 0 && c <= TABLE.last[range] ? TABLE.properties[range] : Properties.NOT_ALLOWED;
    }

    static boolean isValid(int c) {
        return of(c).valid();
    }

    private static IdnaTable read() {
        List<String> lines = lines();
        IdnaTable table = new IdnaTable(lines.size());
        Map<String, Properties> known = new HashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            int space = line.indexOf(' ');
            String[] range = line.substring(0, space).split("-", -1);
            table.first[i] = Integer.parseInt(range[0], 16);
            table.last[i] = Integer.parseInt(range[range.length - 1], 16);
            table.properties[i] = known.computeIfAbsent(line.substring(space + 1), Properties::parse);
        }
        return table;
    }

    private static List<String> lines() {
        try (InputStream file = IdnaTable.class.getResourceAsStream("idna2008.txt")) {
            if (file == null) {
                throw new IllegalStateException("idna2008.txt is missing from the jar");
            }
            BufferedReader reader = new BufferedReader(new InputStreamReader(file, StandardCharsets.US_ASCII));
            return reader.lines().filter(line -> !line.startsWith("#")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException("idna2008.txt cannot be read from the jar", e);
        }
    }
}
