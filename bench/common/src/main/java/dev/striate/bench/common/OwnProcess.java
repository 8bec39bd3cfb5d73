package dev.striate.bench.common;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** A new JVM, for what only a fresh process shows: the time from its start, its memory, and what its JIT compiled. */
public final class OwnProcess {

    /** The module of Striate's CPU path. */
    public static final List<String> VECTORS = List.of("--add-modules", "jdk.incubator.vector");
    /** What keeps a heap small in which large arrays live long, as {@code ./striate} does. */
    public static final List<String> FRUGAL = List.of("-XX:+UseSerialGC", "-Xmn16m");

    private static final String STARTED = "bench.started";

    private OwnProcess() {}

    /** Runs a class with this class path and no changes of the environment. */
    public static String run(Class<?> program, List<String> flags, List<String> arguments)
            throws IOException, InterruptedException {
        return run(program, flags, Map.of(), System.getProperty("java.class.path"), arguments);
    }

    /**
     * Runs a class in a JVM of this version.
     *
     * @param flags       flags of that JVM
     * @param environment additions to the environment
     * @return the last line of the output
     * @throws IOException if the exit status is not 0 or nothing was printed
     */
    public static String run(
            Class<?> program,
            List<String> flags,
            Map<String, String> environment,
            String classPath,
            List<String> arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("-cp", classPath, program.getName()));
        command.addAll(arguments);
        String[] last = {""};
        run(flags, environment, command, line -> last[0] = line);
        if (last[0].isEmpty()) {
            throw new IOException(program.getSimpleName() + " " + String.join(" ", arguments) + " printed nothing");
        }
        return last[0];
    }

    /**
     * Runs a command line of Java, from the class path or {@code -jar} on.
     *
     * @param line gets each line of the output as soon as it is printed
     */
    public static void run(
            List<String> flags, Map<String, String> environment, List<String> program, Consumer<String> line)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(flags);
        // Properties of DJL, and the limit of the vector width.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> flag.startsWith("-D") || flag.startsWith("-XX:UseAVX"))
                .forEach(command::add);
        // The last thing before the start: both processes share the wall clock.
        command.add("-D" + STARTED + "=" + Instant.now());
        command.addAll(program);
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.inputReader().lines().forEach(line);
        int status = process.waitFor();
        if (status != 0) {
            throw new IOException("exit status " + status + ": java " + String.join(" ", program));
        }
    }

    /** In such a process: returns the seconds since just before it was started. */
    public static double seconds() {
        return Duration.between(Instant.parse(System.getProperty(STARTED)), Instant.now())
                        .toNanos()
                * 1e-9;
    }

    /** Returns the greatest resident memory of this process so far, VmHWM of /proc/self/status. */
    public static long peakBytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmHWM:")) {
                return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException("/proc/self/status has no VmHWM");
    }
}
