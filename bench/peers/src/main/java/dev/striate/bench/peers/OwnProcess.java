package dev.striate.bench.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A JVM of its own for what only such a process can show: the time from its start, and its peak resident memory. */
final class OwnProcess {

    /** What Striate's CPU path is fast with. */
    static final List<String> VECTORS = List.of("--add-modules", "jdk.incubator.vector");
    /** What keeps a heap small in which large arrays live long. */
    static final List<String> FRUGAL = List.of("-XX:+UseSerialGC", "-Xmn16m");

    private static final String STARTED = "peers.started";

    private OwnProcess() {}

    /**
     * Runs a class in a JVM of this one's version and class path.
     *
     * @param flags       of that JVM
     * @param environment what is added to the environment
     * @return the last line that it prints
     * @throws IOException if it ends with another status than 0 or prints nothing
     */
    static String run(Class<?> program, List<String> flags, Map<String, String> environment, List<String> arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(flags);
        for (String name : new String[] {"ai.djl.offline", "OPT_OUT_TRACKING", "DJL_CACHE_DIR", "ENGINE_CACHE_DIR"}) {
            command.add("-D" + name + "=" + System.getProperty(name));
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        // The last thing before the start: the clock that both processes share is the wall's.
        command.add("-D" + STARTED + "=" + Instant.now());
        command.add(program.getName());
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes()).strip();
        int code = process.waitFor();
        if (code != 0 || output.isEmpty()) {
            throw new IOException("the process " + program.getSimpleName() + " " + String.join(" ", arguments)
                    + " ended with " + code + " and said: " + output);
        }
        return output.substring(output.lastIndexOf('\n') + 1);
    }

    /** In such a process: seconds since just before it was started. */
    static double seconds() {
        return Duration.between(Instant.parse(System.getProperty(STARTED)), Instant.now())
                        .toNanos()
                * 1e-9;
    }

    /** This process's resident memory at most so far, VmHWM of /proc/self/status. */
    static long peakBytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmHWM:")) {
                return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException("/proc/self/status has no VmHWM");
    }
}
