package io.github.mtasts.lookup;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/**
 * The body of a response, taken from the bytes behind its head: of a length told before, or chunked (RFC 9112 §7.1). The HTTP library would
 * be lenient where two readers of the same bytes might differ; this is not, and refuses what is not framed as the RFC's grammar says.
 */
abstract sealed class ResponseBody {
    private final ByteArrayOutputStream content = new ByteArrayOutputStream();

    /** A body of a length that its head told. */
    static ResponseBody ofLength(int length) {
        return new Sized(length);
    }

    /** A chunked body, refused when its content would exceed the limit. */
    static ResponseBody chunked(int limit) {
        return new Chunked(limit);
    }

    /** Takes bytes from the connection; whatever follows the end of the body is left. */
    abstract void accept(ByteBuffer bytes) throws RefusedException;

    abstract boolean isComplete();

    /** Why the body ends too early if the connection ends now. */
    abstract String missing();

    int size() {
        return content.size();
    }

    byte[] content() {
        return content.toByteArray();
    }

    final void take(ByteBuffer bytes, int count) {
        byte[] taken = new byte[count];
        bytes.get(taken);
        content.writeBytes(taken);
    }

    private static final class Sized extends ResponseBody {
        private final int length;

        Sized(int length) {
            this.length = length;
        }

        @Override
        void accept(ByteBuffer bytes) {
            take(bytes, Math.min(bytes.remaining(), length - size()));
        }

        @Override
        boolean isComplete() {
            return size() == length;
        }

        @Override
        String missing() {
            return "the connection ended after " + size() + " of " + length + " bytes of body";
        }
    }

    private static final class Chunked extends ResponseBody {
        private static final int MAX_LINE = 1024;
        private static final int MAX_SIZE_DIGITS = 8;

        private enum Part {
            SIZE,
            EXTENSION,
            SIZE_LF,
            DATA,
            DATA_CR,
            DATA_LF,
            LAST_CR,
            LAST_LF,
            END
        }

        private final int limit;
        private Part part = Part.SIZE;
        private int digits;
        private int line;
        private long left;
        private boolean last;

        Chunked(int limit) {
            this.limit = limit;
        }

        @Override
        void accept(ByteBuffer bytes) throws RefusedException {
            while (bytes.hasRemaining() && part != Part.END) {
                if (part == Part.DATA) {
                    int count = (int) Math.min(bytes.remaining(), left);
                    take(bytes, count);
                    left -= count;
                    part = left == 0 ? Part.DATA_CR : Part.DATA;
                } else {
                    frame((char) (bytes.get() & 0xff));
                }
            }
        }

        private void frame(char c) throws RefusedException {
            switch (part) {
                case SIZE -> size(c);
                case EXTENSION -> extension(c);
                case SIZE_LF -> {
                    expect(c, '\n', "after a chunk's size");
                    left = last ? 0 : left;
                    part = last ? Part.LAST_CR : Part.DATA;
                }
                case DATA_CR -> {
                    expect(c, '\r', "after a chunk");
                    part = Part.DATA_LF;
                }
                case DATA_LF -> {
                    expect(c, '\n', "after a chunk");
                    part = Part.SIZE;
                    digits = 0;
                    line = 0;
                }
                case LAST_CR -> {
                    expect(c, '\r', "after the last chunk (trailers are not accepted)");
                    part = Part.LAST_LF;
                }
                case LAST_LF -> {
                    expect(c, '\n', "after the last chunk");
                    part = Part.END;
                }
                case DATA, END -> throw new IllegalStateException(part.name());
            }
        }

        private void size(char c) throws RefusedException {
            int digit = c < 0x80 ? Character.digit(c, 16) : -1;
            if (digit >= 0) {
                if (++digits > MAX_SIZE_DIGITS) {
                    throw new RefusedException(FetchFailure.HTTP_MALFORMED, "chunk size of more than 8 digits");
                }
                left = left * 16 + digit;
                return;
            }
            if (digits == 0) {
                throw new RefusedException(
                        FetchFailure.HTTP_MALFORMED, "chunk size begins with " + Quote.remote(String.valueOf(c)));
            }
            last = left == 0;
            if (size() + left > limit) {
                throw new RefusedException(FetchFailure.TOO_LARGE, "chunked body of more than " + limit + " bytes");
            }
            part = Part.EXTENSION;
            extension(c);
        }

        private void extension(char c) throws RefusedException {
            if (c == '\r') {
                part = Part.SIZE_LF;
                return;
            }
            // nothing but an extension may follow the size (RFC 9112 §7.1.1), white space before it at most
            boolean proper = line > 0 ? c >= 0x20 && c != 0x7f || c == '\t' : c == ';' || c == ' ' || c == '\t';
            line += c == ';' || line > 0 ? 1 : 0;
            if (!proper || line > MAX_LINE) {
                throw new RefusedException(
                        FetchFailure.HTTP_MALFORMED, "chunk size followed by " + Quote.remote(String.valueOf(c)));
            }
        }

        private static void expect(char seen, char expected, String where) throws RefusedException {
            if (seen != expected) {
                throw new RefusedException(
                        FetchFailure.HTTP_MALFORMED,
                        "line end missing " + where + ", but " + Quote.remote(String.valueOf(seen)));
            }
        }

        @Override
        boolean isComplete() {
            return part == Part.END;
        }

        @Override
        String missing() {
            return "the connection ended within a chunked body, after " + size() + " bytes";
        }
    }
}
