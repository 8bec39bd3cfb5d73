package dev.striate.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.JavaProcess;
import dev.striate.Tensor;
import dev.striate.data.DataLoader;
import dev.striate.data.TinyDigits;
import dev.striate.disk.AtomicFile;
import dev.striate.io.Safetensors;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.Sequential;
import dev.striate.optim.Adam;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whenever a process that writes checkpoints is killed, the last good one is there. */
class KilledWriterTest {

    /** How many checkpoints are written before each kill. */
    private static final int[] MOMENTS = {1, 5, 23};

    /** How often the file is read while it is written again and again. */
    private static final int READS = 150;

    @TempDir
    private Path directory;

    /**
     * Writes a checkpoint after each step, says so, and goes on without end. All weights have one value, the step's
     * number.
     */
    static final class Writer {

        public static void main(String[] arguments) {
            Path file = Path.of(arguments[0]);
            Device device = Device.cpu(1);
            Sequential net = new Sequential(new Flatten(), new Linear(64, 2000), new Linear(2000, 10));
            net.initialize(device, new Generator(1));
            Trainer.of(net, new Adam(net.parameters(), 0), device)
                    .listener(new TrainingListener() {
                        private Checkpoint.Saver saver;
                        private int steps;

                        @Override
                        public void onStart(TrainingStart start) {
                            saver = start.checkpoints();
                        }

                        @Override
                        public void onBatch(BatchEnd batch) {
                            steps++;
                            net.parameters()
                                    .values()
                                    .forEach(tensor -> tensor.detach().fill(steps));
                            saver.save(file, Map.of("steps", "" + steps));
                            System.out.println("written " + steps + ".");
                        }
                    })
                    .fit(DataLoader.of(TinyDigits.test(), 1), null, Integer.MAX_VALUE);
        }
    }

    @Test
    void lastGoodCheckpointIsThere() throws Exception {
        Path file = directory.resolve("checkpoint.safetensors");
        for (int moment : MOMENTS) {
            try (JavaProcess writer = JavaProcess.start(Writer.class, file.toString())) {
                writer.awaitLine("written " + moment + ".");
                for (int i = 0; i < READS; i++) {
                    Checkpoint.read(file);
                }
                writer.process().destroyForcibly();
                writer.awaitStatus();
            }
            int steps = Integer.parseInt(Checkpoint.read(file).metadata().get("steps"));
            assertTrue(steps >= moment, steps + " after " + moment);
            Map<String, Tensor> tensors = Safetensors.read(file, Device.reference());
            for (String name : List.of("1.weight", "1.bias", "2.weight", "2.bias")) {
                float[] expected = new float[tensors.get(name).shape().elements()];
                Arrays.fill(expected, steps);
                assertArrayEquals(expected, tensors.get(name).toFloatArray());
            }
            tensors.values().forEach(Tensor::close);
        }
        // What the killed ones left is away as soon as somebody writes once more.
        Safetensors.write(file, Map.of(), Map.of());
        assertEquals(List.of("checkpoint.safetensors"), names());
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(path -> path.getFileName().toString()).toList();
        }
    }

    /** Writes a file once; with a second argument, says so halfway and never ends. */
    static final class HalfWriter {

        public static void main(String[] arguments) {
            AtomicFile.write(Path.of(arguments[0]), channel -> {
                channel.write(ByteBuffer.wrap(new byte[] {2}));
                if (arguments.length > 1) {
                    System.out.println("half");
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                        throw new InterruptedIOException();
                    }
                }
            });
        }
    }

    @Test
    void halfAFileIsNeitherReadNorKept() throws Exception {
        Path file = directory.resolve("file");
        AtomicFile.write(file, "old");
        try (JavaProcess writer = JavaProcess.start(HalfWriter.class, file.toString(), "never")) {
            writer.awaitLine("half");
            assertEquals("old", Files.readString(file));
            AtomicFile.write(file, "other");
            assertEquals(2, names().size(), "what is being written stays");
            writer.process().destroyForcibly();
            writer.awaitStatus();
        }
        assertEquals("other", Files.readString(file));
        AtomicFile.write(file, "new");
        assertEquals(List.of("file"), names());
    }

    /** Neither another process nor another thread takes what is being written here for a leftover. */
    @Test
    void whatIsBeingWrittenStays() throws IOException {
        Path file = directory.resolve("file");
        AtomicFile.write(file, channel -> {
            channel.write(ByteBuffer.wrap(new byte[] {1}));
            AtomicFile.write(file, "inner");
            assertEquals("inner", Files.readString(file));
            try (JavaProcess writer = JavaProcess.start(HalfWriter.class, file.toString())) {
                assertEquals(0, writer.awaitStatus());
            } catch (InterruptedException e) {
                throw new InterruptedIOException();
            }
            assertArrayEquals(new byte[] {2}, Files.readAllBytes(file));
        });
        assertArrayEquals(new byte[] {1}, Files.readAllBytes(file));
    }
}
