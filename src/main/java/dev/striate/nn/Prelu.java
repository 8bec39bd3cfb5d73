package dev.striate.nn;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.StriateException;
import dev.striate.Tensor;

/**
 * {@code x} if positive, otherwise {@code weight * x} (He et al., 2015). Parameter: {@code weight (channels)}, or
 * {@code (1)} for all channels; 0.25 at first.
 */
public final class Prelu extends Elementwise {

    private static final float FIRST_SLOPE = 0.25f;

    private final int channels;

    /** Creates a layer with one slope for all channels. */
    public Prelu() {
        this(1);
    }

    /**
     * Creates a layer with one slope for each channel of {@code (N, channels, ...)}.
     *
     * @throws StriateException if {@code channels} is below 1
     */
    public Prelu(int channels) {
        if (channels < 1) {
            throw new StriateException("Prelu: expected at least 1 channel, got " + channels);
        }
        this.channels = channels;
    }

    @Override
    protected void create(Device device, Generator generator) {
        addParameter("weight", Tensor.full(device, FIRST_SLOPE, channels));
    }

    @Override
    protected long createdElements() {
        return channels;
    }

    @Override
    protected Tensor compute(Tensor x) {
        return x.prelu(parameter("weight"));
    }

    @Override
    public BlockConfig config() {
        return super.config().with("channels", channels);
    }

    @Override
    public String toString() {
        return "Prelu(" + channels + ")";
    }
}
