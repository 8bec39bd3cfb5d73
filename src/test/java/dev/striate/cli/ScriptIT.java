package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Shape;
import dev.striate.io.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./striate}, in a directory whose name is as awkward as can be. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no POSIX shell")
class ScriptIT {

    @TempDir
    private Path directory;

    private Path script;

    @BeforeEach
    void install() throws IOException {
        Path home = Files.createDirectories(
                        directory.resolve("a:b 'c' $(touch pwned) %20").resolve("target"))
                .getParent();
        script = Files.copy(Path.of("striate"), home.resolve("striate"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.copy(
                Path.of(System.getProperty("striate.jar")),
                home.resolve("target").resolve("striate.jar"));
        // Older than the jar: nothing is to be built.
        Files.setLastModifiedTime(Files.createFile(home.resolve("pom.xml")), FileTime.fromMillis(0));
        Files.setLastModifiedTime(Files.createDirectories(home.resolve("src").resolve("main")), FileTime.fromMillis(0));
    }

    private List<String> command(String... arguments) {
        List<String> command =
                new ArrayList<>(List.of(directory.relativize(script).toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    @Test
    void anInterruptedRunGoesOnWithTheLineThatWasPrinted() throws Exception {
        Path data = Path.of("my $(touch pwned) data");
        for (String split : List.of("train", "test")) {
            for (String name : List.of("a", "b")) {
                byte[] pixels = new byte[28 * 28];
                pixels[name.charAt(0)] = (byte) 200;
                Path folder = Files.createDirectories(
                        directory.resolve(data).resolve(split).resolve(name));
                new Image(pixels, Shape.of(1, 28, 28)).write(folder.resolve("0.png"));
            }
        }
        Path log = directory.resolve("log");
        Path err = directory.resolve("err");
        Process process = StriateProcess.start(
                directory,
                Map.of(),
                log,
                err,
                command(
                        "lenet",
                        "--dataset=folder",
                        "--data",
                        data.toString(),
                        "--epochs=60",
                        "--device=cpu",
                        "--out",
                        "it's"));
        while (!Files.readString(log).contains("epoch  2/60") && process.isAlive()) {
            Thread.sleep(20);
        }
        assertEquals(0, process.descendants().count(), "there is one JVM");
        process.destroy();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(130, process.exitValue(), Files.readString(log));
        assertEquals(
                "finishing the current step; press Ctrl-C again to stop at once",
                Files.readString(err).strip());
        Matcher line = Pattern.compile("go on with: (.*)").matcher(Files.readString(log));
        assertTrue(line.find(), Files.readString(log));

        StriateProcess resumed = StriateProcess.run(directory, Map.of(), List.of("sh", "-c", line.group(1)));
        assertEquals(0, resumed.status(), resumed.err());
        assertTrue(resumed.out().contains("epoch 60/60"), resumed.out());
        assertTrue(resumed.out().contains("\nthere are too few training images for a validation set\n"), resumed.out());
        assertTrue(Files.exists(directory.resolve("it's").resolve("result.json")));
        assertFalse(Files.exists(directory.resolve("pwned")), line.group(1));
    }

    /**
     * The JVM takes one collector only, and its options that come later win. One JVM gets them: an agent's address is
     * taken once.
     */
    @Test
    void theUsersOptionsOfTheJvmCount() throws Exception {
        Map<String, String> options = Map.of(
                "JDK_JAVA_OPTIONS",
                "-XX:+UseParallelGC -XX:+PrintCommandLineFlags -Xlog:gc:file=" + directory.resolve("jvm-%p.log"));
        StriateProcess chosen = StriateProcess.run(directory, options, command("--version"));
        assertEquals(0, chosen.status(), chosen.err());
        assertTrue(chosen.out().contains("-XX:+UseParallelGC") && !chosen.out().contains("UseSerialGC"), chosen.out());
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(
                    1,
                    files.filter(file -> file.getFileName().toString().startsWith("jvm-"))
                            .count());
        }
        options = Map.of("JAVA_TOOL_OPTIONS", "-XX:+PrintCommandLineFlags");
        StriateProcess usual = StriateProcess.run(directory, options, command("--version"));
        assertTrue(usual.out().contains("-XX:+UseSerialGC"), usual.out());
    }

    @Test
    void thePosixLocaleDoesNotRestrictNames() throws Exception {
        Map<String, String> posix = Map.of("LC_ALL", "C", "LANG", "");
        StriateProcess run = StriateProcess.run(
                directory,
                posix,
                List.of("sh", "-c", Shell.quote(command().get(0)) + " predict \"$(printf '\\303\\204pfel')\" x.png"));
        assertEquals(1, run.status());
        assertTrue(run.err().contains("cannot read Äpfel: there is no such file"), run.err());
    }

    /** Maven leaves a jar alone whose content would be the same, however new the source is. */
    @Test
    void aStaleProgramIsBuiltOnce() throws Exception {
        Path bin = Files.createDirectory(directory.resolve("bin"));
        Path builds = directory.resolve("builds");
        Path maven = Files.writeString(bin.resolve("mvn"), "#!/bin/sh\necho build >> '" + builds + "'\n");
        assertTrue(maven.toFile().setExecutable(true));
        Files.setLastModifiedTime(
                script.resolveSibling("pom.xml"), FileTime.fromMillis(System.currentTimeMillis() + 100));
        Thread.sleep(200);
        Map<String, String> path = Map.of("PATH", bin + ":" + System.getenv("PATH"));
        for (int i = 0; i < 2; i++) {
            StriateProcess run = StriateProcess.run(directory, path, command("--version"));
            assertEquals(0, run.status(), run.err());
        }
        assertEquals(List.of("build"), Files.readAllLines(builds));
    }
}
