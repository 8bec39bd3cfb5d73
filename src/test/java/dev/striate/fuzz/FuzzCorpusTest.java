package dev.striate.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.striate.StriateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Replays the corpus: valid inputs of every kind, malformed ones, and those with which fuzzing found a fault. */
class FuzzCorpusTest {

    private static final Path CORPUS = Path.of("src", "test", "corpus");

    /** Inputs whose names start with this must be accepted. */
    private static final String VALID = "valid-";

    private static final Duration HANGS = Duration.ofSeconds(30);

    private static volatile byte[] sink = new byte[2];

    @TestFactory
    Stream<DynamicNode> corpus() {
        return FuzzTargets.ALL.keySet().stream().map(name -> {
            FuzzTarget target = FuzzTargets.named(name);
            return dynamicContainer(
                    name,
                    list(CORPUS.resolve(name))
                            .map(file -> dynamicTest(file.getFileName().toString(), file.toUri(), () -> {
                                byte[] input = Files.readAllBytes(file);
                                StriateException refusal =
                                        assertTimeoutPreemptively(HANGS, () -> FuzzDriver.check(target, input));
                                if (file.getFileName().toString().startsWith(VALID) && refusal != null) {
                                    throw refusal;
                                }
                            })));
        });
    }

    @Test
    void everyTargetHasInputs() {
        Set<String> folders = new TreeSet<>();
        list(CORPUS).filter(Files::isDirectory).forEach(folder -> {
            assertTrue(list(folder).findAny().isPresent(), () -> folder + " is empty");
            folders.add(folder.getFileName().toString());
        });
        assertEquals(FuzzTargets.ALL.keySet(), folders);
    }

    /** A driver that finds nothing would pass every corpus. */
    @Test
    void breachesAreFound() {
        breach(IllegalStateException.class, () -> {
            throw new IllegalStateException();
        });
        breach(AssertionError.class, () -> {
            throw new StriateException("");
        });
        breach(AssertionError.class, () -> sink = new byte[1 << 20]);
        breach(AssertionError.class, () -> {
            for (int i = 0; i < 1 << 22; i++) {
                sink[i & 1] ^= (byte) i;
            }
        });
    }

    private static void breach(Class<? extends Throwable> expected, Runnable body) {
        FuzzTarget target = new FuzzTarget() {

            @Override
            public void run(byte[] input) {
                body.run();
            }

            @Override
            public long mostAllocated(int length) {
                return 1 << 19;
            }

            @Override
            public Duration mostTime() {
                return Duration.ofMillis(1);
            }
        };
        assertThrows(expected, () -> FuzzDriver.check(target, new byte[1]));
    }

    private static Stream<Path> list(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.sorted().toList().stream();
        } catch (IOException e) {
            throw new AssertionError("cannot list " + folder, e);
        }
    }
}
