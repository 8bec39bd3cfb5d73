package dev.striate;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Another JVM that runs a class of the tests, output and errors in one stream; closed or after three minutes it is
 * killed.
 */
public final class JavaProcess implements AutoCloseable {

    private static final int MOST_SECONDS = 180;

    private final Process process;
    private final BufferedReader out;

    @SuppressWarnings("FutureReturnValueIgnored") // Nothing waits for the end of the process.
    private JavaProcess(Process process) {
        this.process = process;
        out = process.inputReader(StandardCharsets.UTF_8);
        // A read does not end otherwise if a line does not come.
        process.onExit().orTimeout(MOST_SECONDS, TimeUnit.SECONDS).whenComplete((ended, late) -> close());
    }

    public static JavaProcess start(Class<?> main, String... arguments) throws IOException {
        return start(main, Map.of(), arguments);
    }

    /** @param environment variables to set */
    public static JavaProcess start(Class<?> main, Map<String, String> environment, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        return new JavaProcess(builder.start());
    }

    public Process process() {
        return process;
    }

    /** Reads up to and including the first line that has a text, which is given back. */
    public String awaitLine(String text) throws IOException {
        StringBuilder before = new StringBuilder();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.contains(text)) {
                return line;
            }
            before.append(line).append('\n');
        }
        throw new AssertionError("the process ended without \"" + text + "\" but with:\n" + before);
    }

    /** Writes a line to its standard input. */
    public void sendLine(String line) throws IOException {
        process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
    }

    /** Asks it to end, as {@code kill} does. */
    public void terminate() {
        process.toHandle().destroy();
    }

    public int awaitStatus() throws InterruptedException {
        if (!process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("the process does not end");
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
