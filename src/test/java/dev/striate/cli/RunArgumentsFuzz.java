package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.fuzz.FuzzTarget;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** The command of a checkpoint's run and its arguments: a line each, the arguments as JSON. */
public final class RunArgumentsFuzz implements FuzzTarget {

    private static final Path FILE = Path.of("model.safetensors");

    @Override
    public void run(byte[] input) {
        String[] lines = new String(input, StandardCharsets.UTF_8).split("\n", 2);
        RunArguments arguments = RunArguments.of(
                FILE, lines.length < 2 ? Map.of() : Map.of("run.command", lines[0], "run.arguments", lines[1]));
        assertEquals(arguments, RunArguments.of(FILE, arguments.toMetadata()));
        arguments.parseInto(new LeNetCommand(), FILE);
    }
}
