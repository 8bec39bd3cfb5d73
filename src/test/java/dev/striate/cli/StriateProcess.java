package dev.striate.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
        return run(Path.of(""), environment, java(jvm, arguments));
    }

    /** Runs any command in a directory. */
    static StriateProcess run(Path directory, Map<String, String> environment, List<String> command)
            throws IOException, InterruptedException {
        Path out = Files.createTempFile("striate", ".out");
        Path err = Files.createTempFile("striate", ".err");
        try {
            Process process = start(directory, environment, out, err, command);
            if (!process.waitFor(MOST_MINUTES, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new AssertionError("not finished after " + MOST_MINUTES + " minutes: " + command);
            }
            return new StriateProcess(
                    process.exitValue(),
                    Files.readString(out, StandardCharsets.UTF_8),
                    Files.readString(err, StandardCharsets.UTF_8));
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    /** Starts the jar and does not wait for its end. */
    static Process start(List<String> jvm, Map<String, String> environment, Path out, Path err, String... arguments)
            throws IOException {
        return start(Path.of(""), environment, out, err, java(jvm, arguments));
    }

    /** Starts any command in a directory and does not wait for its end. */
    static Process start(Path directory, Map<String, String> environment, Path out, Path err, List<String> command)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toAbsolutePath().toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** The command line of the jar. */
    static List<String> java(List<String> jvm, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
        command.addAll(jvm);
        command.addAll(List.of("-jar", System.getProperty("striate.jar")));
        command.addAll(Arrays.asList(arguments));
        return command;
    }
}
