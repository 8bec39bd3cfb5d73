package dev.striate.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.module.ModuleFinder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/**
 * Starts this program once more with the Vector API, which a JVM has only if it was asked for when it started; a jar's manifest
 * cannot ask. Without it the results are the same and the CPU path is slower.
 */
final class VectorApiRestart {

    private static final System.Logger LOG = System.getLogger(VectorApiRestart.class.getName());
    private static final String MODULE = "jdk.incubator.vector";
    /** Tensors' arrays are kept in a pool: there is little garbage, and the default collector doubles the memory. */
    private static final List<String> FRUGAL = List.of("-XX:+UseSerialGC", "-Xmn16m");
    private static final String GUARD = "striate.restarted";
    private static final byte[] INCUBATOR_WARNING = "WARNING: Using incubator modules".getBytes(StandardCharsets.US_ASCII);

    private VectorApiRestart() {}

    /**
     * Runs the program in a JVM with the Vector API, if this one lacks it.
     *
     * @return the exit status of that JVM, or nothing if this one is to do the work
     */
    static OptionalInt run(String[] args) {
        if (System.getProperty(GUARD) != null) {
            endWithParent();
            return OptionalInt.empty();
        }
        if (ModuleLayer.boot().findModule(MODULE).isPresent() || ModuleFinder.ofSystem().find(MODULE).isEmpty()) {
            return OptionalInt.empty();
        }
        List<String> command = command(args);
        try {
            return OptionalInt.of(run(command));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "could not restart with --add-modules {0} ({1}); going on with the slower loops",
                    MODULE, e.getMessage());
            return OptionalInt.empty();
        }
    }

    private static List<String> command(String[] args) {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command()
                .orElse(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        List<String> own = ManagementFactory.getRuntimeMXBean().getInputArguments();
        if (own.stream().noneMatch(argument -> argument.matches("-XX:[+-]Use\\w+GC"))) {
            command.addAll(FRUGAL);
        }
        command.addAll(own);
        command.add("--add-modules=" + MODULE);
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-D" + GUARD + "=true");
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(args));
        return command;
    }

    private static int run(List<String> command) throws IOException {
        // The error stream passes through here only so that the JVM's line on incubator modules, its first, can be dropped.
        Process child = new ProcessBuilder(command).inheritIO().redirectError(ProcessBuilder.Redirect.PIPE).start();
        Thread hook = new Thread(() -> end(child));
        Runtime.getRuntime().addShutdownHook(hook);
        try (Interrupts passed = Interrupts.passTo(child);
                InputStream errors = child.getErrorStream();
                OutputStream target = new FileOutputStream(FileDescriptor.err)) {
            byte[] first = line(errors);
            if (!startsWith(first, INCUBATOR_WARNING)) {
                target.write(first);
            }
            errors.transferTo(target);
            return child.waitFor();
        } catch (InterruptedException e) {
            child.destroy();
            throw new IllegalStateException("interrupted while waiting for the restarted program", e);
        }
    }

    /** Whatever else ends this JVM, such as a terminal that is closed, ends the other. */
    private static void end(Process child) {
        child.destroy();
        try {
            child.waitFor(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A parent that was killed outright cannot pass anything on: the child sees to its own end. */
    private static void endWithParent() {
        ProcessHandle.current().parent().ifPresent(parent -> parent.onExit().thenRun(() -> Runtime.getRuntime().halt(1)));
    }

    private static byte[] line(InputStream in) throws IOException {
        byte[] line = new byte[1024];
        int length = 0;
        while (length < line.length) {
            int next = in.read();
            if (next < 0) {
                break;
            }
            line[length++] = (byte) next;
            if (next == '\n') {
                break;
            }
        }
        return Arrays.copyOf(line, length);
    }

    private static boolean startsWith(byte[] line, byte[] prefix) {
        return line.length >= prefix.length && Arrays.equals(line, 0, prefix.length, prefix, 0, prefix.length);
    }
}
