package dev.striate.generator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The abstract methods of an interface or a class, read from its source. */
final class Contract {

    private static final Pattern METHOD = Pattern.compile("(?m)^    (abstract )?((?:void|double) (\\w+)\\([^)]*\\));");

    private final String imports;
    private final Map<String, String> signatures = new LinkedHashMap<>();
    private final Map<String, String> overrides = new LinkedHashMap<>();

    Contract(Path source) throws IOException {
        String text = Files.readString(source);
        this.imports = text.lines().filter(line -> line.startsWith("import ")).collect(Collectors.joining("\n"));
        Matcher method = METHOD.matcher(text.replaceAll("(?s)/\\*.*?\\*/", ""));
        while (method.find()) {
            String signature = method.group(2).replaceAll("\\s+", " ").replace("( ", "(");
            signatures.put(method.group(3), signature);
            // Those of a class are only for its package.
            overrides.put(method.group(3), "@Override\n    " + (method.group(1) == null ? "public " : "") + signature);
        }
    }

    String imports() {
        return imports;
    }

    /** By a method's name its result, name and parameters. */
    Map<String, String> signatures() {
        return signatures;
    }

    boolean has(String name) {
        return overrides.containsKey(name);
    }

    /** The head of a method that implements the one of this name. */
    String override(String name) {
        String head = overrides.get(name);
        if (head == null) {
            throw new NoSuchElementException("no contract has a method " + name);
        }
        return head;
    }
}
