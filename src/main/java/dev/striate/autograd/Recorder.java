package dev.striate.autograd;

import static dev.striate.internal.Internals.gradient;

import dev.striate.IntTensor;
import dev.striate.NoGrad;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.internal.Internals;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Records an operation: its output, and for each input a rule for its gradient. If an input needs no gradient, its rule
 * is dropped and its tensors are not saved.
 *
 * <pre>{@code
 * return Recorder.of("mul", y)
 *         .input(a, (dy, saved) -> dy.mul(saved.get(0)), b)
 *         .input(b, (dy, saved) -> dy.mul(saved.get(0)), a)
 *         .record();
 * }</pre>
 */
public final class Recorder {

    static final Node.Step[] NO_STEPS = {};

    private static final IntTensor[] NO_INTEGERS = {};

    private final String operation;
    private final Tensor output;
    private final boolean recording = NoGrad.recording();
    private Node.Step[] steps = NO_STEPS;

    private Recorder(String operation, Tensor output) {
        this.operation = operation;
        this.output = output;
    }

    /** @param operation the name for error messages, as users know it */
    public static Recorder of(String operation, Tensor output) {
        return new Recorder(operation, output);
    }

    /**
     * Adds an input with its own rule.
     *
     * @param input null for an optional input that was not given
     * @param saves tensors that the rule needs; may include the output
     */
    public Recorder input(@Nullable Tensor input, GradientRule rule, Tensor... saves) {
        return input(input, rule, NO_INTEGERS, saves);
    }

    /** Adds an input whose rule also needs integer tensors. */
    public Recorder input(@Nullable Tensor input, GradientRule rule, IntTensor[] integers, Tensor... saves) {
        return input(Node.Kind.ANY, input, rule, integers, saves);
    }

    /**
     * Adds the only input of an operation whose rule passes the gradient where {@code output} is above 0, and is 0
     * elsewhere, as for ReLU. Operations that use the output may apply this in their own kernels; see {@link
     * Targets#gate}.
     *
     * @param rule   the rule for operations that do not
     * @param output the output, which is saved
     */
    public Recorder gate(Tensor input, GradientRule rule, Tensor output) {
        return input(Node.Kind.GATE, input, rule, NO_INTEGERS, output);
    }

    /** Adds the only input of an operation whose output has the same elements in the same order, in another shape. */
    public Recorder view(Tensor input) {
        Shape shape = input.shape();
        return input(Node.Kind.VIEW, input, (dy, saved) -> Internals.view(dy, shape), NO_INTEGERS);
    }

    private Recorder input(
            Node.Kind kind, @Nullable Tensor input, GradientRule rule, IntTensor[] integers, Tensor... saves) {
        if (recording && input != null && input.requiresGrad()) {
            add(new Node.Step(
                    kind,
                    new Node.Edge[] {Node.Edge.to(input)},
                    (dy, saved, targets) -> new Tensor[] {rule.gradient(dy, saved)},
                    new Saved(operation, saves, integers)));
        }
        return this;
    }

    /** Adds inputs whose gradients are computed together. They are recorded if any of them needs one. */
    public Recorder inputs(List<Tensor> inputs, JointGradientRule rule, Tensor... saves) {
        return inputs(inputs, rule, NO_INTEGERS, saves);
    }

    /** Adds inputs whose common rule also needs integer tensors. */
    public Recorder inputs(List<Tensor> inputs, JointGradientRule rule, IntTensor[] integers, Tensor... saves) {
        if (recording && anyRequiresGrad(inputs)) {
            Node.Edge[] edges = new Node.Edge[inputs.size()];
            for (int i = 0; i < edges.length; i++) {
                edges[i] = inputs.get(i).requiresGrad() ? Node.Edge.to(inputs.get(i)) : Node.Edge.NONE;
            }
            add(new Node.Step(Node.Kind.ANY, edges, rule, new Saved(operation, saves, integers)));
        }
        return this;
    }

    private static boolean anyRequiresGrad(List<Tensor> inputs) {
        for (Tensor input : inputs) {
            if (input.requiresGrad()) {
                return true;
            }
        }
        return false;
    }

    private void add(Node.Step step) {
        steps = Arrays.copyOf(steps, steps.length + 1);
        steps[steps.length - 1] = step;
    }

    /** Returns the output, which is now part of the graph if any input needs a gradient. */
    public Tensor record() {
        if (steps.length > 0) {
            gradient(output).attach(new Node(operation, output, steps));
        }
        return output;
    }
}
