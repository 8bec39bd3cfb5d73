package dev.striate.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {

    private static final int WRITES = 300;

    @TempDir
    private Path directory;

    /** Looks for leftovers again and again. */
    static final class Remover {

        public static void main(String[] arguments) throws IOException {
            System.out.println("begun");
            while (true) {
                AtomicFile.removeLeftovers(Path.of(arguments[0]));
            }
        }
    }

    /** Between its creation and its lock, a temporary file looks like a leftover. */
    @Test
    void aWriterWhoseTemporaryFileIsRemovedMakesAnother() throws Exception {
        Path file = directory.resolve("file");
        try (JavaProcess remover = JavaProcess.start(Remover.class, file.toString())) {
            remover.awaitLine("begun");
            for (int i = 0; i < WRITES; i++) {
                String text = "text " + i;
                AtomicFile.write(file, text);
                assertEquals(text, Files.readString(file));
            }
            remover.process().destroyForcibly();
            remover.awaitStatus();
        }
    }
}
