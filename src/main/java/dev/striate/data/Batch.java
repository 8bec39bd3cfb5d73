package dev.striate.data;

import dev.striate.Device;
import dev.striate.IntTensor;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A batch of images with their labels, in host memory.
 *
 * <p>Closing a batch is optional. {@link #close()} returns the memory of the images to the loader, which reuses it for
 * a later batch. A batch that is not closed stays valid and is freed by the garbage collector.
 */
public final class Batch implements AutoCloseable {

    private final Shape shape;
    private final int[] labels;
    private final int[] indices;
    private final @Nullable Consumer<float[]> recycler;
    private float @Nullable [] images;

    /**
     * Creates a batch without a loader.
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

    Batch(float[] images, Shape shape, int[] labels, int[] indices, @Nullable Consumer<float[]> recycler) {
        if (shape.rank() != 4
                || images.length != shape.elements()
                || labels.length != shape.size(0)
                || indices.length != shape.size(0)) {
            throw new StriateException(
                    "Batch: expected (N, channels, height, width), as many values and N labels and indices,"
                            + " got " + shape + ", " + images.length + " values, " + labels.length + " labels and "
                            + indices.length
                            + " indices");
        }
        this.images = images;
        this.shape = shape;
        this.labels = labels;
        this.indices = indices;
        this.recycler = recycler;
    }

    /** Returns the number of images, N. */
    public int size() {
        return labels.length;
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
        if (images == null) {
            throw new StriateException(
                    "this batch was closed and its images may be those of another by now; read them before");
        }
        return images;
    }

    /** Returns the class of each image, without copying. */
    public int[] labels() {
        return labels;
    }

    /** Returns the position of each image in the data set, without copying. */
    public int[] indices() {
        return indices;
    }

    /** Copies the images to a device as a tensor {@code (N, channels, height, width)}. */
    public Tensor images(Device device) {
        return Tensor.of(device, shape, images());
    }

    /** Copies the labels to a device as a tensor {@code (N)}. */
    public IntTensor labels(Device device) {
        return IntTensor.of(device, labels);
    }

    /** Returns the memory of the images to the loader. The images must not be used afterwards. */
    @Override
    public void close() {
        if (images != null && recycler != null) {
            recycler.accept(images);
        }
        images = null;
    }
}
