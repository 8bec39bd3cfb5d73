package dev.striate.cli;

import dev.striate.StriateException;
import dev.striate.fuzz.FuzzTarget;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** A command line, one argument per line. */
public final class CommandLineFuzz implements FuzzTarget {

    @Override
    public void run(byte[] input) {
        String[] arguments = new String(input, StandardCharsets.UTF_8).split("\n");
        try {
            Main.configure(new CommandLine(Main.class)).parseArgs(arguments);
        } catch (ParameterException refused) {
            throw new StriateException(refused.getMessage(), refused);
        }
    }
}
