package dev.striate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples in the Javadoc compile. An ellipsis in an example stands for left-out code. */
class JavadocExamplesTest {

    private static final Path SOURCES = Path.of("src/main/java");
    private static final Pattern EXAMPLE = Pattern.compile("<pre>\\{@code(.*?)\\}</pre>", Pattern.DOTALL);

    /** Imports, and the variables and methods that examples use without declaring them. */
    private static final String CONTEXT = """
            import static dev.striate.WindowOption.*;
            import dev.striate.*;
            import dev.striate.autograd.*;
            import dev.striate.data.*;
            import dev.striate.io.*;
            import dev.striate.models.*;
            import dev.striate.nn.*;
            import dev.striate.optim.*;
            import dev.striate.plot.*;
            import dev.striate.train.*;
            import java.nio.file.Path;
            import java.util.*;

            class Example%d {
                Device device;
                Block model;
                Optimizer optimizer;
                DataLoader train;
                DataLoader validation;
                DataLoader test;
                Trainer trainer;
                TargetDataset masks;
                Tensor images;
                IntTensor labels;
                Tensor x, y, w, a, b;
                Path directory, file;
                double total, accuracy;
                long seed;

                Block build(String name) {
                    return model;
                }

                double evaluate(Block block, DataLoader loader) {
                    return 0;
                }

                Object example() throws Exception {
                    if (true) {
            %s
                    }
                    return null;
                }
            }
            """;

    @Test
    void compile(@TempDir Path classes) throws IOException {
        List<String> examples = new ArrayList<>();
        List<JavaFileObject> sources = new ArrayList<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file :
                    files.filter(JavadocExamplesTest::isPublicApi).sorted().toList()) {
                Matcher matcher = EXAMPLE.matcher(Files.readString(file));
                while (matcher.find()) {
                    String code = matcher.group(1)
                            .replaceAll("(?m)^ +\\* ?", "")
                            .replace("...", "")
                            .strip();
                    String statements = code.contains(";") ? code : code + ";";
                    sources.add(source(examples.size(), CONTEXT.formatted(examples.size(), statements)));
                    examples.add(file + ":\n" + code);
                }
            }
        }
        assertFalse(examples.isEmpty());
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        compiler.getTask(
                        null,
                        null,
                        found,
                        List.of("-proc:none", "-implicit:none", "-d", classes.toString()),
                        null,
                        sources)
                .call();
        String errors = found.getDiagnostics().stream()
                .filter(each -> each.getKind() == Diagnostic.Kind.ERROR)
                .map(each ->
                        examples.get(Integer.parseInt(each.getSource().getName().replaceAll("\\D", ""))) + "\n"
                                + each.getMessage(Locale.ROOT))
                .collect(Collectors.joining("\n"));
        assertEquals("", errors);
    }

    private static boolean isPublicApi(Path path) {
        return path.toString().endsWith(".java") && !path.startsWith(SOURCES.resolve("dev/striate/cli"));
    }

    private static JavaFileObject source(int number, String code) {
        return new SimpleJavaFileObject(
                URI.create("string:///Example" + number + ".java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return code;
            }
        };
    }
}
