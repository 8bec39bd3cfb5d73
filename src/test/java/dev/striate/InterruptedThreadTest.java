package dev.striate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.data.Batch;
import dev.striate.data.DataLoader;
import dev.striate.data.TinyDigits;
import dev.striate.io.Image;
import dev.striate.io.Safetensors;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.Sequential;
import dev.striate.optim.Sgd;
import dev.striate.train.Checkpoint;
import dev.striate.train.CheckpointWriter;
import dev.striate.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/**
 * A thread whose interrupt flag is set, as {@code Future.cancel(true)} leaves it: what waits or uses a channel says
 * that the thread was interrupted, everything else works, the flag stays set, and files stay whole.
 */
class InterruptedThreadTest {

    private static final Device DEVICE = Device.cpu();

    @TempDir
    private Path directory;

    private final Sequential net = new Sequential(new Flatten(), new Linear(64, 10));
    private Sgd sgd;
    private Path file;
    private byte[] content;

    @BeforeEach
    void train() throws IOException {
        net.initialize(DEVICE, new Generator(0));
        sgd = new Sgd(net.parameters(), 0.1f);
        file = directory.resolve("model.safetensors");
        trainer().fit(loader(), null, 1);
        content = Files.readAllBytes(file);
        Thread.currentThread().interrupt();
    }

    @AfterEach
    void close() throws IOException {
        assertTrue(Thread.interrupted());
        sgd.close();
        net.close();
        assertArrayEquals(content, Files.readAllBytes(file));
        try (Stream<Path> left = Files.list(directory)) {
            assertTrue(left.noneMatch(path -> path.toString().endsWith(".tmp")));
        }
    }

    private Trainer trainer() {
        return Trainer.of(net, sgd, DEVICE).listener(new CheckpointWriter(file, Map.of()));
    }

    private static DataLoader loader() {
        return DataLoader.of(TinyDigits.test(), 50).prefetch(0);
    }

    private static void assertInterrupted(Executable call) {
        StriateException e = assertThrows(StriateException.class, call);
        assertTrue(e.getMessage().contains("interrupted"), e.getMessage());
        assertTrue(Thread.currentThread().isInterrupted());
    }

    @Test
    void filesOfTensorsNameTheInterrupt() {
        assertInterrupted(() -> Safetensors.read(file, DEVICE));
        assertInterrupted(() -> Safetensors.readMetadata(file));
        assertInterrupted(() -> net.load(file));
        assertInterrupted(() -> Checkpoint.read(file));
        assertInterrupted(() -> net.save(file, Map.of()));
        assertInterrupted(() -> trainer().fit(loader(), null, 1));
    }

    @Test
    void picturesAreReadAndWritten() {
        Path picture = directory.resolve("p.png");
        new Image(new byte[64], Shape.of(1, 8, 8)).write(picture);
        assertEquals(Shape.of(1, 8, 8), Image.read(picture).shape());
    }

    @Test
    void computationsGoOn() {
        try (Scope scope = Scope.open()) {
            assertEquals(
                    600f * 600 * 600,
                    Tensor.ones(DEVICE, 600, 600)
                            .matmul(Tensor.ones(DEVICE, 600, 600))
                            .sum()
                            .item());
        }
        int images = 0;
        for (Batch batch : loader()) {
            images += batch.size();
        }
        assertEquals(200, images);
    }

    @Test
    void waitingForABatchNamesTheInterrupt() {
        assertInterrupted(() -> {
            // A batch that is ready is handed out; one of many will not be.
            for (int epoch = 0; epoch < 100; epoch++) {
                loader().prefetch(1).forEach(Batch::close);
            }
        });
    }
}
