package dev.striate.cli;

import dev.striate.disk.PrintableText;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/** Command lines to paste into a POSIX shell. */
final class Shell {

    /** The system property with which {@code ./striate} passes on the name under which it was called. */
    private static final String PROGRAM = "striate.program";

    private Shell() {}

    /** A call of this program, as the user called it, with other arguments. */
    static String command(List<String> arguments) {
        String script = System.getProperty(PROGRAM);
        String program = script != null ? quote(script) : "java -jar " + quote(System.getProperty("java.class.path"));
        return program + arguments.stream().map(argument -> " " + quote(argument)).collect(Collectors.joining());
    }

    /**
     * The word that the shell reads as this text. Control characters, which a terminal would act on, are left to {@code printf};
     * only a line feed stays, because the shell drops it from the end of what a command prints.
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
