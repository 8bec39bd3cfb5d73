package dev.striate.cli;

import dev.striate.Device;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.data.DataLoader;
import dev.striate.data.Dataset;
import dev.striate.data.Downloads;
import dev.striate.disk.PrintableText;
import dev.striate.io.Image;
import dev.striate.models.Model;
import dev.striate.nn.Block;
import dev.striate.nn.Convolution;
import dev.striate.nn.Summary;
import dev.striate.plot.ExcitingPatches;
import dev.striate.plot.FeatureMaps;
import dev.striate.plot.Filters;
import dev.striate.plot.Picture;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Prints the layers of a trained model and draws its filters, the patches that activate them most, and feature maps.
 */
@Command(
        name = "inspect",
        description = {
            "Print a trained model layer by layer: shapes, parameters, multiply-adds per image, and receptive fields (the part"
                    + " of the input that a unit sees).",
            "",
            "Receptive fields are in pixels of the input: Field is their size, Stride the distance between neighbouring fields,"
                    + " Centre the centre of the first field.",
            "",
            "Also draw the weights of a convolution (filters.png), the patches of the test images that activate these filters"
                    + " most (patches.png) and, with --image, the feature maps of each layer (features.png)."
        },
        parameterListHeading = "%nArguments:%n",
        optionListHeading = "%nOptions:%n")
final class InspectCommand implements Callable<Integer> {

    private static final int BATCH_SIZE = 100;
    private static final int PATCHES = 10;
    private static final Set<String> OWN = Set.of("filters.png", "patches.png", "features.png");

    @Parameters(paramLabel = "MODEL", description = "Model file, such as the model.safetensors of a training run.")
    private Path file;

    @Option(
            names = "--image",
            paramLabel = "FILE",
            description = "Draw the feature maps of this picture, a PNG, JPEG, GIF or BMP file.")
    private @Nullable Path image;

    @Option(
            names = "--invert",
            description =
                    "Invert the picture: MNIST's digits are white on black, so a scan of ink on paper needs this.")
    private boolean invert;

    @Option(
            names = "--layer",
            paramLabel = "NAME",
            description = "Name of the convolution to draw (default: the first).")
    private @Nullable String layer;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description =
                    "Directory of the data set for the patches (default: the user's cache; nothing is downloaded).")
    private @Nullable Path data;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Directory for the pictures (default: inspect, beside the model).")
    private @Nullable Path out;

    @Mixin
    private PictureOptions pictureOptions = new PictureOptions();

    @Mixin
    private DeviceOptions deviceOptions = new DeviceOptions();

    private final PrintStream console = System.out;

    @Override
    public Integer call() {
        Device device = deviceOptions.open();
        Path directory = out == null ? file.resolveSibling("inspect") : out;
        try (Model saved = ModelFile.open(file, device);
                OutputDirectory output = OutputDirectory.open(directory)) {
            String convolution = convolution(saved);
            String dataset = saved.description().dataset();
            console.println(PrintableText.of(saved.name() + (dataset.isEmpty() ? "" : ", trained on " + dataset)));
            console.println();
            Summary summary = saved.network().summary(saved.description().batch(1));
            console.println(summary.withReceptiveFields());
            Map<String, Picture> pictures = pictures(saved, summary, convolution, device);
            if (!pictures.isEmpty()) {
                output.write(target -> {
                    pictures.forEach((name, picture) -> picture.write(target.resolve(name)));
                    // Older pictures may be of another model.
                    output.delete(OWN::contains);
                });
                console.printf(
                        "%nwrote %s to %s%n",
                        String.join(", ", pictures.keySet()), PrintableText.of(directory.toString()));
            }
        }
        return 0;
    }

    private Map<String, Picture> pictures(Model saved, Summary summary, @Nullable String convolution, Device device) {
        Map<String, Picture> pictures = new LinkedHashMap<>();
        if (convolution != null) {
            Block block = Objects.requireNonNull(saved.network().blocks().get(convolution));
            Tensor weight = Objects.requireNonNull(block.parameters().get("weight"));
            pictures.put("filters.png", new Filters(convolution, weight));
            if (hasKnownField(summary, convolution)) {
                ExcitingPatches patches = patches(saved, convolution, device);
                if (patches != null) {
                    pictures.put("patches.png", patches);
                }
            } else {
                console.printf("%nno patches.png: the receptive field of %s is unknown%n", convolution);
            }
        }
        if (image != null) {
            Image picture = Image.read(image, pictureOptions.maxPixels());
            float[] pixels = saved.description().prepare(invert ? picture.negative() : picture);
            try (Tensor x = Tensor.of(device, saved.description().batch(1), pixels)) {
                pictures.put("features.png", new FeatureMaps(saved.network(), x, saved.classNames()));
            }
        }
        return pictures;
    }

    /** Returns the name of the convolution to draw, or null if the model has none and {@code --layer} is not given. */
    private @Nullable String convolution(Model saved) {
        List<String> names = saved.network().blocks().entrySet().stream()
                .filter(block -> block.getValue() instanceof Convolution)
                .map(Map.Entry::getKey)
                .toList();
        if (layer != null && !names.contains(layer)) {
            throw new StriateException("--layer: "
                    + (names.isEmpty()
                            ? saved.name() + " has no convolution"
                            : "expected " + Main.alternatives(names) + ", got '" + layer + "'"));
        }
        return layer != null ? layer : names.isEmpty() ? null : names.get(0);
    }

    /**
     * Returns the patches from the test set. Without {@code --data}, prints a message and returns null if the data set
     * is missing.
     */
    private @Nullable ExcitingPatches patches(Model saved, String convolution, Device device) {
        Dataset images;
        try {
            String name = saved.description().dataset();
            images = (name.isEmpty() && data != null ? DatasetChoice.FOLDER : DatasetChoice.named(name))
                    .load(
                            data,
                            Downloads.inUserCache().offline(true),
                            saved.description().input(),
                            pictureOptions.maxPixels())
                    .test();
        } catch (StriateException e) {
            if (data != null) {
                throw e;
            }
            console.printf(
                    "%npatches.png needs the data set: --data DIR (%s)%n",
                    Logs.message(String.valueOf(e.getMessage())));
            return null;
        }
        DataLoader loader =
                DataLoader.of(images, BATCH_SIZE).transform(saved.description().normalize());
        return new ExcitingPatches(saved.network(), convolution, loader, device, PATCHES);
    }

    private static boolean hasKnownField(Summary summary, String layer) {
        return summary.rows().stream().anyMatch(row -> row.name().equals(layer) && row.field() != null);
    }
}
