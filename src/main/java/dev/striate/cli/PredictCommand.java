package dev.striate.cli;

import dev.striate.Device;
import dev.striate.StriateException;
import dev.striate.disk.PrintableText;
import dev.striate.io.Image;
import dev.striate.io.Safetensors;
import dev.striate.models.Model;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Classifies pictures. */
@Command(
        name = "predict",
        description = {
            "Classify pictures with a trained model: print the most likely classes with their probabilities.",
            "",
            "Pictures are PNG, JPEG, GIF or BMP files. The shorter side is scaled to the model's input size, and the centre is"
                    + " cropped. Colour pictures are converted to greyscale if the model expects it."
        },
        parameterListHeading = "%nArguments:%n",
        optionListHeading = "%nOptions:%n")
final class PredictCommand implements Callable<Integer> {

    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "Model file, such as the model.safetensors of a training run.")
    private Path file;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "PICTURE", description = "One or more pictures.")
    private List<Path> images = List.of();

    @Option(
            names = "--top",
            paramLabel = "K",
            converter = Count.class,
            description = "Number of classes to print (default: ${DEFAULT-VALUE}).")
    private int top = 3;

    @Option(
            names = "--invert",
            description =
                    "Invert the picture: MNIST's digits are white on black, so a scan of ink on paper needs this.")
    private boolean invert;

    @Mixin
    private PictureOptions pictureOptions = new PictureOptions();

    @Mixin
    private DeviceOptions deviceOptions = new DeviceOptions();

    private final PrintStream console = System.out;

    @Override
    public Integer call() {
        Device device = deviceOptions.open();
        boolean allRead = true;
        try (Model saved = open(device)) {
            for (Path path : images) {
                // A picture that cannot be read does not prevent the others from being classified.
                try {
                    if (Files.isDirectory(path)) {
                        throw new StriateException(
                                path + " is a folder; name the picture files, for example " + path + "/*.jpg");
                    }
                    Image image = Image.read(path, pictureOptions.maxPixels());
                    console.println(PrintableText.of(path + ": " + inWords(saved, invert ? image.negative() : image)));
                } catch (StriateException e) {
                    allRead = false;
                    System.err.println(Logs.message("striate predict: " + e.getMessage()));
                }
            }
        }
        return allRead ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private Model open(Device device) {
        if (Files.isRegularFile(file)) {
            try {
                Safetensors.readMetadata(file);
            } catch (StriateException e) {
                throw new StriateException(
                        e.getMessage() + ". The first argument is the model: striate predict MODEL PICTURE...", e);
            }
        }
        return ModelFile.open(file, device);
    }

    /** {@code 7 (99.93 %), 9 (0.04 %), 3 (0.02 %)}. */
    private String inWords(Model model, Image image) {
        return model.predict(image).top(top).stream()
                .map(candidate -> candidate.className() + " (" + ClassTable.percent(candidate.probability()) + ")")
                .collect(Collectors.joining(", "));
    }
}
