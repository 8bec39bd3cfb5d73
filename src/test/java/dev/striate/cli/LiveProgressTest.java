package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.nn.Flatten;
import dev.striate.train.BatchEnd;
import dev.striate.train.EpochEnd;
import dev.striate.train.TrainingStart;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class LiveProgressTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final LiveProgress live = new LiveProgress(new PrintStream(bytes, true, StandardCharsets.UTF_8), "", true);

    private static BatchEnd batch(int epoch, int step, double loss, double accuracy) {
        return new BatchEnd(epoch, 10, step, 391, 128 * step, loss, accuracy, 0.1f);
    }

    private static String line(int columns, BatchEnd batch) {
        return LiveProgress.line("", batch, 12345.6, 12.4, 3725, columns);
    }

    @Test
    void whatDoesNotFitIsLeftOut() {
        BatchEnd batch = batch(3, 20, 0.43214, 0.9123);
        assertEquals(
                "3/10   20/391  loss 0.4321  acc 91.2 %  12,346 images/s  epoch 0:12  1:02:05 left", line(100, batch));
        assertEquals("3/10   20/391  loss 0.4321  12,346 images/s  epoch 0:12  1:02:05 left", line(79, batch));
        assertEquals("3/10   20/391  loss 0.4321  1:02:05 left", line(40, batch));
        assertEquals("3/10   20/391  loss 0.4321", line(39, batch));
        assertEquals("3/10", line(3, batch));
        assertEquals(
                "3/10   20/391  loss 0.4321  12,346 images/s  epoch 0:12  1:02:05 left",
                line(100, batch(3, 20, 0.43214, Double.NaN)));
        assertEquals("CNN 3/10   20/391", LiveProgress.line("CNN", batch, 1, 1, 1, 17));
    }

    @Test
    void drawsTheFirstStepAndTheLastOfAnEpoch() {
        start(List.of(), 0);
        live.onBatch(batch(1, 1, 2.5, 0.1));
        live.onBatch(batch(1, 2, 2.25, 0.1));
        live.onBatch(batch(1, 391, 1.5, 0.1));
        String shown = bytes.toString(StandardCharsets.UTF_8);
        assertTrue(shown.startsWith("\r1/10    1/391  loss 2.5000"), shown);
        assertFalse(shown.contains("loss 2.25"), shown);
        assertTrue(shown.contains("\r1/10  391/391  loss 1.5000"), shown);
    }

    @Test
    void epochIsALineAndEndsIt() {
        start(List.of(), 0);
        live.onBatch(batch(1, 391, 1.5, 0.1));
        live.onEpoch(new EpochEnd(1, 10, 200, 1, 0.5, Map.of(), null, 0.1f, 2, 100));
        String[] lines = bytes.toString(StandardCharsets.UTF_8).split("\r", -1);
        assertEquals("epoch  1/10  loss 1.0000  acc 50.00 %  lr 0.100  100 images/s", lines[2].stripTrailing());
        assertTrue(lines[2].endsWith(System.lineSeparator()), lines[2]);
        live.close();
        assertEquals(1, bytes.toString(StandardCharsets.UTF_8).split("\n", -1).length - 1);
    }

    @Test
    void anEpochsLineIsCutBetweenNumbers() {
        String line = "epoch  3/30  loss 0.5000  acc 75.00 %  val loss 0.2500  val acc 100.00 %  lr 0.00500";
        assertEquals(
                "epoch  3/30  loss 0.5000  acc 75.00 %  val loss 0.2500  val acc 100.00 %",
                LiveProgress.fitted(line, 79));
        assertEquals("epoch  3/30  loss 0.5000  acc 75.00 %", LiveProgress.fitted(line, 39));
        assertEquals("epoch  3/30  loss 0.5000  acc 75.00 %", LiveProgress.fitted(line, 37));
        assertEquals("epoch  3/30  loss 0.5000", LiveProgress.fitted(line, 36));
        assertEquals(line, LiveProgress.fitted(line, line.length()));
    }

    /** Images before the run was resumed do not count towards the speed. */
    @Test
    void speedOfAResumedRunIsThatOfNewSteps() throws InterruptedException {
        List<EpochEnd> history = List.of(new EpochEnd(1, 10, 391 * 128, 1, 0.5, Map.of(), null, 0.1f, 2, 100));
        start(history, 390);
        Thread.sleep(20);
        live.onBatch(batch(2, 391, 2.5, 0.1));
        String shown = bytes.toString(StandardCharsets.UTF_8);
        Matcher speed = Pattern.compile("([0-9,]+) images/s").matcher(shown);
        assertTrue(speed.find(), shown);
        assertTrue(Integer.parseInt(speed.group(1).replace(",", "")) <= 128 / 0.02, shown);
    }

    private void start(List<EpochEnd> history, int step) {
        live.onStart(new TrainingStart(
                new Flatten(), Device.cpu(1), 10, 391, 391 * 128, 0, history, step, (file, metadata) -> {}));
    }
}
