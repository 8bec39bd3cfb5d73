package dev.striate.data;

import dev.striate.Device;
import dev.striate.IntTensor;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Some images and their labels, in this machine's memory.
 *
 * <p>{@link #close()} is for speed only: it hands the memory of the images back to the loader for a later batch. A batch that is
 * not closed is left to the garbage collector and may be kept.
 */
public final class Batch implements AutoCloseable {

    private final Shape shape;
    private final int[] labels;
    private final int[] indices;
    private final @Nullable Consumer<float[]> recycler;
    private float @Nullable [] images;

    /**
     * A batch of images made by hand.
     *
     * @param images  in row-major order of {@code shape}
     * @param shape   {@code (N, channels, height, width)}
     * @param labels  N classes, from 0; -100 for an image that counts neither in the loss nor in an evaluation
     * @param indices where in the data set the N images are
     * @throws StriateException if the numbers do not fit together
     */
    public Batch(float[] images, Shape shape, int[] labels, int[] indices) {
        this(images, shape, labels, indices, null);
    }

    Batch(float[] images, Shape shape, int[] labels, int[] indices, @Nullable Consumer<float[]> recycler) {
        if (shape.rank() != 4 || images.length != shape.elements() || labels.length != shape.size(0)
                || indices.length != shape.size(0)) {
            throw new StriateException("Batch: expected (N, channels, height, width), as many values and N labels and indices,"
                    + " got " + shape + ", " + images.length + " values, " + labels.length + " labels and " + indices.length
                    + " indices");
        }
        this.images = images;
        this.shape = shape;
        this.labels = labels;
        this.indices = indices;
        this.recycler = recycler;
    }

    /** The number of images. */
    public int size() {
        return labels.length;
    }

    /** {@code (N, channels, height, width)}. */
    public Shape shape() {
        return shape;
    }

    /**
     * The images in row-major order, not a copy.
     *
     * @throws StriateException after {@link #close()}
     */
    public float[] images() {
        if (images == null) {
            throw new StriateException("this batch was closed and its images may be those of another by now; read them before");
        }
        return images;
    }

    /** The class of each image, not a copy. */
    public int[] labels() {
        return labels;
    }

    /** The place of each image in the data set, not a copy. */
    public int[] indices() {
        return indices;
    }

    /** The images on a device, {@code (N, channels, height, width)}. */
    public Tensor images(Device device) {
        return Tensor.of(device, shape, images());
    }

    /** The labels on a device, {@code (N)}. */
    public IntTensor labels(Device device) {
        return IntTensor.of(device, labels);
    }

    /** Hands the images' memory back to the loader. */
    @Override
    public void close() {
        if (images != null && recycler != null) {
            recycler.accept(images);
        }
        images = null;
    }
}
