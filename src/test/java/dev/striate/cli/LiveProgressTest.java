package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.nn.Flatten;
import dev.striate.train.EpochEnd;
import dev.striate.train.TrainingStart;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class LiveProgressTest {

    /**
     * What is behind a training that is resumed amid its second epoch: the bar starts there, and the speed is of what
     * follows.
     */
    @Test
    void startsWhereTheTrainingIs() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        List<EpochEnd> history = List.of(new EpochEnd(1, 4, 200, 1, 0.5, null, 0.1f, 2, 100));
        try (LiveProgress live = new LiveProgress(new PrintStream(bytes, true, StandardCharsets.UTF_8), "", false)) {
            live.onStart(
                    new TrainingStart(new Flatten(), Device.cpu(1), 4, 5, 200, 0, history, 3, (file, metadata) -> {}));
        }
        String shown = bytes.toString(StandardCharsets.UTF_8);
        assertTrue(shown.contains(" 40% ") && shown.contains("320/800"), shown);
    }
}
