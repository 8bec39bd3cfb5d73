package dev.striate.cli;

import dev.striate.Device;
import dev.striate.Scope;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.autograd.NoGrad;
import dev.striate.io.Image;
import dev.striate.models.SavedModel;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a trained model takes pictures for. */
@Command(
        name = "predict",
        description = {
            "Says what a trained model takes pictures for: the likeliest classes with their probabilities.",
            "",
            "A picture may be of any size, PNG or JPEG: its shorter side is brought to the size that the model takes, and the"
                    + " middle is cut out. Colours become grey where the model takes grey."
        },
        optionListHeading = "%nOptions:%n")
final class PredictCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "MODEL", description = "A file that a training command wrote, model.safetensors.")
    private Path file;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "IMAGE", description = "Pictures, PNG or JPEG.")
    private List<Path> images = List.of();

    @Option(
            names = "--top",
            paramLabel = "K",
            converter = Count.class,
            description = "How many classes to name (default: ${DEFAULT-VALUE}).")
    private int top = 3;

    @Option(
            names = "--invert",
            description = "Takes the negative: MNIST's digits are white on black, so a scan of ink on paper needs it.")
    private boolean invert;

    @Mixin
    private DeviceOptions deviceOptions = new DeviceOptions();

    private final PrintStream console = System.out;

    @Override
    public Integer call() {
        Device device = deviceOptions.open();
        boolean allRead = true;
        try (SavedModel saved = SavedModel.open(file, device)) {
            for (Path path : images) {
                // One picture that cannot be read does not keep the others from being looked at.
                try {
                    console.println(path + ": " + inWords(saved, probabilities(saved, Image.read(path), device)));
                } catch (StriateException e) {
                    allRead = false;
                    System.err.println("striate predict: " + e.getMessage());
                }
            }
        }
        return allRead ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private float[] probabilities(SavedModel saved, Image image, Device device) {
        try (NoGrad off = NoGrad.open(); Scope scope = Scope.open()) {
            float[] pixels = saved.description().prepare(invert ? image.negative() : image);
            Tensor x = Tensor.of(device, saved.description().architecture().batch(1), pixels);
            return saved.model().forward(x).softmax(1).toArray();
        }
    }

    /** {@code 7 (99.93 %), 9 (0.04 %), 3 (0.02 %)}. */
    private String inWords(SavedModel saved, float[] probabilities) {
        List<String> best = IntStream.range(0, probabilities.length).boxed()
                .sorted(Comparator.comparingDouble(label -> -probabilities[label]))
                .limit(top)
                .map(label -> saved.classNames().get(label) + " (" + ClassTable.percent(probabilities[label]) + ")")
                .toList();
        return String.join(", ", best);
    }
}
