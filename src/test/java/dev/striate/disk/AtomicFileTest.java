package dev.striate.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.striate.JavaProcess;
import dev.striate.StriateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
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

    // ---- Links and permissions

    @Test
    void aLinkStaysAndItsTargetIsReplaced() throws IOException {
        Path folder = Files.createDirectory(directory.resolve("folder"));
        Path target = Files.writeString(folder.resolve("target"), "old");
        Path middle = Files.createSymbolicLink(folder.resolve("middle"), Path.of("target"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("folder", "middle"));
        AtomicFile.write(link, "new");
        assertTrue(Files.isSymbolicLink(link) && Files.isSymbolicLink(middle));
        assertEquals("new", Files.readString(target));

        Path dangling = Files.createSymbolicLink(directory.resolve("dangling"), folder.resolve("missing"));
        AtomicFile.write(dangling, "made");
        assertTrue(Files.isSymbolicLink(dangling));
        assertEquals("made", Files.readString(folder.resolve("missing")));

        Path loop = Files.createSymbolicLink(directory.resolve("loop"), Path.of("loop"));
        StriateException e = assertThrows(StriateException.class, () -> AtomicFile.write(loop, "x"));
        assertTrue(e.getMessage().contains("too many levels of symbolic links"), e.getMessage());
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there are no such permissions")
    void theFileKeepsItsPermissionsAndOwner() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "old");
        for (String permissions : List.of("rw-------", "rwxrwxrwx", "r--r-----")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
            UserPrincipal owner = Files.getOwner(file);
            AtomicFile.write(file, permissions);
            assertEquals(permissions, Files.readString(file));
            assertEquals(permissions, PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
            assertEquals(owner, Files.getOwner(file));
        }
    }

    @Test
    void aRootUserKeepsTheOwner() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "only the superuser may give a file away");
        Path file = Files.writeString(directory.resolve("file"), "old");
        Files.setAttribute(file, "unix:uid", 12345);
        Files.setAttribute(file, "unix:gid", 12346);
        AtomicFile.write(file, "new");
        assertEquals(12345, Files.getAttribute(file, "unix:uid"));
        assertEquals(12346, Files.getAttribute(file, "unix:gid"));
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no mkfifo")
    void onlyRegularFilesAreReplaced() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        for (Path other : List.of(pipe, directory)) {
            StriateException e = assertThrows(StriateException.class, () -> AtomicFile.write(other, "x"));
            assertEquals(
                    "cannot write " + other + ": it is " + (other == pipe ? "not a regular file" : "a directory"),
                    e.getMessage());
        }
        assertFalse(Files.isRegularFile(pipe));
    }

    // ---- Leftovers

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
