package dev.striate.data;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import java.util.Arrays;

/** {@code (x - mean) / deviation} per channel. */
public final class Normalize implements Transform {

    private final float[] mean;
    private final float[] deviation;

    /** The same for images of one channel. */
    public Normalize(float mean, float deviation) {
        this(new float[] {mean}, new float[] {deviation});
    }

    /**
     * One mean and one standard deviation per channel.
     *
     * @throws StriateException if their numbers differ, one of them is not finite, or a deviation is not above 0
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
                throw new StriateException("Normalize: deviations are finite and above 0, got " + Arrays.toString(deviation));
            }
        }
        this.mean = mean.clone();
        this.deviation = deviation.clone();
    }

    /** The mean of each channel, as a copy. */
    public float[] mean() {
        return mean.clone();
    }

    /** The standard deviation of each channel, as a copy. */
    public float[] deviation() {
        return deviation.clone();
    }

    /** @throws ShapeException if the image's channels are not as many as the means */
    @Override
    public void apply(float[] images, int offset, Shape shape, Draws draws) {
        if (shape.size(0) != mean.length) {
            throw new ShapeException("Normalize: has " + mean.length + " means, the image " + shape + " has " + shape.size(0)
                    + " channels");
        }
        int plane = shape.size(1) * shape.size(2);
        for (int channel = 0; channel < mean.length; channel++) {
            // In locals: to the compiler the arrays could be the images, which would keep it from vectorising the loop.
            float center = mean[channel];
            float scale = deviation[channel];
            int start = offset + channel * plane;
            for (int i = start; i < start + plane; i++) {
                images[i] = (images[i] - center) / scale;
            }
        }
    }
}
