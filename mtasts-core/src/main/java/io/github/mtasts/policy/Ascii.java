package io.github.mtasts.policy;

/** ASCII classes of characters, independent of locale and of Unicode. */
final class Ascii {
    private Ascii() {}

    static boolean isLetterOrDigit(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c);
    }

    static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }
}
