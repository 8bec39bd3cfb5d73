package dev.striate.cli;

import dev.striate.disk.PrintableText;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/** Command lines to paste into a POSIX shell. */
final class Shell {

    /** The system property in which {@code ./striate} passes the name under which it was called. */
    private static final String PROGRAM = "striate.program";

    private Shell() {}

    /** Returns a command line that calls this program as the user did, but with other arguments. */
    static String command(List<String> arguments) {
        String script = System.getProperty(PROGRAM);
        String program = script != null ? quote(script) : "java -jar " + quote(System.getProperty("java.class.path"));
        return program
                + arguments.stream().map(argument -> " " + quote(argument)).collect(Collectors.joining());
    }

    /**
     * Quotes a text as one word for the shell. Control characters, which a terminal would interpret, are produced by
     * {@code printf}. Line feeds are kept, because the shell would remove them from the end of the output of {@code
     * printf}.
     */
    static String quote(String text) {
        if (text.matches("[\\w./+@%=:,-]+")) {
            return text;
        }
        StringBuilder word = new StringBuilder("'");
        text.codePoints().forEach(c -> {
            if (c == '\'') {
                word.append("'\\''");
            } else if (!PrintableText.isPrintable(c) && c != '\n') {
                word.append("'\"$(printf '");
                for (byte octet : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                    word.append(String.format("\\%03o", octet & 0xFF));
                }
                word.append("')\"'");
            } else {
                word.appendCodePoint(c);
            }
        });
        return word.append('\'').toString();
    }
}
