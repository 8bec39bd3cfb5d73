package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.striate.Device;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.TestDevices;
import dev.striate.io.Image;
import dev.striate.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The program as its users meet it: the jar, started as a process. */
class CommandLineIT {

    @TempDir
    private Path directory;

    @Test
    void helpNamesTheCommands() throws Exception {
        StriateProcess help = StriateProcess.run("--help");
        assertEquals(0, help.status());
        assertTrue(help.out().lines().allMatch(line -> line.length() <= 80), help.out());
        // The second line of an item of the footer is indented.
        assertTrue(help.out().contains("\n                     "), help.out());
        assertTrue(help.out().contains("digits"), help.out());
        assertTrue(help.out().contains("devices"), help.out());
        assertEquals("", help.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"digits", "lenet", "cifar10", "evaluate", "predict", "inspect", "devices", "tune"})
    void everyCommandHasHelpWithinTheUsualWidth(String command) throws Exception {
        StriateProcess help = StriateProcess.run(command, "--help");
        assertEquals(0, help.status());
        assertTrue(help.out().startsWith("Usage: striate " + command), help.out());
        assertTrue(help.out().lines().allMatch(line -> line.length() <= 80), help.out());
    }

    @Test
    void theVersionIsThePoms() throws Exception {
        StriateProcess version = StriateProcess.run("--version");
        assertEquals(0, version.status());
        assertTrue(version.out().matches("(?s)striate \\d+\\.\\d+\\.\\d+.*Java .*"), version.out());
    }

    @Test
    void devicesListsEachFamilyAndTheChoice() throws Exception {
        StriateProcess devices = StriateProcess.run("devices");
        assertEquals(0, devices.status());
        for (String start : List.of("cpu ", "gpu ", "reference ", "--device auto selects ")) {
            assertTrue(devices.out().lines().anyMatch(line -> line.startsWith(start)), start + "\n" + devices.out());
        }
    }

    @Test
    void tuningIsKeptAndShown() throws Exception {
        requireOpenCl();
        Map<String, String> cache = Map.of("XDG_CACHE_HOME", directory.toString());
        assertTrue(StriateProcess.run(List.of(), cache, "devices").out().contains("tuning    none; 'striate tune'"));
        StriateProcess tune = StriateProcess.run(List.of(), cache, "tune", "--device", "gpu:0", "--quick");
        assertEquals(0, tune.status(), tune.err());
        assertTrue(tune.out().startsWith("gpu, "), tune.out());
        assertTrue(tune.out().contains("Speeds are relative to the default settings"), tune.out());
        for (String family : List.of("matmul", "conv2d", "linear", "pool", "elements")) {
            assertTrue(
                    tune.out()
                            .matches("(?s).*\\n" + family + ": [A-Z_]+=\\d.*\\nResult:.*\\n  " + family
                                    + " +(the default settings are the fastest|\\d+\\.\\d\\dx with [A-Z_]+=\\d).*"),
                    family + "\n" + tune.out());
        }
        // The changes of a trial, and not the settings that stay as they are.
        assertTrue(tune.out().matches("(?s).*\\n +1/\\d+ +\\d+\\.\\d\\dx  LARGE_TILE=\\d+\\n.*"), tune.out());
        // A path has no place to break at.
        assertTrue(
                tune.out().lines().allMatch(line -> line.length() < 80 || line.contains(directory.toString())),
                tune.out());
        try (Stream<Path> files = Files.list(directory.resolve("striate").resolve("tuning"))) {
            assertTrue(tune.out().contains(files.findFirst().orElseThrow().toString()), tune.out());
        }
        String devices = StriateProcess.run(List.of(), cache, "devices").out();
        assertTrue(devices.contains("tuning    tuned on 20"), devices);
    }

    /** PoCL reports the compiler's warnings on the error stream. Its cache is empty, so that all kernels are built. */
    @Test
    void kernelsCompileWithoutWarnings() throws Exception {
        requireOpenCl();
        StriateProcess digits = StriateProcess.run(
                List.of("-Dstriate.opencl.cache=off"),
                Map.of("POCL_CACHE_DIR", directory.toString()),
                "digits",
                "--device=gpu",
                "--epochs=1");
        assertEquals(0, digits.status(), digits.err());
        assertFalse(digits.err().contains("generated"), digits.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference", "auto", "gpu:x", "gpu:-1"})
    void onlyOpenClDevicesAreTuned(String device) throws Exception {
        StriateProcess tune = StriateProcess.run("tune", "--device", device);
        assertEquals(2, tune.status(), tune.err());
        assertTrue(tune.err().contains("expected gpu or gpu:N, got '" + device + "'"), tune.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"digits", "tune"})
    void aNumberBeyondTheLastDeviceNamesThoseThereAre(String command) throws Exception {
        requireOpenCl();
        StriateProcess process = StriateProcess.run(command, "--device", "gpu:777");
        assertEquals(1, process.status(), process.err());
        assertTrue(
                process.err()
                        .startsWith("striate: gpu:777 not found; available: gpu ("
                                + Device.gpu().info().name() + ")"),
                process.err());
        assertOneParagraph(process.err());
    }

    @Test
    void theVectorApiIsUsedAndItsWarningIsNotSeen() throws Exception {
        StriateProcess devices = StriateProcess.run("devices");
        assertTrue(devices.out().contains("Vector API"), devices.out());
        assertFalse(devices.err().contains("incubator"), devices.err());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--foo",
                "--epochs=0",
                "--epochs=1.5",
                "--validation=1",
                "--validation=-0.1",
                "--validation=x",
                "--batch-size=-3",
                "--lr=0",
                "--lr=NaN",
                "--threads=0",
                "--device=tpu",
                "--device=gpu:-1",
                "--model=rnn",
                "--optimizer=lion",
                "--seed=x",
                "stray"
            })
    void whatMakesNoSenseIsRefusedWithStatus2(String option) throws Exception {
        StriateProcess digits = StriateProcess.run("digits", option);
        assertEquals(2, digits.status(), digits.err());
        assertEquals("", digits.out());
        assertTrue(digits.err().contains(option.replaceAll("=.*", "")), digits.err());
        assertOneParagraph(digits.err());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "lenet --dataset=digit | --dataset | mnist, fashion-mnist, digits or folder, got 'digit'",
                "lenet --variant=1998 | --variant | modern or paper, got '1998'",
                "cifar10 --model=vgg | --model | simple or resnet, got 'vgg'",
                "digits --optimizer=lion | --optimizer | sgd, adam or adamw, got 'lion'",
                "evaluate x --split=all | --split | test or train, got 'all'",
                "digits --seed=abc | --seed | a whole number, got 'abc'",
                "digits --out= | --out | a path, got an empty text",
                "digits --seed=9223372036854775808 | --seed | a whole number of at most 64 bits, got '9223372036854775808'"
            })
    void aWrongValueIsAnsweredWithTheNamesOfTheHelp(String arguments, String option, String expected) throws Exception {
        String[] words = arguments.split(" ", -1);
        StriateProcess refused = StriateProcess.run(words);
        assertEquals(2, refused.status(), refused.err());
        assertEquals(
                "striate " + words[0] + ": Invalid value for option '" + option + "': expected " + expected,
                refused.err().lines().findFirst().orElseThrow());
    }

    @ParameterizedTest
    @CsvSource({"train,", "digitz, digits", "inspct, inspect"})
    void anUnknownCommandIsAnsweredWithTheCommands(String name, String near) throws Exception {
        StriateProcess refused = StriateProcess.run(name);
        assertEquals(2, refused.status());
        assertEquals(
                List.of(
                        "striate: unknown command '" + name
                                + "'; the commands are digits, lenet, cifar10, evaluate, predict, inspect, devices, tune"
                                + (near == null ? "" : ". Did you mean " + near + "?"),
                        "Try 'striate --help'."),
                refused.err().lines().toList());
    }

    /** A script must notice that its command is missing, so this is a failure. */
    @Test
    void withoutACommandTheHelpIsShown() throws Exception {
        StriateProcess nothing = StriateProcess.run();
        assertEquals(2, nothing.status());
        assertEquals("", nothing.out());
        assertEquals(StriateProcess.run("--help").out(), nothing.err());
    }

    @ParameterizedTest
    @CsvSource({"help, --help", "help help, --help", "help --help, --help", "help lenet, lenet --help"})
    void helpIsACommandToo(String command, String options) throws Exception {
        StriateProcess help = StriateProcess.run(command.split(" "));
        assertEquals(0, help.status());
        assertEquals(StriateProcess.run(options.split(" ")).out(), help.out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"help digitz", "digitz --help"})
    void helpForAnUnknownCommandIsRefused(String command) throws Exception {
        StriateProcess help = StriateProcess.run(command.split(" "));
        assertEquals(2, help.status());
        assertEquals("", help.out());
        assertTrue(help.err().startsWith("striate: unknown command 'digitz'; the commands are digits, "), help.err());
        assertTrue(help.err().contains("Did you mean digits?"), help.err());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "lenet help | unexpected argument 'help'",
                "lenet --epoch 3 | unknown option '--epoch'. Did you mean --epochs?",
                "lenet --xyz=3 | unknown option '--xyz'"
            })
    void anArgumentThatIsNotKnownIsNamed(String arguments, String expected) throws Exception {
        StriateProcess refused = StriateProcess.run(arguments.split(" "));
        assertEquals(2, refused.status());
        assertEquals(
                List.of("striate lenet: " + expected, "Try 'striate lenet --help'."),
                refused.err().lines().toList());
    }

    @Test
    void pointlessOptionsForDataAreRefused() throws Exception {
        StriateProcess digits = StriateProcess.run("lenet", "--dataset=digits", "--data=" + directory, "--device=cpu");
        assertEquals(1, digits.status());
        assertEquals(
                "striate: the data set 'digits' is part of the program; remove --data " + directory,
                digits.err().strip());
        Path missing = directory.resolve("missing");
        StriateProcess mnist = StriateProcess.run("lenet", "--data=" + missing, "--device=cpu");
        assertEquals(1, mnist.status());
        assertEquals(
                "striate: --data: " + missing + " does not exist", mnist.err().strip());
        StriateProcess subset = StriateProcess.run("lenet", "--dataset=digits", "--subset=5000", "--device=cpu");
        assertEquals(1, subset.status());
        assertEquals(
                "striate: --subset: expected 1 to 900, got 5000", subset.err().strip());
    }

    @ParameterizedTest
    @CsvSource({"cpu, 5", "gpu, 5", "reference, 1"})
    void digitsTrainsAndWritesItsResult(String device, int epochs) throws Exception {
        if (device.equals("gpu")) {
            requireOpenCl();
        }
        Path out = directory.resolve("new").resolve("result");
        StriateProcess digits = StriateProcess.run(
                "digits",
                "--device",
                device,
                "--epochs",
                "" + epochs,
                "--seed",
                "3",
                "--threads",
                "2",
                "--out",
                out.toString());
        assertEquals(0, digits.status(), digits.err());
        assertEquals(
                List.of(
                        "cnn-confusion.png",
                        "cnn-curves.png",
                        "cnn-filters.png",
                        "cnn-history.csv",
                        "cnn-samples.png",
                        "cnn-steps.csv",
                        "cnn.safetensors",
                        "index.html",
                        "mlp-confusion.png",
                        "mlp-curves.png",
                        "mlp-filters.png",
                        "mlp-history.csv",
                        "mlp-samples.png",
                        "mlp-steps.csv",
                        "mlp.safetensors",
                        "result.json"),
                names(out));
        String page = Files.readString(out.resolve("index.html"));
        for (String file : names(out)) {
            assertTrue(file.equals("index.html") || page.contains(file), "the page shows " + file);
        }
        assertEquals(
                1 + epochs, Files.readAllLines(out.resolve("mlp-history.csv")).size());

        JsonObject result = JsonObject.read(out.resolve("result.json"));
        assertEquals(
                List.of(
                        "command",
                        "device",
                        "device_name",
                        "seed",
                        "threads",
                        "dataset",
                        "training_images",
                        "validation_images",
                        "test_images",
                        "batch_size",
                        "optimizer",
                        "schedule",
                        "learning_rate",
                        "weight_decay",
                        "label_smoothing",
                        "models"),
                result.keys());
        assertEquals("digits", result.get("command"));
        assertEquals(device, result.get("device"));
        assertEquals(3L, result.get("seed"));
        assertEquals(2L, result.get("threads"));
        for (JsonObject model : result.objects("models")) {
            assertEquals(
                    List.of(
                            "model",
                            "parameters",
                            "epochs",
                            "epoch_of_weights",
                            "train_accuracy",
                            "validation_accuracy",
                            "test_accuracy",
                            "train_loss",
                            "validation_loss",
                            "test_loss",
                            "train_seconds",
                            "samples_per_second",
                            "test_confusion"),
                    model.keys());
            assertEquals((long) epochs, model.get("epochs"));
            double accuracy = (Double) model.get("test_accuracy");
            assertTrue(accuracy <= 1 && accuracy > (epochs < 5 ? 0.3 : 0.8), model.get("model") + ": " + accuracy);
            assertEquals(accuracy * 200, Math.rint(accuracy * 200), 1e-9, "a fraction of 200 images");
            assertEquals(model.get("parameters"), parametersIn(out.resolve(model.get("model") + ".safetensors")));
            assertTrue(digits.out().contains(String.format("%,d", (Long) model.get("parameters"))), digits.out());
        }
        assertEquals(2, result.objects("models").size());
    }

    @Test
    void oneAndTwoThreadsGiveTheSameWeights() throws Exception {
        train(1, "one");
        train(2, "two");
        for (String file : List.of("cnn.safetensors", "mlp.safetensors")) {
            assertArrayEquals(
                    Files.readAllBytes(directory.resolve("one").resolve(file)),
                    Files.readAllBytes(directory.resolve("two").resolve(file)),
                    file);
        }
    }

    private void train(int threads, String name) throws Exception {
        StriateProcess digits = StriateProcess.run(
                "digits",
                "--device",
                "cpu",
                "--epochs",
                "3",
                "--threads",
                "" + threads,
                "--out",
                directory.resolve(name).toString());
        assertEquals(0, digits.status(), digits.err());
    }

    @Test
    void itTrainsWithoutTheVectorApiToo() throws Exception {
        // The jar's manifest, which lets the program load the Vector API, does not count on a class path.
        StriateProcess digits = StriateProcess.run(
                directory,
                Map.of(),
                List.of(
                        StriateProcess.java(List.of()).get(0),
                        "-cp",
                        System.getProperty("striate.jar"),
                        Main.class.getName(),
                        "digits",
                        "--device=cpu",
                        "--epochs=5",
                        "--model=mlp"));
        assertEquals(0, digits.status(), digits.err());
        assertTrue(digits.out().contains("test accuracy"), digits.out());
        assertTrue(
                digits.err()
                        .startsWith("warning: cpu: runs in plain Java, several times slower: start with --add-modules"),
                digits.err());
    }

    // ---- The surroundings

    @Test
    @EnabledOnOs(OS.LINUX)
    void outputThatCannotBeWrittenIsAFailure() throws Exception {
        Path err = directory.resolve("err");
        Process full = StriateProcess.start(List.of(), Map.of(), Path.of("/dev/full"), err, "--version");
        assertEquals(1, full.waitFor());
        assertEquals(
                "striate: cannot write to standard output: No space left on device",
                Files.readString(err).strip());
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no POSIX shell")
    void aReaderThatEndsEndsTheProgramWithoutAWord() throws Exception {
        String jar = StriateProcess.java(List.of(), "digits", "--device=cpu", "--epochs=99999").stream()
                .map(Shell::quote)
                .collect(Collectors.joining(" "));
        StriateProcess piped = StriateProcess.run(
                directory, Map.of(), List.of("sh", "-c", "{ " + jar + "; echo $? >&2; } | head -n 3 > lines"));
        assertEquals("141", piped.err().strip());
        assertEquals(3, Files.readAllLines(directory.resolve("lines")).size());
        jar = StriateProcess.java(List.of(), "--help").stream()
                .map(Shell::quote)
                .collect(Collectors.joining(" "));
        piped = StriateProcess.run(directory, Map.of(), List.of("sh", "-c", "{ " + jar + "; echo $? >&2; } | true"));
        assertEquals("141", piped.err().strip());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void namesThatTheLocaleCannotEncodeAreRefused() throws Exception {
        new Image(new byte[1], Shape.of(1, 1, 1)).write(directory.resolve("1.png"));
        StriateProcess made = StriateProcess.run(
                directory,
                Map.of(),
                List.of(
                        "sh",
                        "-c",
                        "for f in train/$(printf '\\303\\204pfel') train/Birne test/Birne; do mkdir -p $f; cp 1.png $f; done; ls train"));
        assertTrue(made.out().contains("Äpfel\n"), made.out() + made.err());
        StriateProcess lenet = StriateProcess.run(
                List.of(), Map.of("LC_ALL", "C"), "lenet", "--dataset=folder", "--data=" + directory, "--device=cpu");
        assertEquals(1, lenet.status());
        assertTrue(lenet.err().contains("Set LC_ALL=C.UTF-8"), lenet.err());
        assertOneParagraph(lenet.err());
    }

    @Test
    void oneModelAloneIsTrained() throws Exception {
        StriateProcess digits = StriateProcess.run(
                "digits",
                "--device",
                "cpu",
                "--epochs",
                "1",
                "--model",
                "CNN",
                "--optimizer",
                "sgd",
                "--lr",
                "0.05",
                "--batch-size",
                "64",
                "--out",
                directory.resolve("cnn").toString());
        assertEquals(0, digits.status(), digits.err());
        assertEquals(
                List.of(
                        "cnn-confusion.png",
                        "cnn-curves.png",
                        "cnn-filters.png",
                        "cnn-history.csv",
                        "cnn-samples.png",
                        "cnn-steps.csv",
                        "cnn.safetensors",
                        "index.html",
                        "result.json"),
                names(directory.resolve("cnn")));
    }

    @Test
    void aDirectoryThatCannotBeMadeIsNoticedBeforeTraining() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        StriateProcess digits = StriateProcess.run(
                "digits", "--device", "cpu", "--out", file.resolve("below").toString());
        assertEquals(1, digits.status());
        assertFalse(digits.out().contains("epoch"), digits.out());
        assertTrue(digits.err().contains(file + " is not a directory"), digits.err());
        assertOneParagraph(digits.err());
    }

    @Test
    void aFileSystemThatTakesNoFilesIsNoticedBeforeTraining() throws Exception {
        Path made = Path.of("/proc/striate");
        assumeTrue(Files.isDirectory(made.getParent()), "no /proc here");
        StriateProcess digits = StriateProcess.run("digits", "--device", "cpu", "--out", made.toString());
        assertEquals(1, digits.status());
        assertFalse(digits.out().contains("epoch"), digits.out());
        assertTrue(digits.err().contains("/proc is not writable"), digits.err());
        assertOneParagraph(digits.err());
    }

    @Test
    void anOpenClDeviceThatIsNotThereIsSaidInOneParagraph() throws Exception {
        // The usual loader looks for drivers where this variable says.
        StriateProcess digits = StriateProcess.run(
                List.of(), Map.of("OCL_ICD_VENDORS", directory.toString()), "digits", "--device", "gpu:99");
        assertEquals(1, digits.status());
        assertOneParagraph(digits.err());
        assertTrue(digits.err().startsWith("striate: "), digits.err());
    }

    @Test
    void withoutADriverGpuFailsAndDevicesSaysWhy() throws Exception {
        requireOpenCl();
        Map<String, String> noDrivers = Map.of("OCL_ICD_VENDORS", directory.toString());
        StriateProcess digits = StriateProcess.run(List.of(), noDrivers, "digits", "--device", "gpu");
        assertEquals(1, digits.status());
        assertTrue(digits.err().contains("OpenCL") && digits.err().contains("driver"), digits.err());
        assertOneParagraph(digits.err());
        StriateProcess devices = StriateProcess.run(List.of(), noDrivers, "devices");
        assertEquals(0, devices.status());
        assertTrue(devices.out().contains("gpu        none: "), devices.out());
        assertTrue(devices.out().contains("--device auto selects cpu"), devices.out());
    }

    @Test
    void theStackTraceIsShownOnlyOnRequest() throws Exception {
        StriateProcess plain = StriateProcess.run("digits", "--device", "gpu:4321");
        StriateProcess verbose = StriateProcess.run("digits", "--device", "gpu:4321", "--verbose");
        assertFalse(plain.err().contains("\tat "), plain.err());
        assertTrue(verbose.err().contains("\tat dev.striate."), verbose.err());
    }

    @Test
    void anInterruptLeavesNothingBehind() throws Exception {
        Path out = directory.resolve("interrupted");
        Path log = directory.resolve("log");
        Process process = StriateProcess.start(
                List.of(),
                Map.of(),
                log,
                directory.resolve("err"),
                "digits",
                "--device",
                "cpu",
                "--epochs",
                "99999",
                "--out",
                out.toString());
        while (Files.size(log) < 500 && process.isAlive()) {
            Thread.sleep(50);
        }
        assertEquals(0, process.descendants().count(), "there is one JVM");
        assertTrue(Files.exists(out), "it is locked");
        process.destroy();
        assertTrue(process.waitFor(10, TimeUnit.SECONDS));
        assertEquals(130, process.exitValue());
        assertEquals(
                "interrupted; digits writes no checkpoint, so the run cannot be continued",
                Files.readString(directory.resolve("err")).strip());
        assertFalse(Files.exists(out));
    }

    private static void requireOpenCl() {
        TestDevices.all().stream()
                .filter(device -> device.name().startsWith("opencl"))
                .findFirst()
                .orElseThrow()
                .get();
    }

    private static void assertOneParagraph(String error) {
        assertFalse(error.isBlank());
        assertFalse(error.contains("\n\n"), error);
        assertFalse(error.contains("\tat "), error);
        assertFalse(error.contains("Exception"), error);
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static long parametersIn(Path weights) {
        Map<String, Tensor> tensors = Safetensors.read(weights, Device.reference());
        long count = tensors.values().stream()
                .mapToLong(tensor -> tensor.shape().elements())
                .sum();
        tensors.values().forEach(Tensor::close);
        return count;
    }
}
