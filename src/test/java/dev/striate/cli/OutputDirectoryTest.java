package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.striate.StriateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputDirectoryTest {

    @TempDir
    private Path directory;

    /** Nobody need have given {@code --out}, nor need anything be about to train. */
    @Test
    void aDirectoryThatCannotBeWrittenToIsNamed() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        Path wanted = file.resolve("inspect");
        StriateException e = assertThrows(StriateException.class, () -> new OutputDirectory(wanted));
        assertEquals("cannot write to the directory " + wanted + ": " + file
                + " is not a directory; choose another one with --out", e.getMessage());
    }
}
