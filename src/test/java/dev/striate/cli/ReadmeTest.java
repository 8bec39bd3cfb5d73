package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The example in the README is the program that {@code ./verify} builds and runs. */
class ReadmeTest {

    @Test
    void theExampleIsTheQuickstart() throws IOException {
        Matcher block =
                Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(Path.of("README.md")));
        assertTrue(block.find(), "README.md has no block of Java");
        assertEquals(Files.readString(Path.of("examples/quickstart/src/main/java/Quickstart.java")), block.group(1));
    }
}
