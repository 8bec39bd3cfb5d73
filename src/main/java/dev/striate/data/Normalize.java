package dev.striate.data;

import dev.striate.Device;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.io.Image;
import java.util.Arrays;

/** Normalises each channel: {@code (x - mean) / deviation}. */
public final class Normalize implements Transform {

    private final float[] mean;
    private final float[] deviation;

    /** Creates a transform for images of one channel. */
    public Normalize(float mean, float deviation) {
        this(new float[] {mean}, new float[] {deviation});
    }

    /**
     * Creates a transform with one mean and one standard deviation per channel.
     *
     * @throws StriateException if the arrays differ in length, a value is not finite, or a deviation is not above 0
     */
    public Normalize(float[] mean, float[] deviation) {
        if (mean.length != deviation.length) {
            throw new StriateException("Normalize: got " + mean.length + " means and " + deviation.length
                    + " deviations; give one of each per channel");
        }
        for (float value : mean) {
            if (!Float.isFinite(value)) {
                throw new StriateException("Normalize: means are finite, got " + Arrays.toString(mean));
            }
        }
        for (float value : deviation) {
            if (!(value > 0 && value < Float.POSITIVE_INFINITY)) {
                throw new StriateException(
                        "Normalize: deviations are finite and above 0, got " + Arrays.toString(deviation));
            }
        }
        this.mean = mean.clone();
        this.deviation = deviation.clone();
    }

    /** Returns a copy of the mean of each channel. */
    public float[] mean() {
        return mean.clone();
    }

    /** Returns a copy of the standard deviation of each channel. */
    public float[] deviation() {
        return deviation.clone();
    }

    /**
     * Returns a batch of one normalised picture, {@code (1, channels, height, width)}.
     *
     * @throws ShapeException if the number of channels is not the number of means
     */
    public Tensor toTensor(Image picture, Device device) {
        float[] values = picture.toFloats();
        apply(values, 0, picture.shape(), new Draws(0, 0, 0));
        return Tensor.of(device, Shape.of(1, picture.channels(), picture.height(), picture.width()), values);
    }

    /** @throws ShapeException if the number of channels is not the number of means */
    @Override
    public void apply(float[] images, int offset, Shape shape, Draws draws) {
        if (shape.size(0) != mean.length) {
            throw new ShapeException("Normalize: has " + mean.length + " means, the image " + shape + " has "
                    + shape.size(0) + " channels");
        }
        int plane = shape.size(1) * shape.size(2);
        for (int channel = 0; channel < mean.length; channel++) {
            // Local variables, because the arrays could be aliases of the images, which would keep the compiler from
            // vectorising the loop.
            float center = mean[channel];
            float scale = deviation[channel];
            int start = offset + channel * plane;
            for (int i = start; i < start + plane; i++) {
                images[i] = (images[i] - center) / scale;
            }
        }
    }
}
