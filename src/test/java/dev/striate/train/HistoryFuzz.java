package dev.striate.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.StriateException;
import dev.striate.fuzz.FuzzTarget;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** The epochs of a checkpoint as JSON. */
public final class HistoryFuzz implements FuzzTarget {

    @Override
    public void run(byte[] input) throws IOException {
        String written;
        try {
            written = HistoryJson.write(HistoryJson.read(new String(input, StandardCharsets.UTF_8)));
        } catch (IOException refused) {
            throw new StriateException("refused", refused);
        }
        assertEquals(written, HistoryJson.write(HistoryJson.read(written)));
    }
}
