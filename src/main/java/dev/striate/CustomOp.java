package dev.striate;

import dev.striate.autograd.Recorder;
import dev.striate.autograd.Saved;
import dev.striate.autograd.Targets;
import dev.striate.internal.Internals;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An operation with a gradient of its own, written with tensor operations. Use it where automatic differentiation of the
 * forward computation would be inaccurate, slow or wrong, such as for rounding with a straight-through gradient.
 *
 * <pre>{@code
 * final class Square extends CustomOp {
 *     protected Tensor forward(Context context, Tensor[] inputs) {
 *         context.save(inputs[0]);
 *         return inputs[0].mul(inputs[0]);
 *     }
 *
 *     protected Tensor[] backward(Context context, Tensor gradient) {
 *         return new Tensor[] {context.saved(0).mul(2).mul(gradient)};
 *     }
 * }
 *
 * Tensor y = new Square().apply(x);
 * GradientCheck.check(inputs -> new Square().apply(inputs), x);
 * }</pre>
 */
public abstract class CustomOp {

    /** What the forward computation leaves for the gradient. */
    public static final class Context {

        private Tensor[] saves = {};
        private final @Nullable Saved saved;
        private final @Nullable Targets targets;

        private Context() {
            this(null, null);
        }

        private Context(@Nullable Saved saved, @Nullable Targets targets) {
            this.saved = saved;
            this.targets = targets;
        }

        /**
         * In {@code forward}: keeps the values of tensors until {@code backward}. Inputs and the output must not be
         * changed in place meanwhile.
         */
        public void save(Tensor... tensors) {
            saves = tensors.clone();
        }

        /** In {@code backward}: returns the i-th saved tensor. */
        public Tensor saved(int i) {
            if (saved == null) {
                throw new AutogradException("CustomOp: saved tensors are there in backward() only");
            }
            return saved.get(i);
        }

        /** In {@code backward}: returns whether the gradient of the i-th input is needed. */
        public boolean wanted(int i) {
            return targets != null && targets.wanted(i);
        }
    }

    /**
     * Computes the output. Nothing is recorded meanwhile, and tensors other than the output are closed afterwards.
     *
     * @param inputs the arguments of {@link #apply}, which are not to be changed
     */
    protected abstract Tensor forward(Context context, Tensor[] inputs);

    /**
     * Computes the gradients of the inputs from that of the output.
     *
     * @return one gradient per input, in the input's shape; null where {@link Context#wanted} is false
     */
    protected abstract @Nullable Tensor[] backward(Context context, Tensor gradient);

    /** Returns the name for messages; by default that of the class. */
    protected String name() {
        return getClass().getSimpleName();
    }

    /**
     * Applies the operation to tensors of one device.
     *
     * @throws StriateException if {@code forward} returns one of the inputs itself
     */
    public final Tensor apply(Tensor... inputs) {
        Context context = new Context();
        Tensor output;
        try (Scope temporaries = Scope.open();
                NoGrad off = NoGrad.open()) {
            output = forward(context, inputs.clone());
            if (Arrays.asList(inputs).contains(output)) {
                throw new StriateException(
                        name() + ": forward() returned an input itself; return a new tensor, such as input.mul(1)");
            }
            // Handles of their own, because the scope may close the saved tensors.
            for (int i = 0; i < context.saves.length; i++) {
                context.saves[i] = Internals.share(context.saves[i]);
            }
            Internals.release(output);
        }
        Recorder.of(name(), Internals.adopt(output))
                .inputs(
                        List.of(inputs),
                        (dy, saved, targets) -> gradients(inputs.length, dy, saved, targets),
                        context.saves)
                .record();
        for (Tensor save : context.saves) {
            save.close();
        }
        return output;
    }

    private @Nullable Tensor[] gradients(int inputs, Tensor dy, Saved saved, Targets targets) {
        @Nullable Tensor[] gradients = backward(new Context(saved, targets), dy);
        if (gradients.length != inputs) {
            throw new AutogradException(name() + ": backward() returned " + gradients.length + " gradients for "
                    + inputs + " inputs; return one for each, null where it is not wanted");
        }
        return gradients;
    }
}
