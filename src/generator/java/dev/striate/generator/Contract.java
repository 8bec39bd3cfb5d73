package dev.striate.generator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The abstract methods of an interface or a class, read from its source. */
final class Contract {

    private static final Pattern METHOD =
            Pattern.compile("(?m)^    (?:abstract )?((?:void|double) (\\w+)\\([^)]*\\));");

    private final String imports;
    private final Map<String, String> signatures = new LinkedHashMap<>();
    /** Methods of a class are only for its package. */
    private final boolean isClass;

    Contract(Path source) throws IOException {
        String text = Files.readString(source);
        this.imports = text.lines().filter(line -> line.startsWith("import ")).collect(Collectors.joining("\n"));
        this.isClass = text.contains("\nabstract class ");
        Matcher method = METHOD.matcher(text.replaceAll("(?s)/\\*.*?\\*/", ""));
        while (method.find()) {
            signatures.put(
                    method.group(2), method.group(1).replaceAll("\\s+", " ").replace("( ", "("));
        }
    }

    String imports() {
        return imports;
    }

    /** By a method's name its result, name and parameters. */
    Map<String, String> signatures() {
        return signatures;
    }

    /** What stands before the signature of a method that implements one of these. */
    String modifiers() {
        return "@Override\n    " + (isClass ? "" : "public ");
    }
}
