package io.github.mtasts.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A chunked body means the same however its bytes arrive, and what a plain reading of the grammar (RFC 9112 §7.1) says. */
class ChunkFuzz {
    private static final int LIMIT = 1000;
    private static final Pattern CHUNK =
            Pattern.compile("([0-9A-Fa-f]{1,8})[ \\t]*(?:;[\\t\\x20-\\x7E\\x80-\\xFF]{0,1023})?\\r\\n");

    @DictionaryEntries({"0\\x0D\\x0A\\x0D\\x0A", "\\x0D\\x0A", "1\\x0D\\x0Ax\\x0D\\x0A", ";x=y", "ffffffff", "3e8"})
    @FuzzTest
    void aChunkedBodyIsWhatTheGrammarSaysHoweverItArrives(byte[] bytes) {
        Outcome whole = read(bytes, bytes.length);
        Outcome byteByByte = read(bytes, 1);

        assertThat(byteByByte).isEqualTo(whole);
        assertThat(whole.content().length()).isLessThanOrEqualTo(LIMIT);
        String expected = plainReading(new String(bytes, StandardCharsets.ISO_8859_1));
        if (expected == null) {
            assertThat(whole.complete()).isFalse();
        } else {
            assertThat(whole).isEqualTo(new Outcome(true, expected, ""));
        }
    }

    private record Outcome(boolean complete, String content, String refused) {}

    private static Outcome read(byte[] bytes, int step) {
        ResponseBody body = ResponseBody.chunked(LIMIT);
        String refused = "";
        try {
            for (int at = 0; at < bytes.length; at += step) {
                body.accept(ByteBuffer.wrap(bytes, at, Math.min(step, bytes.length - at)));
            }
        } catch (RefusedException e) {
            refused = String.valueOf(e.getMessage());
        }
        boolean complete = body.isComplete();
        // what was taken of a body that is refused or cut is thrown away
        return new Outcome(complete, complete ? new String(body.content(), StandardCharsets.ISO_8859_1) : "", refused);
    }

    /** The content if a whole body within the limit stands at the beginning; otherwise null. */
    private static @Nullable String plainReading(String text) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        Matcher chunk = CHUNK.matcher(text);
        int at = 0;
        while (chunk.region(at, text.length()).lookingAt()) {
            long size = Long.parseLong(chunk.group(1), 16);
            at = chunk.end();
            if (size == 0) {
                return text.startsWith("\r\n", at) ? content.toString(StandardCharsets.ISO_8859_1) : null;
            }
            if (content.size() + size > LIMIT || !text.startsWith("\r\n", at + (int) size)) {
                return null;
            }
            content.writeBytes(text.substring(at, at + (int) size).getBytes(StandardCharsets.ISO_8859_1));
            at += (int) size + 2;
        }
        return null;
    }
}
