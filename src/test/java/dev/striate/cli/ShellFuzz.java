package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.disk.PrintableText;
import dev.striate.fuzz.FuzzTarget;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** An argument in a command line to paste: the terminal shows it as text, and the shell reads it as it was. */
public final class ShellFuzz implements FuzzTarget {

    private static final boolean HAS_SHELL = new File("/bin/sh").canExecute();

    @Override
    public void run(byte[] input) throws IOException {
        // No argument can contain a NUL.
        String argument = new String(input, StandardCharsets.UTF_8).replace("\0", "");
        String word = Shell.quote(argument);
        assertTrue(word.codePoints().allMatch(c -> c == '\n' || PrintableText.isPrintable(c)), word);
        if (HAS_SHELL) {
            Process shell =
                    new ProcessBuilder("/bin/sh").redirectErrorStream(true).start();
            shell.getOutputStream().write(("printf '%s.' " + word).getBytes(StandardCharsets.UTF_8));
            shell.getOutputStream().close();
            assertEquals(argument + ".", new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        }
    }
}
