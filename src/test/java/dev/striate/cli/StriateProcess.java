package dev.striate.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A finished run of the jar that the build has made, as a user would start it.
 *
 * @param status the exit status
 * @param out    standard output
 * @param err    the error stream
 */
record StriateProcess(int status, String out, String err) {

    private static final long MOST_MINUTES = 3;

    /** {@code java -jar target/striate.jar arguments...}. */
    static StriateProcess run(String... arguments) throws IOException, InterruptedException {
        return run(List.of(), Map.of(), arguments);
    }

    /**
     * The same with more.
     *
     * @param jvm         options of the JVM
     * @param environment variables to set
     */
    static StriateProcess run(List<String> jvm, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        Path out = Files.createTempFile("striate", ".out");
        Path err = Files.createTempFile("striate", ".err");
        try {
            Process process = start(jvm, environment, out, err, arguments);
            if (!process.waitFor(MOST_MINUTES, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new AssertionError("not finished after " + MOST_MINUTES + " minutes: " + List.of(arguments));
            }
            return new StriateProcess(process.exitValue(), Files.readString(out, StandardCharsets.UTF_8),
                    Files.readString(err, StandardCharsets.UTF_8));
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    /** Starts the jar and does not wait for its end. */
    static Process start(List<String> jvm, Map<String, String> environment, Path out, Path err, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
        command.addAll(jvm);
        command.addAll(List.of("-jar", System.getProperty("striate.jar")));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }
}
