package dev.striate.plot;

import dev.striate.NoGrad;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.nn.Block;
import dev.striate.nn.Dropout;
import dev.striate.nn.Sequential;
import dev.striate.train.Modes;
import java.awt.Font;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * The feature maps of one image, layer by layer in the order of computation, and the probabilities of the classes.
 * Layers whose output is not images are left out. Each map is scaled from black, its minimum, to white, its maximum; a
 * constant map, as after a dead ReLU, is grey. Maps of a single pixel share one scale. At most 64 maps of a layer are
 * shown.
 */
public final class FeatureMaps extends Picture {

    private static final int MOST_MAPS = 64;
    private static final int MOST_CLASSES = 10;
    private static final int FEW_MAPS = 8;
    private static final int WIDTH = 732;
    private static final int MARGIN = 16;
    private static final int GAP = 4;
    private static final int LINE = Canvas.TEXT + 8;
    private static final int BAR_WIDTH = 240;
    private static final int MOST_NAME_WIDTH = 300;
    private static final Font TITLE = Canvas.bold(Canvas.HEADING);
    private static final Font NAME = Canvas.bold(Canvas.TEXT);
    private static final Font TEXT = Canvas.font(Canvas.TEXT);

    private final List<Layer> layers = new ArrayList<>();
    private final double[] probabilities;
    private final List<String> names;

    /**
     * A layer's output, or the input.
     *
     * @param values of the maps that are shown, row-major {@code (maps, height, width)}
     * @param maps   the number of maps, shown or not
     */
    private record Layer(String name, String type, int maps, Shape shape, float[] values) {

        int shown() {
            return shape.size(0);
        }

        /** Single pixels are drawn small, and few maps are drawn large. */
        int columns() {
            return shape.size(1) * shape.size(2) == 1 ? 64 : shown() <= FEW_MAPS ? FEW_MAPS : 2 * FEW_MAPS;
        }

        /** The side of a map in points. */
        int side() {
            return (WIDTH - 2 * MARGIN + GAP) / columns() - GAP;
        }

        int height() {
            return LINE + ((shown() - 1) / columns() + 1) * (side() + GAP);
        }
    }

    /**
     * Runs a network on an image, in evaluation mode and without recording gradients, and restores its modes
     * afterwards.
     *
     * @param model      from images {@code (N, C, H, W)} to logits {@code (N, classes)}
     * @param image      {@code (1, C, H, W)}, preprocessed as the model expects
     * @param classNames in the order of the logits
     * @throws StriateException if there is not exactly one image, or if the numbers of names and classes differ
     */
    public FeatureMaps(Block model, Tensor image, List<String> classNames) {
        if (image.shape().rank() != 4 || image.size(0) != 1) {
            throw new StriateException("FeatureMaps: expected one image (1, C, H, W), got " + image.shape());
        }
        names = List.copyOf(classNames);
        IdentityHashMap<Block, String> blockNames = new IdentityHashMap<>();
        model.blocks().forEach((name, block) -> blockNames.put(block, name));
        add("Input", "as the network receives it", image);
        try (Modes before = Modes.of(model);
                NoGrad off = NoGrad.open();
                Scope scope = Scope.open()) {
            model.eval();
            Tensor logits = model.forward(image, (block, output) -> {
                // Their output was already reported by the block inside them or before them.
                if (output.shape().rank() == 4 && !(block instanceof Sequential) && !(block instanceof Dropout)) {
                    add(blockNames.getOrDefault(block, ""), block.toString(), output);
                }
            });
            if (!logits.shape().equals(Shape.of(1, names.size()))) {
                throw new StriateException("FeatureMaps: expected logits (1, " + names.size()
                        + "), one for each class name, got " + logits.shape());
            }
            probabilities = softmax(logits.toFloatArray());
        }
    }

    private void add(String name, String type, Tensor output) {
        int maps = output.size(1);
        Shape shown = Shape.of(Math.min(maps, MOST_MAPS), output.size(2), output.size(3));
        layers.add(new Layer(name, type, maps, shown, Arrays.copyOf(output.toFloatArray(), shown.elements())));
    }

    private static double[] softmax(float[] logits) {
        double most = IntStream.range(0, logits.length)
                .mapToDouble(i -> logits[i])
                .max()
                .orElseThrow();
        double[] probabilities = new double[logits.length];
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            probabilities[i] = Math.exp(logits[i] - most);
            sum += probabilities[i];
        }
        for (int i = 0; i < logits.length; i++) {
            probabilities[i] /= sum;
        }
        return probabilities;
    }

    /** The names of the rows in order: the input, then the layers. */
    List<String> layers() {
        return layers.stream().map(Layer::name).toList();
    }

    /** The probability of each class. */
    public double[] probabilities() {
        return probabilities.clone();
    }

    /** Labels of the most probable classes, most probable first; ties are ordered by label. */
    private List<Integer> mostProbable() {
        return IntStream.range(0, probabilities.length)
                .boxed()
                .sorted((a, b) -> Double.compare(probabilities[b], probabilities[a]))
                .limit(MOST_CLASSES)
                .toList();
    }

    @Override
    BufferedImage draw() {
        List<Integer> classes = mostProbable();
        int height =
                layers.stream().mapToInt(layer -> layer.height() + LINE / 2).sum();
        Canvas canvas = new Canvas(WIDTH, MARGIN + 2 * LINE + height + (classes.size() + 1) * LINE + MARGIN);
        canvas.text("Feature maps", TITLE, Palette.INK, MARGIN, MARGIN + Canvas.HEADING);
        int y = MARGIN + 2 * LINE;
        for (Layer layer : layers) {
            draw(canvas, layer, y);
            y += layer.height() + LINE / 2;
        }
        canvas.text("Probabilities", NAME, Palette.INK, MARGIN, y + Canvas.TEXT);
        int nameWidth = Math.min(Canvas.width(names, TEXT), MOST_NAME_WIDTH);
        int bar = MARGIN + nameWidth + 10;
        for (int label : classes) {
            y += LINE;
            double probability = probabilities[label];
            canvas.text(Canvas.fit(names.get(label), TEXT, nameWidth), TEXT, Palette.INK, MARGIN, y + Canvas.TEXT);
            canvas.fill(Palette.LINE, bar, y, BAR_WIDTH, Canvas.TEXT + 2);
            canvas.fill(Palette.BLUE, bar, y, BAR_WIDTH * probability, Canvas.TEXT + 2);
            canvas.text(
                    String.format(Locale.ROOT, "%.1f %%", 100 * probability),
                    TEXT,
                    Palette.INK,
                    bar + BAR_WIDTH + 8,
                    y + Canvas.TEXT);
        }
        return canvas.finish();
    }

    private void draw(Canvas canvas, Layer layer, int top) {
        int height = layer.shape.size(1);
        int width = layer.shape.size(2);
        String facts = layer.type + ", " + layer.maps + " x " + height + " x " + width
                + (layer.shown() < layer.maps ? ", the first " + layer.shown() : "");
        canvas.text(layer.name, NAME, Palette.INK, MARGIN, top + Canvas.TEXT);
        canvas.text(facts, TEXT, Palette.FAINT, MARGIN + Canvas.width(layer.name, NAME) + 10, top + Canvas.TEXT);
        // The input is drawn as one picture, in colour if it has three channels.
        boolean picture = layer.equals(layers.get(0));
        int plane = height * width;
        for (int map = 0; map < (picture ? 1 : layer.shown()); map++) {
            boolean alone = !picture && plane > 1;
            float[] values = alone ? Arrays.copyOfRange(layer.values, map * plane, (map + 1) * plane) : layer.values;
            float[] range = range(values);
            int x = MARGIN + map % layer.columns() * (layer.side() + GAP);
            int y = top + LINE + map / layer.columns() * (layer.side() + GAP);
            Shape shape = picture ? layer.shape : Shape.of(1, height, width);
            canvas.imageWithin(Pixels.image(layer.values, map * plane, shape, range[0], range[1]), x, y, layer.side());
        }
    }

    /** The minimum and maximum, or a range around the value if all are equal. */
    private static float[] range(float[] values) {
        float least = Float.POSITIVE_INFINITY;
        float greatest = Float.NEGATIVE_INFINITY;
        for (float value : values) {
            least = Math.min(least, value);
            greatest = Math.max(greatest, value);
        }
        return least < greatest ? new float[] {least, greatest} : new float[] {least - 1, greatest + 1};
    }
}
