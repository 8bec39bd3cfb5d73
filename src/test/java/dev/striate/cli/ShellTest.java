package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.disk.PrintableText;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

class ShellTest {

    private static final List<String> WORDS = List.of(
            "plain/word-1.txt",
            "",
            "-x",
            "my data",
            "it's",
            "$(touch pwned)",
            "`id`",
            "a\"b",
            "\\n",
            "a\nb\n",
            "~",
            "*",
            "a;b&c|d",
            "#x",
            "ä漢",
            "!x",
            "\u001b[31mred\u0007",
            "\u202eesrever\u009b",
            "%s %n",
            "a\tb\r");

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no POSIX shell")
    void theShellReadsTheWordThatWasQuoted() throws Exception {
        String words = WORDS.stream().map(Shell::quote).collect(Collectors.joining(" "));
        assertTrue(words.codePoints().allMatch(c -> c == '\n' || PrintableText.isPrintable(c)), words);
        Process shell = new ProcessBuilder("sh").redirectErrorStream(true).start();
        shell.getOutputStream().write(("printf '%s\\0' " + words).getBytes(StandardCharsets.UTF_8));
        shell.getOutputStream().close();
        String read = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(String.join("\0", WORDS) + "\0", read);
    }

    @Test
    void wordsWithoutSpecialCharactersStayAsTheyAre() {
        assertEquals("--resume=out/model.safetensors", Shell.quote("--resume=out/model.safetensors"));
    }
}
