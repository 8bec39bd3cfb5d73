package dev.striate.data;

import dev.striate.Device;
import dev.striate.IntTensor;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A batch of images with their labels or other targets, in host memory. Batches of a {@link Dataset} have labels, those
 * of a {@link TargetDataset} have targets.
 *
 * <p>Closing a batch is optional. {@link #close()} returns the memory of the images and targets to the loader, which
 * reuses it for a later batch. A batch that is not closed stays valid and is freed by the garbage collector.
 */
public final class Batch implements AutoCloseable {

    private final Shape shape;
    private final int[] indices;
    private final int @Nullable [] labels;
    private final @Nullable LabelMix labelMix;
    private final @Nullable Shape targetShape;
    private final @Nullable Consumer<float[]> recycler;
    private float @Nullable [] targets;
    private float @Nullable [] images;

    /**
     * Creates a batch with labels, without a loader.
     *
     * @param images  the pixels in row-major order of {@code shape}; not copied
     * @param shape   {@code (N, channels, height, width)}
     * @param labels  the classes of the N images, counted from 0; -100 to ignore an image in the loss and in
     *     evaluations
     * @param indices the positions of the N images in the data set
     * @throws StriateException if the lengths do not match
     */
    public Batch(float[] images, Shape shape, int[] labels, int[] indices) {
        this(images, shape, labels, indices, null);
    }

    /**
     * Creates a batch with labels whose images were mixed with each other, without a loader.
     *
     * @param labelMix the labels of the images that each image was mixed with; null if they were not mixed
     * @throws StriateException if the lengths do not match
     * @see #Batch(float[], Shape, int[], int[])
     */
    public Batch(float[] images, Shape shape, int[] labels, int[] indices, @Nullable LabelMix labelMix) {
        this(images, shape, labels, labelMix, null, null, indices, null);
    }

    /**
     * Creates a batch with targets, without a loader.
     *
     * @param images      the pixels in row-major order of {@code shape}; not copied
     * @param shape       {@code (N, channels, height, width)}
     * @param targets     the targets in row-major order of {@code targetShape}; not copied
     * @param targetShape {@code (N, ...)}
     * @param indices     the positions of the N images in the data set
     * @throws StriateException if the lengths do not match
     */
    public Batch(float[] images, Shape shape, float[] targets, Shape targetShape, int[] indices) {
        this(images, shape, null, null, targets, targetShape, indices, null);
    }

    /** Creates a batch with either labels or targets. */
    Batch(
            float[] images,
            Shape shape,
            int @Nullable [] labels,
            @Nullable LabelMix labelMix,
            float @Nullable [] targets,
            @Nullable Shape targetShape,
            int[] indices,
            @Nullable Consumer<float[]> recycler) {
        if (shape.rank() != 4
                || shape.elements() == 0
                || images.length != shape.elements()
                || indices.length != shape.size(0)
                || (labels != null && labels.length != shape.size(0))
                || (labelMix != null && labelMix.labels().length != shape.size(0))) {
            throw new StriateException(
                    "Batch: expected (N, channels, height, width), as many values and N labels and indices,"
                            + " got " + shape + ", " + images.length + " values, "
                            + (labels == null ? "" : labels.length + " labels, ")
                            + (labelMix == null ? "" : labelMix.labels().length + " labels of partners, ")
                            + indices.length + " indices");
        }
        if (targets != null
                && targetShape != null
                && (targetShape.rank() == 0
                        || targetShape.size(0) != shape.size(0)
                        || targets.length != targetShape.elements())) {
            throw new StriateException("Batch: expected targets (" + shape.size(0) + ", ...) and as many values, got "
                    + targetShape + " and " + targets.length + " values");
        }
        this.images = images;
        this.shape = shape;
        this.labels = labels;
        this.labelMix = labelMix;
        this.targets = targets;
        this.targetShape = targetShape;
        this.indices = indices;
        this.recycler = recycler;
    }

    /** Returns the number of images, N. */
    public int size() {
        return indices.length;
    }

    /** Returns the shape, {@code (N, channels, height, width)}. */
    public Shape shape() {
        return shape;
    }

    /**
     * Returns the images in row-major order, without copying.
     *
     * @throws StriateException after {@link #close()}
     */
    public float[] images() {
        return open(images);
    }

    /** Returns whether the batch has labels; otherwise it has targets. */
    public boolean hasLabels() {
        return labels != null;
    }

    /**
     * Returns the class of each image, without copying.
     *
     * @throws StriateException if the batch has targets
     */
    public int[] labels() {
        if (labels == null) {
            throw new StriateException("this batch has targets instead of labels; use targets()");
        }
        return labels;
    }

    /** Returns the labels of the images that each image was mixed with; null if they were not mixed. */
    public @Nullable LabelMix labelMix() {
        return labelMix;
    }

    /**
     * Returns the targets in row-major order of {@link #targetShape()}, without copying.
     *
     * @throws StriateException if the batch has labels, or after {@link #close()}
     */
    public float[] targets() {
        targetShape();
        return open(targets);
    }

    /**
     * Returns the shape of the targets, {@code (N, ...)}.
     *
     * @throws StriateException if the batch has labels
     */
    public Shape targetShape() {
        if (targetShape == null) {
            throw new StriateException("this batch has labels instead of targets; use labels()");
        }
        return targetShape;
    }

    /** Returns the position of each image in the data set, without copying. */
    public int[] indices() {
        return indices;
    }

    /** Copies the images to a device as a tensor {@code (N, channels, height, width)}. */
    public Tensor images(Device device) {
        return Tensor.of(device, shape, images());
    }

    /**
     * Copies the labels to a device as a tensor {@code (N)}.
     *
     * @throws StriateException if the batch has targets
     */
    public IntTensor labels(Device device) {
        return IntTensor.of(device, labels());
    }

    /**
     * Copies the targets to a device as a tensor of {@link #targetShape()}.
     *
     * @throws StriateException if the batch has labels
     */
    public Tensor targets(Device device) {
        return Tensor.of(device, targetShape(), targets());
    }

    /** Returns the memory of the images and targets to the loader. They must not be used afterwards. */
    @Override
    public void close() {
        if (recycler != null) {
            if (images != null) {
                recycler.accept(images);
            }
            if (targets != null) {
                recycler.accept(targets);
            }
        }
        images = null;
        targets = null;
    }

    private static float[] open(float @Nullable [] values) {
        if (values == null) {
            throw new StriateException(
                    "this batch was closed and its memory may be that of another by now; read it before");
        }
        return values;
    }
}
