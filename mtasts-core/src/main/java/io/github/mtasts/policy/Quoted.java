package io.github.mtasts.policy;

/** Remote text made safe for logs and errors: quoted, control and non-ASCII characters escaped, cut at 200 characters. */
final class Quoted {
    private static final int LONGEST = 200;

    private Quoted() {}

    static String quote(CharSequence text) {
        StringBuilder quoted = new StringBuilder(Math.min(text.length(), LONGEST) + 8).append('"');
        for (int i = 0; i < text.length(); i++) {
            if (i == LONGEST) {
                return quoted.append("…\"").toString();
            }
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' '
                    || (c >= 0x7f && c < 0xa0)
                    || Character.getType(c) == Character.FORMAT
                    || c == 0x2028
                    || c == 0x2029) {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }
}
