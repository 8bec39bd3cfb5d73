package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.TestDevices;
import dev.striate.data.Dataset;
import dev.striate.data.TinyDigits;
import dev.striate.io.Image;
import dev.striate.io.Safetensors;
import dev.striate.train.Checkpoint;
import dev.striate.train.EpochEnd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands that train a network of the literature, and those that use what they trained, as processes. */
class TrainingCommandsIT {

    private static final List<String> RUN = List.of(
            "best.safetensors",
            "confusion.png",
            "curves.png",
            "filters.png",
            "history.csv",
            "index.html",
            "model.safetensors",
            "result.json",
            "samples.png",
            "steps.csv");

    @TempDir
    private Path directory;

    // ---- Training

    @ParameterizedTest
    @CsvSource({"modern, cpu", "paper, cpu", "modern, gpu"})
    void lenetLearnsTheDigitsIntoItsFolder(String variant, String device) throws Exception {
        if (device.equals("gpu")) {
            TestDevices.all().stream()
                    .filter(each -> each.name().startsWith("opencl"))
                    .findFirst()
                    .orElseThrow()
                    .get();
        }
        Path out = directory.resolve("run");
        StriateProcess lenet = StriateProcess.run(
                "lenet",
                "--variant",
                variant,
                "--dataset",
                "digits",
                "--epochs",
                "6",
                "--device",
                device,
                "--out",
                out.toString());
        assertEquals(0, lenet.status(), lenet.err());
        assertEquals(RUN, names(out));
        assertTrue(lenet.out().contains("61,706"), lenet.out());
        JsonObject model =
                JsonObject.read(out.resolve("result.json")).objects("models").get(0);
        assertEquals("lenet5-" + variant, model.get("model"));
        assertEquals(61_706L, model.get("parameters"));
        double accuracy = (Double) model.get("test_accuracy");
        assertTrue(accuracy > 0.8 && accuracy <= 1, lenet.out());
        assertTrue(lenet.out().contains(String.format("test accuracy %.2f %%", 100 * accuracy)), lenet.out());
        assertEquals(7, Files.readAllLines(out.resolve("history.csv")).size());
        for (String picture : List.of("confusion.png", "curves.png", "filters.png", "samples.png")) {
            assertTrue(Image.read(out.resolve(picture)).width() > 300, picture);
            assertTrue(Files.readString(out.resolve("index.html")).contains(picture), picture);
        }
    }

    @Test
    void earlyStoppingRestoresTheBestWeights() throws Exception {
        Path out = directory.resolve("run");
        StriateProcess lenet = StriateProcess.run(
                "lenet",
                "--dataset=digits",
                "--optimizer=sgd",
                "--lr=0.3",
                "--patience=2",
                "--device=cpu",
                "--out=" + out);
        assertEquals(0, lenet.status(), lenet.err());
        Matcher stop = Pattern.compile("stopped early: no better validation loss for 2 epochs, the best was"
                        + " \\d\\.\\d{4} in epoch (\\d+)\nrestored the weights of epoch (\\d+)\n")
                .matcher(lenet.out());
        assertTrue(stop.find(), lenet.out());
        assertEquals(stop.group(1), stop.group(2));
        assertEquals(
                Integer.parseInt(stop.group(1)),
                Checkpoint.read(out.resolve("best.safetensors")).history().size());
        assertFalse(lenet.out().contains("best epoch"), lenet.out());
        JsonObject model =
                JsonObject.read(out.resolve("result.json")).objects("models").get(0);
        assertEquals(Long.parseLong(stop.group(1)), model.get("epoch_of_weights"));
        StriateProcess evaluated = StriateProcess.run(
                "evaluate", "--device=cpu", out.resolve("best.safetensors").toString());
        assertTrue(
                evaluated.out().contains(String.format("accuracy %.2f %%", 100 * (Double) model.get("test_accuracy"))),
                evaluated.out());
    }

    @Test
    void theBestEpochIsNamedUnlessItIsTheLast() throws Exception {
        Path out = directory.resolve("run");
        StriateProcess lenet = StriateProcess.run(
                "lenet", "--dataset=digits", "--lr=0.05", "--epochs=4", "--device=cpu", "--out=" + out);
        assertEquals(0, lenet.status(), lenet.err());
        List<EpochEnd> kept = Checkpoint.read(out.resolve("best.safetensors")).history();
        int last = 4;
        EpochEnd best = kept.get(kept.size() - 1);
        String line = String.format(
                Locale.ROOT,
                "best epoch: %d, validation accuracy %.2f %%, in %s",
                best.epoch(),
                100 * best.validationAccuracy(),
                out.resolve("best.safetensors"));
        assertEquals(best.epoch() < last, lenet.out().contains(line), lenet.out());
        assertEquals(best.epoch() < last, lenet.out().contains("best epoch"), lenet.out());
    }

    @Test
    void cifar10LearnsPicturesOfAFolder() throws Exception {
        Path pictures = directory.resolve("pictures");
        for (String split : List.of("train", "test")) {
            for (int i = 0; i < 24; i++) {
                boolean bright = i % 2 == 0;
                Path folder = Files.createDirectories(pictures.resolve(split).resolve(bright ? "bright" : "dark"));
                plain(bright ? 200 : 30, 40 + i, 33).write(folder.resolve(i + ".png"));
            }
        }
        Path out = directory.resolve("run");
        StriateProcess cifar = StriateProcess.run(
                "cifar10",
                "--dataset",
                "folder",
                "--data",
                pictures.toString(),
                "--epochs",
                "4",
                "--batch-size",
                "8",
                "--subset",
                "20",
                "--device",
                "cpu",
                "--out",
                out.toString());
        assertEquals(0, cifar.status(), cifar.err());
        assertEquals(RUN, names(out));
        assertTrue(cifar.out().contains("subset: training on 20 of the 22"), cifar.out());
        assertTrue(cifar.out().contains("after training on a subset"), cifar.out());
        assertTrue(cifar.out().contains("bright ") && cifar.out().contains("dark "), cifar.out());

        Path unseen = directory.resolve("unseen.jpg.png");
        plain(190, 64, 48).write(unseen);
        StriateProcess predict =
                StriateProcess.run("predict", out.resolve("model.safetensors").toString(), unseen.toString());
        assertEquals(0, predict.status(), predict.err());
        assertTrue(predict.out().startsWith(unseen + ": bright ("), predict.out());

        for (String[] command : new String[][] {
            {"predict", out.resolve("model.safetensors").toString(), unseen.toString()},
            {"evaluate", out.resolve("model.safetensors").toString(), "--data=" + pictures},
            {"cifar10", "--resume=" + out.resolve("model.safetensors"), "--data=" + pictures}
        }) {
            String[] bounded = Arrays.copyOf(command, command.length + 1);
            bounded[command.length] = "--max-pixels=1000";
            StriateProcess refused = StriateProcess.run(bounded);
            assertEquals(1, refused.status(), refused.out());
            assertTrue(refused.err().contains("raise the limit of 1000 pixels (--max-pixels"), refused.err());
        }

        // The labels are other ones, the names are the same.
        Path model = out.resolve("model.safetensors");
        Path swapped = edited(model, "model.classes", "[\"dark\",\"bright\"]");
        StriateProcess evaluate =
                StriateProcess.run("evaluate", swapped.toString(), "--data=" + pictures, "--device=cpu");
        assertEquals(0, evaluate.status(), evaluate.err());
        assertTrue(evaluate.out().contains("\naccuracy 0.00 % (0 of 24)"), evaluate.out());

        Files.move(
                pictures.resolve("train").resolve("dark"),
                pictures.resolve("train").resolve("tiger"));
        Files.move(
                pictures.resolve("test").resolve("dark"),
                pictures.resolve("test").resolve("tiger"));
        for (String[] command :
                new String[][] {{"evaluate", model.toString()}, {"cifar10", "--resume", model.toString()}}) {
            StriateProcess refused = StriateProcess.run(with(command, "--data=" + pictures, "--device=cpu"));
            assertEquals(1, refused.status(), refused.out());
            assertEquals(
                    "striate: " + model + " does not know the class \"tiger\": its classes are bright, dark;"
                            + " those of the data set are bright, tiger",
                    refused.err().strip());
        }
    }

    /** A copy of a model with another entry in its metadata. */
    private static Path edited(Path model, String key, String value) {
        Path copy = model.resolveSibling("edited.safetensors");
        Map<String, String> metadata = new TreeMap<>(Safetensors.readMetadata(model));
        metadata.put(key, value);
        Map<String, Tensor> tensors = Safetensors.read(model, Device.reference());
        Safetensors.write(copy, tensors, metadata);
        tensors.values().forEach(Tensor::close);
        return copy;
    }

    private static Image plain(int grey, int height, int width) {
        byte[] pixels = new byte[3 * height * width];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (grey + i % 7);
        }
        return new Image(pixels, Shape.of(3, height, width));
    }

    /** A file from before loaders could drop images goes on without. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSingleImageLeftOverIsDropped(boolean recorded) throws Exception {
        Path out = directory.resolve("run");
        StriateProcess lenet = StriateProcess.run(
                "lenet",
                "--dataset",
                "digits",
                "--subset",
                "17",
                "--batch-size",
                "8",
                "--epochs",
                "1",
                "--device",
                "cpu",
                "--out",
                out.toString());
        assertEquals(0, lenet.status(), lenet.err());
        Path file = out.resolve("model.safetensors");
        Map<String, String> texts = new TreeMap<>(Safetensors.readMetadata(file));
        assertEquals("true", texts.get("striate.loader.drops_last"));
        assertEquals("2", texts.get("striate.optimizer_steps"));
        if (!recorded) {
            texts.remove("striate.loader.drops_last");
            texts.remove("striate.checkpoint_sha256");
            Safetensors.write(file, Safetensors.read(file, Device.cpu()), texts);
        }
        StriateProcess resumed = StriateProcess.run("lenet", "--device", "cpu", "--resume", file.toString());
        assertEquals(0, resumed.status(), resumed.err());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lenet --dataset=cifar10",
                "lenet --variant=1998",
                "cifar10 --model=vgg",
                "cifar10 --dataset=mnist",
                "lenet --subset=0",
                "lenet --patience=x",
                "evaluate",
                "predict",
                "predict model.safetensors",
                "predict --max-pixels=0 model.safetensors x.png",
                "cifar10 --max-pixels=500000001"
            })
    void whatMakesNoSenseIsRefusedWithStatus2(String arguments) throws Exception {
        StriateProcess refused = StriateProcess.run(arguments.split(" "));
        assertEquals(2, refused.status(), refused.err());
        assertEquals("", refused.out());
    }

    @Test
    void withoutDataAndOfflineItSaysHowToGetThem() throws Exception {
        StriateProcess lenet = StriateProcess.run(
                List.of(),
                Map.of("STRIATE_CACHE", directory.toString()),
                "lenet",
                "--offline",
                "--device",
                "cpu",
                "--out",
                directory.resolve("run").toString());
        assertEquals(1, lenet.status(), lenet.out());
        assertTrue(lenet.err().contains("offline") && lenet.err().contains("train-images-idx3-ubyte"), lenet.err());
        assertFalse(lenet.err().contains("\tat "), lenet.err());
        assertFalse(Files.exists(directory.resolve("run")));
    }

    // ---- Interrupts and resuming

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no request to terminate")
    void anInterruptedRunGoesOnToTheSameWeights() throws Exception {
        String[] run = {"lenet", "--dataset", "digits", "--epochs", "30", "--device", "cpu", "--seed", "5", "--out"};
        Path straight = directory.resolve("straight");
        assertEquals(0, StriateProcess.run(with(run, straight.toString())).status());

        Path interrupted = directory.resolve("interrupted");
        Path log = directory.resolve("log");
        Process process = StriateProcess.start(
                List.of(), Map.of(), log, directory.resolve("err"), with(run, interrupted.toString()));
        while (!Files.readString(log).contains("epoch  2/30") && process.isAlive()) {
            Thread.sleep(20);
        }
        Path model = interrupted.resolve("model.safetensors");
        StriateProcess beside = StriateProcess.run("lenet", "--resume", model.toString(), "--device", "cpu");
        assertEquals(1, beside.status(), beside.out());
        assertTrue(beside.err().contains("another process is writing to the directory " + interrupted), beside.err());
        process.destroy();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(130, process.exitValue(), Files.readString(log));
        Matcher command = Pattern.compile("go on with: (.*)").matcher(Files.readString(log));
        assertTrue(command.find(), Files.readString(log));
        assertEquals(
                "java -jar " + Shell.quote(System.getProperty("striate.jar")) + " lenet --device=cpu --resume="
                        + Shell.quote(model.toString()),
                command.group(1));
        assertFalse(Files.exists(interrupted.resolve("result.json")));
        assertTrue(Checkpoint.read(model).history().size() >= 2);

        StriateProcess again = StriateProcess.run(with(run, interrupted.toString()));
        assertEquals(1, again.status(), again.out());
        assertTrue(again.err().contains("holds the files of an earlier run"), again.err());
        StriateProcess resumed = StriateProcess.run("lenet", "--device=cpu", "--resume=" + model);
        assertEquals(0, resumed.status(), resumed.err());
        assertEquals(RUN, names(interrupted));
        Map<String, float[]> expected = tensors(straight.resolve("model.safetensors"));
        Map<String, float[]> actual = tensors(model);
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((name, values) -> assertArrayEquals(values, actual.get(name), name));
        assertEquals(figures(straight), figures(interrupted));
        assertFalse(resumed.out().contains("nothing to train"), resumed.out());

        StriateProcess complete = StriateProcess.run("lenet", "--device=cpu", "--resume=" + model);
        assertEquals(0, complete.status(), complete.err());
        assertTrue(complete.out().contains("the run is complete: 30 of 30 epochs; nothing to train\n"), complete.out());
        // The time of earlier processes is part of the training time.
        assertTrue(
                Pattern.compile("\n30 epochs \\(training \\d+\\.\\d s, [0-9,]+ images/s\\)\n")
                        .matcher(complete.out())
                        .find(),
                complete.out());
    }

    @Test
    void aResumedRunTakesNoOtherSettings() throws Exception {
        Path out = directory.resolve("run");
        assertEquals(
                0,
                StriateProcess.run(
                                "lenet",
                                "--dataset",
                                "digits",
                                "--epochs",
                                "1",
                                "--device",
                                "cpu",
                                "--out",
                                out.toString())
                        .status());
        String model = out.resolve("model.safetensors").toString();
        StriateProcess changed = StriateProcess.run("lenet", "--resume", model, "--seed", "3");
        assertEquals(2, changed.status(), changed.err());
        assertTrue(changed.err().contains("--seed cannot be combined with --resume"), changed.err());
        StriateProcess another = StriateProcess.run("cifar10", "--resume", model);
        assertEquals(1, another.status(), another.err());
        assertTrue(another.err().contains("striate lenet"), another.err());

        // Nor from a file that somebody else has made.
        Path secret = Files.writeString(directory.resolve("secret"), "--secret=swordfish\n");
        for (String argument : List.of("@" + secret, "--out=" + directory.resolve("elsewhere"), "\u001b[31m")) {
            Path edited = edited(
                    out.resolve("model.safetensors"),
                    "run.arguments",
                    "[\"" + argument.replace("\u001b", "\\u001b") + "\"]");
            StriateProcess refused = StriateProcess.run("lenet", "--resume", edited.toString(), "--device", "cpu");
            assertEquals(1, refused.status(), refused.out());
            assertTrue(refused.err().contains("the run's arguments"), refused.err());
            assertFalse(refused.err().contains("swordfish") || refused.err().contains("\u001b"), refused.err());
            assertFalse(Files.exists(directory.resolve("elsewhere")));
        }

        StriateProcess overwritten = StriateProcess.run(
                "digits", "--epochs=1", "--device=cpu", "--model=mlp", "--overwrite", "--out=" + out);
        assertEquals(0, overwritten.status(), overwritten.err());
        assertEquals(
                List.of(
                        "edited.safetensors",
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
    }

    @Test
    void aRunCanBeExtended() throws Exception {
        Path out = directory.resolve("run");
        String[] run = {"lenet", "--dataset=digits", "--device=cpu", "--out=" + out};
        assertEquals(0, StriateProcess.run(with(run, "--epochs=2")).status());
        String model = out.resolve("model.safetensors").toString();
        StriateProcess extended = StriateProcess.run("lenet", "--device=cpu", "--resume=" + model, "--epochs=4");
        assertEquals(0, extended.status(), extended.err());
        assertTrue(
                extended.out()
                        .contains("\n4 instead of 2 epochs: from here on, the learning rate is that of a run of 4"
                                + " epochs, 0.00150 in the next step; in a run of 2 it would be 0.00\n"),
                extended.out());
        List<EpochEnd> history = Checkpoint.read(Path.of(model)).history();
        assertEquals(4, history.size());
        assertEquals(4, history.get(3).epochs());
        assertTrue(history.get(2).learningRate() > 10 * history.get(1).learningRate());
        int steps = Files.readAllLines(out.resolve("steps.csv")).size() - 1;
        assertEquals(0, steps % 4, "steps of four epochs");
        StriateProcess shorter = StriateProcess.run("lenet", "--device=cpu", "--resume=" + model, "--epochs=3");
        assertEquals(1, shorter.status(), shorter.out());
        assertTrue(shorter.err().contains("it is after epoch 4, and 3 epochs are wanted in all"), shorter.err());
        assertTrue(StriateProcess.run("lenet", "--device=cpu", "--resume=" + model)
                .out()
                .contains("the run is complete: 4 of 4 epochs"));
    }

    /** Earlier versions had no option for the validation set. */
    @Test
    void aRunWithoutAValidationSetResumesAsItWas() throws Exception {
        Path out = directory.resolve("run");
        StriateProcess first = StriateProcess.run(
                "lenet", "--dataset=digits", "--device=cpu", "--epochs=1", "--validation=test", "--out=" + out);
        assertEquals(0, first.status(), first.err());
        assertTrue(first.out().contains("1,000 training and 200 test images"), first.out());
        assertTrue(first.out().contains("\nthe test set is also the validation set\n"), first.out());
        String arguments =
                Safetensors.readMetadata(out.resolve("model.safetensors")).get("run.arguments");
        assertTrue(arguments.contains(",\"--validation=test\""), arguments);
        Path old = edited(
                out.resolve("model.safetensors"), "run.arguments", arguments.replace(",\"--validation=test\"", ""));
        StriateProcess resumed = StriateProcess.run("lenet", "--device=cpu", "--resume=" + old, "--epochs=2");
        assertEquals(0, resumed.status(), resumed.err());
        assertTrue(resumed.out().contains("1,000 training and 200 test images"), resumed.out());
        assertTrue(resumed.out().contains("\nthe test set is also the validation set\n"), resumed.out());
    }

    @Test
    void allImagesCanBeTrainedOn() throws Exception {
        Path out = directory.resolve("run");
        String[] run = {"lenet", "--dataset=digits", "--device=cpu", "--epochs=1", "--validation=0", "--out=" + out};
        StriateProcess all = StriateProcess.run(run);
        assertEquals(0, all.status(), all.err());
        assertTrue(all.out().contains("1,000 training and 200 test images"), all.out());
        assertFalse(all.out().contains("val "), all.out());
        assertFalse(Files.exists(out.resolve("best.safetensors")));
        assertFalse(Files.readString(out.resolve("index.html")).contains("best.safetensors"));
        JsonObject result = JsonObject.read(out.resolve("result.json"));
        assertEquals(0L, result.get("validation_images"));
        assertNull(result.objects("models").get(0).get("validation_loss"));
        StriateProcess patient = StriateProcess.run(with(run, "--patience=1", "--overwrite"));
        assertEquals(1, patient.status(), patient.out());
        assertTrue(patient.err().contains("--patience needs a validation set"), patient.err());
    }

    private static String[] with(String[] arguments, String... more) {
        return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray(String[]::new);
    }

    private static Map<String, float[]> tensors(Path file) {
        Map<String, float[]> values = new TreeMap<>();
        Safetensors.read(file, Device.reference()).forEach((name, tensor) -> {
            try (Tensor closed = tensor) {
                values.put(name, closed.toFloatArray());
            }
        });
        return values;
    }

    /** The history without the times. */
    private static List<String> figures(Path run) throws IOException {
        return Files.readAllLines(run.resolve("history.csv")).stream()
                .map(line -> line.replaceAll("(,[^,]*){2}$", ""))
                .toList();
    }

    // ---- Using a model

    @Test
    void aModelIsEvaluatedAndPredicts() throws Exception {
        Path out = directory.resolve("run");
        StriateProcess trained = StriateProcess.run(
                "lenet", "--dataset", "digits", "--epochs", "12", "--device", "cpu", "--out", out.toString());
        assertEquals(0, trained.status(), trained.err());
        String model = out.resolve("model.safetensors").toString();

        StriateProcess evaluate = StriateProcess.run("evaluate", model, "--device", "cpu");
        assertEquals(0, evaluate.status(), evaluate.err());
        Matcher accuracy =
                Pattern.compile("(?m)^accuracy (\\S+) % \\((\\d+) of 200\\)").matcher(evaluate.out());
        assertTrue(accuracy.find(), evaluate.out());
        assertTrue(trained.out().contains("test accuracy " + accuracy.group(1) + " %"), trained.out());
        assertTrue(evaluate.out().contains("predicted class"), evaluate.out());
        assertTrue(evaluate.out().lines().allMatch(line -> line.length() <= 80), evaluate.out());

        Dataset digits = TinyDigits.test();
        int right = 0;
        for (int i = 0; i < 10; i++) {
            float[] values = new float[64];
            digits.read(i, values, 0);
            byte[] pixels = new byte[64];
            for (int k = 0; k < 64; k++) {
                pixels[k] = (byte) Math.round(255 * values[k]);
            }
            Image digit = new Image(pixels, Shape.of(1, 8, 8));
            digit.write(directory.resolve("ink-" + i + ".png"));
            digit.negative().rgb().write(directory.resolve("paper-" + i + ".png"));
        }
        String[] ink = Stream.iterate(0, i -> i + 1)
                .limit(10)
                .map(i -> directory.resolve("ink-" + i + ".png").toString())
                .toArray(String[]::new);
        StriateProcess predict = StriateProcess.run(with(new String[] {"predict", "--top", "1", model}, ink));
        assertEquals(0, predict.status(), predict.err());
        List<String> answers = predict.out().lines().toList();
        for (int i = 0; i < 10; i++) {
            assertTrue(answers.get(i).matches(Pattern.quote(ink[i]) + ": \\d \\(\\d+\\.\\d\\d %\\)"), answers.get(i));
            right += answers.get(i).startsWith(ink[i] + ": " + digits.label(i) + " ") ? 1 : 0;
        }
        assertTrue(right >= 7, predict.out());

        // Names from a file or a directory may try to control the terminal.
        Path hostile = edited(
                out.resolve("model.safetensors"),
                "model.classes",
                "["
                        + IntStream.range(0, 10)
                                .mapToObj(i -> "\"\\u001b[3" + i + "m\\n\\u202e" + i + "\"")
                                .collect(Collectors.joining(","))
                        + "]");
        Path image = Files.copy(directory.resolve("ink-0.png"), directory.resolve("@\u001b[31m.png"));
        StriateProcess shown = StriateProcess.run(
                directory,
                Map.of(),
                StriateProcess.java(
                        List.of(),
                        "predict",
                        "--device=cpu",
                        hostile.toString(),
                        image.getFileName().toString()));
        assertEquals(0, shown.status(), shown.err());
        assertTrue(shown.out().startsWith("@\\u001b[31m.png: \\u001b[3"), shown.out());
        assertEquals(1, shown.out().lines().count(), shown.out());
        assertFalse(shown.out().contains("\u001b") || shown.out().contains("\u202e"), shown.out());

        Path missing = directory.resolve("missing.png");
        StriateProcess negative = StriateProcess.run(
                "predict",
                "--invert",
                "--top",
                "1",
                model,
                missing.toString(),
                directory.resolve("paper-3.png").toString());
        assertEquals(1, negative.status());
        assertTrue(negative.err().contains(missing.toString()), negative.err());
        assertEquals(
                answers.get(3).replaceAll(".*: ", ""), negative.out().strip().replaceAll(".*: ", ""));
    }

    @Test
    void whatIsNoModelIsRefused() throws Exception {
        Path file = Files.writeString(directory.resolve("notes.txt"), "no model");
        for (String[] command : new String[][] {{"evaluate", file.toString()}, {"predict", file.toString(), "x.png"}}) {
            StriateProcess refused = StriateProcess.run(command);
            assertEquals(1, refused.status(), refused.out());
            assertTrue(refused.err().contains(file + " is not a safetensors file"), refused.err());
            assertEquals(
                    command[0].equals("predict"),
                    refused.err().contains(". The first argument is the model: striate predict MODEL PICTURE..."),
                    refused.err());
        }
    }

    @Test
    void aFolderInsteadOfAFileIsAnsweredWithTheFiles() throws Exception {
        for (String[] command : new String[][] {
            {"evaluate", "" + directory}, {"inspect", "" + directory}, {"predict", "" + directory, "x.png"}
        }) {
            StriateProcess refused = StriateProcess.run(with(command, "--device=cpu"));
            assertEquals(1, refused.status(), refused.out());
            assertEquals(
                    "striate: expected a model file, got the folder " + directory,
                    refused.err().strip());
        }
        Path out = directory.resolve("run");
        StriateProcess trained =
                StriateProcess.run("lenet", "--dataset=digits", "--epochs=1", "--device=cpu", "--out=" + out);
        assertEquals(0, trained.status(), trained.err());
        assertTrue(trained.out().contains("\n1 epoch in "), trained.out());
        Path model = out.resolve("model.safetensors");
        StriateProcess refused = StriateProcess.run("predict", "--device=cpu", out.toString(), "x.png");
        assertEquals(
                "striate: expected a model file, got the folder " + out + "; did you mean " + model + "?",
                refused.err().strip());
        refused = StriateProcess.run("predict", "--device=cpu", model.toString(), directory.toString());
        assertEquals(1, refused.status(), refused.out());
        assertEquals(
                "striate predict: " + directory + " is a folder; name the picture files, for example " + directory
                        + "/*.jpg",
                refused.err().strip());
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
