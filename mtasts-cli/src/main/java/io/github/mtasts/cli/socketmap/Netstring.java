package io.github.mtasts.cli.socketmap;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** Netstrings: {@code 5:hello,}, a length without leading zeros, a colon, so many bytes, a comma. */
final class Netstring {
    /** The longest question read, in bytes. A map's name and a host with a port are shorter. */
    static final int LONGEST = 1024;

    /** What {@link #frame} returns where more bytes are needed. */
    static final int INCOMPLETE = -1;

    /** What {@link #frame} returns where no more bytes can make it a netstring of at most {@link #LONGEST} bytes. */
    static final int MALFORMED = -2;

    private static final int MOST_DIGITS = 4;

    private Netstring() {}

    /**
     * Looks for a whole netstring at the reader index. If there is one, the reader index is moved to its first byte, and the caller reads so many bytes and then the comma.
     *
     * @return the length of what is inside, {@link #INCOMPLETE} or {@link #MALFORMED}
     */
    static int frame(ByteBuf in) {
        int start = in.readerIndex();
        int end = in.writerIndex();
        int length = 0;
        int at = start;
        for (; at < end && in.getByte(at) != ':'; at++) {
            int digit = in.getByte(at) - '0';
            boolean afterZero = at == start + 1 && length == 0;
            if (digit < 0 || digit > 9 || afterZero || at - start == MOST_DIGITS) {
                return MALFORMED;
            }
            length = length * 10 + digit;
        }
        if (length > LONGEST || (at == start && at < end)) {
            return MALFORMED;
        }
        if (at == end || end - at - 1 <= length) {
            return INCOMPLETE;
        }
        if (in.getByte(at + 1 + length) != ',') {
            return MALFORMED;
        }
        in.readerIndex(at + 1);
        return length;
    }

    /** Writes ASCII text as a netstring. */
    static void write(String text, ByteBuf out) {
        out.writeCharSequence(Integer.toString(text.length()), StandardCharsets.US_ASCII);
        out.writeByte(':');
        out.writeCharSequence(text, StandardCharsets.US_ASCII);
        out.writeByte(',');
    }
}
