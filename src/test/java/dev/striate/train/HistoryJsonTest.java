package dev.striate.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.striate.Cost;
import dev.striate.StriateException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HistoryJsonTest {

    @Test
    void epochsComeBackWithAllTheirBits() throws Exception {
        List<EpochEnd> epochs = new ArrayList<>();
        epochs.add(
                new EpochEnd(1, 3, 7, 0.1, 1 / 3.0, Map.of(), null, 1e-3f, Double.MIN_VALUE, Double.POSITIVE_INFINITY));
        epochs.add(new EpochEnd(
                2,
                3,
                7,
                Double.NaN,
                0,
                Map.of(),
                new Evaluation(0.25, new int[0], new int[][] {{3, 1}, {0, 2}}),
                1,
                1,
                7));
        epochs.add(new EpochEnd(
                3, 3, 7, 0.5, 0, Map.of(), new Evaluation(0.125, new int[0], new int[][] {{4, 0}, {0, 2}}), 1, 1, 7));
        List<EpochEnd> read = HistoryJson.read(HistoryJson.write(epochs));
        assertEquals(epochs.get(0), read.get(0));
        assertEquals(Double.NaN, read.get(1).trainLoss());
        assertEquals(5, read.get(1).validation().correct());
        assertEquals(0, read.get(1).validation().confusion().length);
        assertEquals(2, read.get(2).validation().total(1));
    }

    /** In quadratic time, this took minutes. */
    @ParameterizedTest
    @ValueSource(strings = {"", ",\"test_confusion\":[[1]]"})
    void longHistoriesAreReadInLinearTime(String test) {
        StringBuilder text = new StringBuilder("[");
        for (int epoch = 1; epoch <= 200_000; epoch++) {
            text.append(epoch == 1 ? "" : ",")
                    .append("{\"epoch\":")
                    .append(epoch)
                    .append(test)
                    .append('}');
        }
        String history = text.append(']').toString();
        double seconds = Cost.cpuSeconds(() -> {
            try {
                assertEquals(200_000, HistoryJson.read(history).size());
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        assertTrue(seconds < 10, seconds + " s");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "[1]",
                "[[[[[[[[[[[[",
                "[{\"epoch\":2}]",
                "[{\"epoch\":1}",
                "[{\"epoch\":1}] 2",
                "[{\"epoch\":1,\"epoch\":1}]",
                "[{\"epoch\":1,\"x\":1}]",
                "[{\"epoch\":99999999999}]",
                "[{\"epoch\":1.5}]",
                "[{\"epoch\":1,\"seconds\":\"x\"}]",
                "[{\"epoch\":1,\"test_images\":1,\"test_correct\":2}]",
                "[{\"epoch\":1,\"test_confusion\":[[1,2]]}]",
                "[{\"epoch\":1,\"test_confusion\":[[2147483647,1],[0,0]]}]",
                "[{\"epoch\":1,\"test_confusion\":[[[[[[[[[["
            })
    void othersAreRefused(String text) {
        assertThrows(JsonProcessingException.class, () -> HistoryJson.read(text));
        assertDamaged(text);
    }

    @Test
    void tokensOfAnyLengthAreRefused() {
        assertDamaged("[{\"epoch\":" + "1".repeat(100_000));
        assertDamaged("[{\"" + "x".repeat(100_000) + "\":1}]");
        assertDamaged("[{\"seconds\":\"" + "\u001b".repeat(1000) + "\"}]");
        assertDamaged("[{\"seconds\":1e" + "9".repeat(900) + "}]");
    }

    private static void assertDamaged(String text) {
        CheckpointFields fields = new CheckpointFields(Path.of("f"), Map.of("h", text));
        String message =
                assertThrows(StriateException.class, () -> fields.history("h")).getMessage();
        // Excerpts of the text and of the parser's message, with up to six characters for each of theirs.
        assertTrue(message.startsWith("f is a damaged checkpoint: h is ") && message.length() < 1400, message);
        assertEquals(-1, message.indexOf('\u001b'));
    }

    @Test
    void otherFieldsAreShownInPart() {
        String key = "k".repeat(1000);
        CheckpointFields fields = new CheckpointFields(Path.of("f"), Map.of(key, "/".repeat(10_000_000)));
        String message = assertThrows(StriateException.class, () -> fields.generator(key))
                .getMessage();
        assertTrue(message.contains("expected a seed and a stream") && message.length() < 400, message);
    }
}
