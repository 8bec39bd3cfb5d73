package dev.striate.plot;

import dev.striate.Device;
import dev.striate.NoGrad;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.data.Batch;
import dev.striate.data.DataLoader;
import dev.striate.data.ImageSource;
import dev.striate.nn.Block;
import dev.striate.nn.ReceptiveField;
import dev.striate.nn.Summary;
import dev.striate.train.Modes;
import java.awt.Font;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The image patches of a data set that activate the feature maps of a layer most (Zeiler and Fergus, "Visualizing and
 * understanding convolutional networks", 2014, without their deconvolution). There is one row per map, strongest patch
 * first, with the activation below each patch. A patch is the receptive field of the unit; pixels outside the image are
 * pale violet. An image contributes at most one patch to a row. At most 64 maps are shown.
 */
public final class ExcitingPatches extends Picture {

    private static final int MOST_MAPS = 64;
    private static final int SIDE = 56;
    private static final int GAP = 6;
    private static final int MARGIN = 16;
    private static final int LINE = Canvas.TEXT + 8;
    private static final int ROW = SIDE + Canvas.SMALL + 3 + GAP;
    private static final Font TITLE = Canvas.bold(Canvas.HEADING);
    private static final Font TEXT = Canvas.font(Canvas.TEXT);
    private static final Font NUMBER = Canvas.font(Canvas.SMALL);

    private final String layer;
    private final ImageSource dataset;
    private final ReceptiveField field;
    private final int maps;
    private final List<List<Patch>> best = new ArrayList<>();

    /**
     * The strongest activation of a map in one image.
     *
     * @param value  the activation
     * @param image  the index of the image in the data set
     * @param row    the row of the unit in the map
     * @param column the column of the unit in the map
     */
    public record Patch(float value, int image, int row, int column) {

        /** Strongest first; ties are ordered by image. */
        static final Comparator<Patch> BY_VALUE =
                Comparator.comparing(Patch::value).reversed().thenComparing(Patch::image);
    }

    /** Ends the forward pass early: the layers after this one are not needed. */
    private static final class Reached extends RuntimeException {

        private Reached() {
            super(null, null, false, false);
        }
    }

    /**
     * Runs a network up to a layer over all images, in evaluation mode and without recording gradients, and restores
     * its modes afterwards. Only the positions and values of the best patches are kept in memory.
     *
     * @param model  receives the images as the loader returns them, without random transforms
     * @param layer  the dotted name of a block whose output is images, usually a convolution
     * @param images read for one epoch; patches are cut from the data set itself
     * @param most   the number of patches per map
     * @throws StriateException if there is no such layer, or if its receptive field is unknown
     */
    public ExcitingPatches(Block model, String layer, DataLoader images, Device device, int most) {
        this.layer = layer;
        this.dataset = images.dataset();
        if (most < 1) {
            throw new StriateException("ExcitingPatches: expected at least 1 patch per map, got " + most);
        }
        Block target = model.blocks().get(layer);
        if (target == null) {
            throw new StriateException("ExcitingPatches: the model has no layer \"" + layer + "\"; its layers are "
                    + model.blocks().keySet().stream()
                            .filter(name -> !name.isEmpty())
                            .toList());
        }
        Summary.Row row = row(model);
        if (row == null || row.field() == null || row.output().rank() != 4) {
            throw new StriateException(
                    "ExcitingPatches: expected a layer with images as output and a known receptive field, got " + layer
                            + ", " + target + (row == null ? "" : " with output " + row.output()));
        }
        this.field = row.field();
        this.maps = row.output().size(1);
        List<PriorityQueue<Patch>> kept = new ArrayList<>();
        for (int map = 0; map < Math.min(maps, MOST_MAPS); map++) {
            // Reversed, so that the weakest kept patch is at the head.
            kept.add(new PriorityQueue<>(Patch.BY_VALUE.reversed()));
        }
        try (Modes before = Modes.of(model);
                NoGrad off = NoGrad.open();
                DataLoader.Epoch batches = images.forEvaluation().iterator()) {
            model.eval();
            while (batches.hasNext()) {
                try (Batch batch = batches.next();
                        Scope scope = Scope.open()) {
                    model.forward(batch.images(device), (block, output) -> {
                        if (block == target) {
                            keep(output, batch.indices(), kept, most);
                            throw new Reached();
                        }
                    });
                } catch (Reached e) {
                    // The scope has closed the tensors of this partial pass.
                }
            }
        }
        if (kept.get(0).isEmpty()) {
            throw new StriateException("ExcitingPatches: the forward pass does not report the output of " + layer
                    + "; call its forward() in the block that contains it");
        }
        kept.forEach(patches -> best.add(patches.stream().sorted(Patch.BY_VALUE).toList()));
    }

    private Summary.@Nullable Row row(Block model) {
        Shape image = dataset.imageShape();
        return model.summary(Shape.of(1, image.size(0), image.size(1), image.size(2))).rows().stream()
                .filter(each -> each.name().equals(layer))
                .findFirst()
                .orElse(null);
    }

    /** @param output {@code (N, maps, height, width)} for the images with these indices */
    private static void keep(Tensor output, int[] indices, List<PriorityQueue<Patch>> kept, int most) {
        float[] values = output.toFloatArray();
        int width = output.size(3);
        int plane = output.size(2) * width;
        for (int image = 0; image < indices.length; image++) {
            for (int map = 0; map < kept.size(); map++) {
                int start = (image * output.size(1) + map) * plane;
                int strongest = start;
                for (int i = start + 1; i < start + plane; i++) {
                    if (values[i] > values[strongest]) {
                        strongest = i;
                    }
                }
                int place = strongest - start;
                PriorityQueue<Patch> patches = kept.get(map);
                patches.add(new Patch(values[strongest], indices[image], place / width, place % width));
                if (patches.size() > most) {
                    patches.remove();
                }
            }
        }
    }

    /** The patches of each map that is shown, strongest first. */
    public List<List<Patch>> patches() {
        return List.copyOf(best);
    }

    @Override
    BufferedImage draw() {
        Shape image = dataset.imageShape();
        int height = Math.min(field.height().pixels(), image.size(1));
        int width = Math.min(field.width().pixels(), image.size(2));
        String title = "Strongest activations of " + layer;
        String facts = String.format(
                Locale.ROOT,
                "%s of %d x %d pixels from %,d images, one row per feature map%s",
                height < image.size(1) || width < image.size(2) ? "Patches" : "Images",
                height,
                width,
                dataset.size(),
                best.size() < maps ? ", the first " + best.size() + " of " + maps : "");
        int left = MARGIN + Canvas.width("000", TEXT) + 8;
        int top = MARGIN + 2 * LINE + GAP;
        int right = Math.max(
                left + best.get(0).size() * (SIDE + GAP) - GAP,
                MARGIN + Math.max(Canvas.width(title, TITLE), Canvas.width(facts, TEXT)));
        Canvas canvas = new Canvas(right + MARGIN, top + best.size() * ROW - GAP + MARGIN);
        canvas.text(title, TITLE, Palette.INK, MARGIN, MARGIN + Canvas.HEADING);
        canvas.text(facts, TEXT, Palette.FAINT, MARGIN, MARGIN + Canvas.HEADING + LINE);
        for (int map = 0; map < best.size(); map++) {
            int y = top + map * ROW;
            canvas.textEndingAt(Integer.toString(map), TEXT, Palette.INK, left - 8, y + (SIDE + Canvas.TEXT) / 2.0);
            for (int i = 0; i < best.get(map).size(); i++) {
                Patch patch = best.get(map).get(i);
                int x = left + i * (SIDE + GAP);
                canvas.imageWithin(cut(patch, height, width), x, y, SIDE);
                canvas.textCentered(
                        String.format(Locale.ROOT, "%.3g", patch.value),
                        NUMBER,
                        Palette.FAINT,
                        x + SIDE / 2.0,
                        y + SIDE + Canvas.SMALL);
            }
        }
        return canvas.finish();
    }

    /** The pixels in the receptive field of a unit, or the whole image if the field is at least as large. */
    private BufferedImage cut(Patch patch, int height, int width) {
        Shape image = dataset.imageShape();
        float[] values = new float[image.elements()];
        dataset.read(patch.image, values, 0);
        BufferedImage pixels = Pixels.image(values, 0, image);
        int top = height == image.size(1) ? 0 : field.height().first(patch.row);
        int left = width == image.size(2) ? 0 : field.width().first(patch.column);
        BufferedImage window = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int row = 0; row < height; row++) {
            for (int column = 0; column < width; column++) {
                int y = top + row;
                int x = left + column;
                boolean inside = y >= 0 && y < image.size(1) && x >= 0 && x < image.size(2);
                window.setRGB(column, row, inside ? pixels.getRGB(x, y) : Palette.OUTSIDE.getRGB());
            }
        }
        return window;
    }
}
