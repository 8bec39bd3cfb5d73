package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.JavaProcess;
import dev.striate.StriateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputDirectoryTest {

    @TempDir
    private Path directory;

    /** The message does not assume that --out was given. */
    @Test
    void aDirectoryThatCannotBeWrittenToIsNamed() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        Path wanted = file.resolve("inspect");
        StriateException e = assertThrows(StriateException.class, () -> OutputDirectory.open(wanted));
        assertEquals(
                "cannot write to the directory " + wanted + ": " + file
                        + " is not a directory; choose another one with --out",
                e.getMessage());
    }

    @Test
    void eachNewDirectoryHasItsOwnName() {
        Path wanted = directory.resolve("runs").resolve("lenet");
        ConcurrentLinkedQueue<OutputDirectory> opened = new ConcurrentLinkedQueue<>();
        IntStream.range(0, 8).parallel().forEach(i -> opened.add(OutputDirectory.openNew(wanted)));
        Set<Path> paths = new HashSet<>();
        opened.forEach(each -> paths.add(each.path()));
        assertEquals(8, paths.size());
        assertTrue(
                paths.contains(wanted)
                        && paths.contains(directory.resolve("runs").resolve("lenet-8")),
                paths.toString());
        opened.forEach(OutputDirectory::close);
        assertFalse(Files.exists(wanted));
    }

    @Test
    void onlyTheResultIsLeft() throws IOException {
        Path wanted = directory.resolve("a").resolve("b");
        OutputDirectory.open(wanted).close();
        assertFalse(Files.exists(wanted.getParent()), "nothing was written");
        try (OutputDirectory output = OutputDirectory.open(wanted)) {
            assertThrows(
                    StriateException.class,
                    () -> output.write(target -> {
                        Files.writeString(target.resolve("half"), "x");
                        throw new IOException("full");
                    }));
            output.write(target -> Files.writeString(target.resolve("whole"), "x"));
        }
        assertEquals(List.of("whole"), names(wanted));
    }

    /** Opens a directory and stays. */
    static final class Holder {

        public static void main(String[] arguments) throws Exception {
            OutputDirectory.open(Path.of(arguments[0]));
            System.out.println("opened");
            Thread.sleep(Long.MAX_VALUE);
        }
    }

    @Test
    void aDirectoryBelongsToOneLivingProcess() throws Exception {
        try (JavaProcess holder = JavaProcess.start(Holder.class, directory.toString())) {
            holder.awaitLine("opened");
            StriateException e = assertThrows(StriateException.class, () -> OutputDirectory.open(directory));
            assertTrue(
                    e.getMessage().startsWith("another process is writing to the directory " + directory),
                    e.getMessage());
            // It leaves the lock's file, and no lock.
            holder.process().destroyForcibly();
            holder.awaitStatus();
            assertFalse(names(directory).isEmpty());
        }
        OutputDirectory.open(directory).close();
        assertEquals(List.of(), names(directory));
    }

    @Test
    void aReportNeverStandsBesideAnotherRunsModel() throws IOException {
        for (String file : List.of("model.safetensors", "result.json", "cnn-curves.png", "notes.txt")) {
            Files.createFile(directory.resolve(file));
        }
        StriateException e = assertThrows(StriateException.class, () -> RunFolder.open(directory, "lenet", false));
        assertTrue(
                e.getMessage().contains("holds the files of an earlier run (cnn-curves.png and 2 more)"),
                e.getMessage());
        assertTrue(e.getMessage().contains("--overwrite"), e.getMessage());
        Path model = directory.resolve("model.safetensors");
        Path through = Files.createSymbolicLink(directory.resolve("link"), directory);
        for (Path wanted : new Path[] {null, directory, through}) {
            try (RunFolder resumed = RunFolder.reopen(model, wanted, false)) {
                resumed.removeOutdated();
            }
            assertEquals(List.of("link", "model.safetensors", "notes.txt"), names(directory));
        }
        Path other = directory.resolve("other").resolve("model.safetensors");
        assertThrows(StriateException.class, () -> RunFolder.reopen(other, directory, false));
        try (RunFolder replaced = RunFolder.open(directory, "lenet", true)) {
            assertTrue(names(directory).contains("model.safetensors"), "until the new run begins");
            replaced.removeOutdated();
        }
        assertEquals(List.of("link", "notes.txt"), names(directory));
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
