package dev.striate.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.DeviceException;
import dev.striate.cli.Main;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jocl.LibUtils;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where JOCL's native library is loaded from, in the JVM of a program that uses the library. */
class JoclLibraryTest {

    private static final String FILE = LibUtils.createLibraryFileName(LibUtils.createPlatformLibraryName("JOCL_2_0_6"));

    @TempDir
    Path root;

    /** Prints the state of OpenCL and every file with JOCL's name that is mapped into the process. */
    static final class PrintDevices {
        public static void main(String[] arguments) throws IOException {
            print("");
        }

        static void print(String prefix) throws IOException {
            String absence = OpenClDevices.probe().absence();
            System.out.println(prefix + (absence == null ? "devices found" : absence));
            try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
                maps.filter(line -> line.contains("libJOCL"))
                        .map(line -> line.replaceFirst(".* (?=/)", ""))
                        .distinct()
                        .forEach(file -> System.out.println("mapped " + file));
            }
            File temporary = new File(System.getProperty("java.io.tmpdir"));
            System.out.println(temporary + " "
                    + (temporary.exists() ? File.createTempFile("test", null).getParent() : "absent"));
        }
    }

    /** Does the same in two class loaders that share nothing but the JDK. */
    static final class PrintInTwoLoaders {
        public static void main(String[] arguments) throws Exception {
            List<URL> urls = new ArrayList<>();
            for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
                urls.add(Path.of(entry).toUri().toURL());
            }
            for (int i = 0; i < 2; i++) {
                ClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
                Class<?> main = loader.loadClass(PrintDevices.class.getName());
                var print = main.getDeclaredMethod("print", String.class);
                print.setAccessible(true);
                print.invoke(null, "loader " + i + ": ");
            }
        }
    }

    /** Prints what {@link Device} makes of a missing dependency. */
    static final class PrintBest {
        public static void main(String[] arguments) {
            System.out.println(Device.best() + ", " + Device.parse("auto") + ", " + Device.parse("cpu"));
            for (String name : List.of("gpu", "gpu:1")) {
                try {
                    System.out.println(Device.parse(name));
                } catch (DeviceException e) {
                    System.out.println(e.getMessage());
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"truncated", "planted"})
    void aFileInTheTemporaryDirectoryIsNotLoaded(String what) throws Exception {
        requireLinux();
        Path cache = root.resolve("cache");
        Path temporary = Files.createDirectory(root.resolve("tmp"));
        Files.write(temporary.resolve(FILE), foreign(what));
        assertLoadedFrom(cache, temporary, run(cache, temporary, PrintDevices.class));
        assertArrayEquals(resource(), Files.readAllBytes(cache.resolve("jocl").resolve(FILE)));
        assertEquals("rwx------", permissions(cache.resolve("jocl")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"truncated", "planted", "foreign", "link", "empty directory"})
    void aForeignFileInTheCacheIsReplaced(String what) throws Exception {
        requireLinux();
        Path cache = root.resolve("cache");
        Path library = cache.resolve("jocl").resolve(FILE);
        Files.createDirectories(library.getParent());
        Files.setPosixFilePermissions(library.getParent(), PosixFilePermissions.fromString("rwxrwxrwx"));
        Path elsewhere = Files.write(root.resolve("elsewhere"), foreign("planted"));
        switch (what) {
            case "link" -> Files.createSymbolicLink(library, elsewhere);
            case "foreign" -> {
                Files.write(library, resource());
                giveAway(library);
            }
            case "empty directory" -> Files.createDirectory(library);
            default -> Files.write(library, foreign(what));
        }
        assertLoadedFrom(cache, root, run(cache, root, PrintDevices.class));
        assertTrue(Files.isRegularFile(library) && !Files.isSymbolicLink(library));
        assertArrayEquals(resource(), Files.readAllBytes(library));
        assertArrayEquals(foreign("planted"), Files.readAllBytes(elsewhere));
        assertEquals(Files.getOwner(root), Files.getOwner(library));
        assertEquals("rwx------", permissions(library.getParent()));
    }

    @Test
    void theCacheMayBeARelativePath() throws Exception {
        requireLinux();
        Path cache = root.resolve("cache");
        Path relative = Path.of("").toAbsolutePath().relativize(cache.toAbsolutePath());
        assertLoadedFrom(cache, root, run(relative, root, PrintDevices.class));
    }

    @Test
    void twoProcessesMayStartAtOnce() throws Exception {
        requireLinux();
        Path cache = root.resolve("cache");
        Process first = start(cache, root, List.of(), classPath(), PrintDevices.class);
        Process second = start(cache, root, List.of(), classPath(), PrintDevices.class);
        // Each may replace what the other has loaded, by the same.
        assertLoadedFrom(cache, root, output(first).replace(" (deleted)", ""));
        assertLoadedFrom(cache, root, output(second).replace(" (deleted)", ""));
        assertEquals(List.of(FILE), names(cache.resolve("jocl")));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void withoutACacheACopyInTheTemporaryDirectoryIsLoaded(boolean isLink) throws Exception {
        requireLinux();
        Path temporary = Files.createDirectory(root.resolve("tmp"));
        Path cache = unusable("cache");
        if (isLink) {
            cache = Files.createDirectory(root.resolve("links"));
            Files.createSymbolicLink(cache.resolve("jocl"), Files.createDirectory(root.resolve("target")));
        }
        String output = run(cache, temporary, PrintDevices.class);
        assertTrue(output.startsWith("devices found\n"), output);
        assertTrue(output.contains("mapped " + temporary + "/jocl-"), output);
        assertTrue(names(temporary).stream().noneMatch(name -> name.startsWith("jocl-")), "the copy is deleted");
    }

    @Test
    void withoutEitherTheCausesAreNamed() throws Exception {
        requireLinux();
        Path cache = unusable("cache");
        Path temporary = root.resolve("absent");
        String output = run(cache, temporary, PrintDevices.class);
        // Newer JVMs first print a warning about the temporary directory.
        assertTrue(output.contains("cannot unpack JOCL's native library into " + cache), output);
        assertTrue(output.contains("; into " + temporary + ": there is no such file or directory"), output);
    }

    @Test
    void aFullDiskLeavesNothingBehind() throws Exception {
        requireLinux();
        Path cache = root.resolve("cache");
        Path temporary = Files.createDirectory(root.resolve("tmp"));
        List<String> command = new ArrayList<>(List.of("bash", "-c", "ulimit -f 100; exec \"$@\"", "java"));
        command.addAll(command(cache, temporary, List.of(), classPath(), PrintDevices.class));
        String output =
                output(new ProcessBuilder(command).redirectErrorStream(true).start());
        assertTrue(output.startsWith("cannot unpack JOCL's native library into " + cache), output);
        assertEquals(List.of(), names(cache.resolve("jocl")));
        assertTrue(names(temporary).stream().noneMatch(name -> name.startsWith("jocl-")));
        assertLoadedFrom(cache, temporary, run(cache, temporary, PrintDevices.class));
    }

    @Test
    void eachClassLoaderLoadsAFileOfItsOwn() throws Exception {
        requireLinux();
        Path cache = root.resolve("cache");
        String output = run(cache, root, PrintInTwoLoaders.class);
        assertTrue(output.contains("loader 0: devices found\n"), output);
        assertTrue(output.contains("loader 1: devices found\n"), output);
        assertEquals(List.of(FILE), names(cache.resolve("jocl")));
    }

    @Test
    void aPlatformWithoutLibraryIsNamed() throws Exception {
        requireLinux();
        Path cache = root.resolve("cache");
        for (String option : List.of("-Dos.arch=riscv64", "-Dos.name=Plan 9")) {
            String output = output(start(cache, root, List.of(option), classPath(), PrintDevices.class));
            assertTrue(output.startsWith("JOCL has no native library for "), output);
            assertTrue(output.contains(option.replaceFirst(".*=", "")), output);
            assertFalse(output.contains("apt-get"), output);
        }
    }

    @Test
    void withoutJoclTheCpuIsTaken() throws Exception {
        String classPath = Stream.of(classPath().split(File.pathSeparator))
                .filter(entry -> !Path.of(entry).getFileName().toString().startsWith("jocl"))
                .collect(Collectors.joining(File.pathSeparator));
        List<String> options = List.of("--add-modules", "jdk.incubator.vector");
        String output = output(start(root, root, options, classPath, PrintBest.class));
        assertTrue(output.contains("cpu, cpu, cpu\n"), output);
        String absence = ": JOCL is not on the class path. To use OpenCL, add the dependency org.jocl:jocl:2.0.6\n";
        assertTrue(output.contains("gpu" + absence), output);
        assertTrue(output.contains("gpu:1" + absence), output);
        String devices = output(start(root, root, options, classPath, Main.class, "devices"));
        assertTrue(devices.contains("none: JOCL is not on the class path"), devices);
    }

    @Test
    void causesAreTakenFromTheStackTraces() {
        String message = """
                Error while loading native library "JOCL_2_0_6-linux-x86_64"
                Stack trace from the attempt to load the library as a file:
                java.lang.UnsatisfiedLinkError: no JOCL_2_0_6-linux-x86_64 in java.library.path: /lib
                \tat java.base/java.lang.ClassLoader.loadLibrary(ClassLoader.java:2458)
                Stack trace from the attempt to load the library as a resource:
                java.lang.UnsatisfiedLinkError: /c/lib.so: %s
                \tat java.base/jdk.internal.loader.NativeLibraries.load(Native Method)
                ---(end of nested stack traces)---
                """;
        Path library = Path.of("/c/lib.so");
        assertEquals(
                "cannot load JOCL's native library /c/lib.so: /c/lib.so: invalid ELF header",
                JoclLibrary.failure(library, message.formatted("invalid ELF header")));
        String musl = JoclLibrary.failure(
                library, message.formatted("Error loading shared library ld-linux-x86-64.so.2: No such"));
        assertTrue(musl.contains("glibc"), musl);
        String slim = JoclLibrary.failure(library, message.formatted("libstdc++.so.6: cannot open shared object file"));
        assertTrue(slim.contains("apt-get install libstdc++6"), slim);
    }

    @Test
    void theMountOfADirectoryDecides() {
        List<String> mounts = List.of(
                "/dev/sda / ext4 rw,relatime 0 0",
                "tmpfs /tmp tmpfs rw,nosuid,noexec 0 0",
                "tmpfs /tmp/a\\040b tmpfs rw 0 0",
                "/dev/sdb /home ext4 rw 0 0",
                "/dev/sdc /home ext4 rw,noexec 0 0",
                // No path, like a name with umlauts in the locale C.
                "/dev/sdd /media/\0 ext4 rw 0 0");
        assertFalse(JoclLibrary.isNoexec(Path.of("/var/cache"), mounts));
        assertTrue(JoclLibrary.isNoexec(Path.of("/tmp"), mounts));
        assertTrue(JoclLibrary.isNoexec(Path.of("/tmp/other"), mounts));
        assertFalse(JoclLibrary.isNoexec(Path.of("/tmpfile"), mounts));
        assertFalse(JoclLibrary.isNoexec(Path.of("/tmp/a b/c"), mounts));
        assertTrue(JoclLibrary.isNoexec(Path.of("/home/me"), mounts));
        assertFalse(JoclLibrary.isNoexec(Path.of("/home/me"), List.of()));
    }

    /** Mapped files can be listed there only; and a device is needed, or nothing is loaded at all. */
    private static void requireLinux() {
        Assumptions.assumeTrue(Files.isReadable(Path.of("/proc/self/maps")), "needs Linux");
        OpenClDevice.require();
    }

    private static void assertLoadedFrom(Path cache, Path temporary, String output) {
        assertEquals(
                "devices found\nmapped " + cache.resolve("jocl").resolve(FILE) + "\n" + temporary + " " + temporary
                        + "\n",
                output);
    }

    @Test
    void aForeignDirectoryIsNotUsed() throws Exception {
        requireLinux();
        Path cache = root.resolve("cache");
        Path library = Files.createDirectories(cache.resolve("jocl")).resolve(FILE);
        Files.write(library, foreign("planted"));
        giveAway(library.getParent());
        Files.setPosixFilePermissions(library.getParent(), PosixFilePermissions.fromString("rwxrwxrwx"));
        String output = run(cache, root, PrintDevices.class);
        assertTrue(output.startsWith("devices found\nmapped " + root + "/jocl-"), output);
    }

    private static void giveAway(Path path) throws IOException {
        try {
            Files.setAttribute(path, "unix:uid", 12345);
        } catch (FileSystemException e) {
            Assumptions.abort("only the superuser may give files away");
        }
    }

    private Path unusable(String name) throws IOException {
        return Files.createFile(root.resolve(name + "-file")).resolve(name);
    }

    private static byte[] foreign(String what) throws IOException {
        if (what.equals("truncated")) {
            return Arrays.copyOf(resource(), 100 * 1024);
        }
        // A library that loads, but is not JOCL's.
        return Files.readAllBytes(Path.of(System.getProperty("java.home"), "lib", System.mapLibraryName("zip")));
    }

    private static byte[] resource() throws IOException {
        try (InputStream in = LibUtils.class.getResourceAsStream("/lib/" + FILE)) {
            return in.readAllBytes();
        }
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static String classPath() {
        return System.getProperty("java.class.path");
    }

    private static String run(Path cache, Path temporary, Class<?> main) throws Exception {
        return output(start(cache, temporary, List.of(), classPath(), main));
    }

    private static Process start(
            Path cache, Path temporary, List<String> options, String classPath, Class<?> main, String... arguments)
            throws IOException {
        return new ProcessBuilder(command(cache, temporary, options, classPath, main, arguments))
                .redirectErrorStream(true)
                .start();
    }

    private static List<String> command(
            Path cache, Path temporary, List<String> options, String classPath, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                // From Java 24 on, loading native code without this causes a warning.
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classPath,
                "-Dstriate.cache=" + cache,
                "-Djava.io.tmpdir=" + temporary));
        command.addAll(options);
        command.add(main.getName());
        command.addAll(List.of(arguments));
        return command;
    }

    private static String output(Process process) throws Exception {
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }
}
