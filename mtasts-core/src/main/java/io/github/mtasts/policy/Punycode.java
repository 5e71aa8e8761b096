package io.github.mtasts.policy;

/** Punycode (RFC 3492): Unicode in the letters, digits and hyphens of a label. */
final class Punycode {
    private static final int BASE = 36;
    private static final int T_MIN = 1;
    private static final int T_MAX = 26;
    private static final int SKEW = 38;
    private static final int DAMP = 700;
    private static final int INITIAL_BIAS = 72;
    private static final int INITIAL_N = 0x80;

    private Punycode() {}

    /** What stands behind {@code xn--} in the A-label of a label of at most some thousand characters. */
    static String encode(String label) {
        int[] points = label.codePoints().toArray();
        StringBuilder out = new StringBuilder();
        for (int point : points) {
            if (point < INITIAL_N) {
                out.append((char) point);
            }
        }
        int basic = out.length();
        int handled = basic;
        if (basic > 0) {
            out.append('-');
        }
        int n = INITIAL_N;
        int bias = INITIAL_BIAS;
        long delta = 0; // below 2^21 times the length: no overflow
        while (handled < points.length) {
            int next = Integer.MAX_VALUE;
            for (int point : points) {
                if (point >= n && point < next) {
                    next = point;
                }
            }
            delta += (long) (next - n) * (handled + 1);
            n = next;
            for (int point : points) {
                if (point < n) {
                    delta++;
                } else if (point == n) {
                    variableLength(delta, bias, out);
                    bias = adapt(delta, handled + 1, handled == basic);
                    delta = 0;
                    handled++;
                }
            }
            delta++;
            n++;
        }
        return out.toString();
    }

    private static void variableLength(long delta, int bias, StringBuilder out) {
        long q = delta;
        for (int k = BASE; ; k += BASE) {
            int t = threshold(k, bias);
            if (q < t) {
                out.append(digit((int) q));
                return;
            }
            out.append(digit((int) (t + (q - t) % (BASE - t))));
            q = (q - t) / (BASE - t);
        }
    }

    /**
     * What {@link #encode} encoded.
     *
     * @throws IllegalArgumentException if the text is no Punycode
     */
    static String decode(String encoded) {
        int hyphen = encoded.lastIndexOf('-');
        StringBuilder out = new StringBuilder(encoded.substring(0, Math.max(hyphen, 0)));
        int n = INITIAL_N;
        int bias = INITIAL_BIAS;
        int length = out.length();
        long i = 0;
        for (int at = hyphen + 1; at < encoded.length(); ) {
            long old = i;
            long weight = 1;
            for (int k = BASE; ; k += BASE) {
                if (at == encoded.length()) {
                    throw new IllegalArgumentException("cut off");
                }
                int digit = value(encoded.charAt(at++));
                i += digit * weight;
                int t = threshold(k, bias);
                if (digit < t) {
                    break;
                }
                weight *= BASE - t;
                if (i > Integer.MAX_VALUE || weight > Integer.MAX_VALUE) {
                    throw new IllegalArgumentException("too large a number");
                }
            }
            length++;
            bias = adapt(i - old, length, old == 0);
            long point = n + i / length;
            if (point > Character.MAX_CODE_POINT) {
                throw new IllegalArgumentException("beyond Unicode");
            }
            n = (int) point;
            i %= length;
            out.insert(out.offsetByCodePoints(0, (int) i), Character.toString(n));
            i++;
        }
        return out.toString();
    }

    private static int threshold(int k, int bias) {
        return Math.max(T_MIN, Math.min(T_MAX, k - bias));
    }

    private static int adapt(long change, int points, boolean first) {
        long delta = first ? change / DAMP : change / 2;
        delta += delta / points;
        int k = 0;
        while (delta > (BASE - T_MIN) * T_MAX / 2) {
            delta /= BASE - T_MIN;
            k += BASE;
        }
        return (int) (k + (BASE - T_MIN + 1) * delta / (delta + SKEW));
    }

    private static char digit(int value) {
        return (char) (value < 26 ? 'a' + value : '0' + value - 26);
    }

    private static int value(char digit) {
        if (digit >= 'a' && digit <= 'z') {
            return digit - 'a';
        }
        if (digit >= '0' && digit <= '9') {
            return digit - '0' + 26;
        }
        throw new IllegalArgumentException("not a digit");
    }
}
