package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;

import dev.striate.Generator;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;

/**
 * Dropout (Srivastava et al., 2014), inverted: each element is 0 with probability p and otherwise divided by 1 - p. The
 * mask depends only on the seed and stream of the generator, so it is the same on every device and is not stored.
 */
public final class Dropout {

    private Dropout() {}

    /** @throws ShapeException if not {@code 0 <= probability < 1} */
    public static Tensor apply(Tensor x, float probability, Generator generator) {
        if (!(probability >= 0 && probability < 1)) {
            throw new ShapeException("dropout: expected a probability of at least 0 and below 1, got " + probability);
        }
        long seed = generator.seed();
        long stream = generator.nextStream();
        return Recorder.of("dropout", mask(x, probability, seed, stream))
                .input(x, (dy, saved) -> mask(dy, probability, seed, stream))
                .record();
    }

    private static Tensor mask(Tensor x, float probability, long seed, long stream) {
        Tensor y = allocate(x.device(), x.shape());
        long threshold = (long) (probability * 0x1p32);
        kernels(x)
                .dropout()
                .apply(x.shape().elements(), threshold, 1 / (1 - probability), seed, stream, buffer(x), buffer(y));
        return y;
    }
}
