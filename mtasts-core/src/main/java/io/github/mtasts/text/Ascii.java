package io.github.mtasts.text;

/** ASCII classes of characters, independent of locale and of Unicode. */
public final class Ascii {
    private Ascii() {}

    /**
     * Whether a character is a letter or digit of ASCII.
     *
     * @param c the character
     * @return whether it is
     */
    public static boolean isLetterOrDigit(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c);
    }

    /**
     * Whether a character is a digit of ASCII.
     *
     * @param c the character
     * @return whether it is
     */
    public static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }
}
