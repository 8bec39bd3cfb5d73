package dev.striate.optim;

import static dev.striate.internal.Internals.backend;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.gradient;
import static dev.striate.internal.Internals.release;
import static dev.striate.internal.Internals.storage;
import static dev.striate.internal.Internals.window;

import dev.striate.AutogradException;
import dev.striate.Device;
import dev.striate.DeviceException;
import dev.striate.NoGrad;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.autograd.Node;
import dev.striate.backend.Buffer;
import dev.striate.backend.OptimizerKernels;
import dev.striate.internal.Internals;
import dev.striate.internal.NamePattern;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Updates parameters from their gradients. An optimiser moves its parameters and their gradients into flat storage on
 * their device. So a step is usually one kernel launch, and clipping takes two, regardless of the number of parameters.
 * Clearing the gradients takes none: the next gradient of a parameter overwrites the old one.
 *
 * <pre>{@code
 * optimizer.zeroGrad();
 * model.forward(images).crossEntropy(labels).backward();
 * optimizer.clipGradNorm(1);
 * optimizer.step();
 * }</pre>
 *
 * <p>The semantics are those of PyTorch with {@code zero_grad(set_to_none=True)}, its default:
 *
 * <ul>
 * <li>A parameter takes part in a step if it requires a gradient and {@linkplain Tensor#hasGrad() has one}: since the
 *       last {@link #zeroGrad}, a backward pass has reached it (even if it only added zeros), or its gradient was set
 *       explicitly. A gradient that is not cleared takes part again.
 * <li>All other parameters are unchanged: no weight decay, no momentum, and their state and number of steps stay the
 *       same. If no parameter has a gradient, a step changes nothing. (PyTorch also updates a parameter that was frozen
 *       after its gradient had been computed; Striate does not.)
 * <li>Steps are counted separately for each parameter. So a layer that is unfrozen late starts like a new layer: Adam's
 *       bias correction begins at its own first step, and its velocity starts as its first gradient, without dampening.
 * <li>{@link #steps} returns the number of calls of {@link #step}, for schedules.
 * </ul>
 *
 * <p>Parameters can have their own learning rate and weight decay, as in PyTorch's parameter groups. They are selected by
 * name, and the last call that matches a parameter counts:
 *
 * <pre>{@code
 * AdamW optimizer = new AdamW(model.parameters(), 1e-3f).weightDecay(.05f);
 * // A pretrained backbone learns more slowly than the new head: the first stage slowest, the third at a tenth.
 * for (int i = 0; i < 3; i++) {
 *     optimizer.learningRateFactor("backbone.stage" + i + ".*", .1f * (float) Math.pow(.75, 2 - i));
 * }
 * // No weight decay for biases and the scales of normalisation layers.
 * model.parameters().forEach((name, parameter) -> {
 *     if (parameter.shape().rank() == 1) {
 *         optimizer.weightDecay(name, 0);
 *     }
 * });
 * }</pre>
 *
 * <p>All settings can be changed between steps. None is part of {@link #state} or of a checkpoint: to resume a run, set
 * up the optimiser as before.
 *
 * <p>Adjacent parameters that take part, have made the same number of steps and have the same settings are updated by
 * one launch. Shared weights are updated once, under their first name. Several optimisers may have the same parameters: a step first moves
 * back the parameters that another optimiser has moved to its own flat storage, at the cost of a copy. Tensors that
 * share a parameter's memory, such as a {@linkplain Tensor#detach() detached} handle, move with it.
 */
public abstract class Optimizer implements AutoCloseable {

    /** A parameter and its place in flat storage. */
    private static final class Slot {

        final String name;
        final Tensor parameter;
        final int offset;
        /** The parameter's buffer while it is in this optimiser's flat storage. */
        @Nullable
        Buffer home;
        /** The number of steps in which the parameter took part. */
        long steps;

        float rateFactor = 1;
        /** Null if the parameter has the optimiser's weight decay. */
        @Nullable
        Float weightDecay;

        Slot(String name, Tensor parameter, int offset) {
            this.name = name;
            this.parameter = parameter;
            this.offset = offset;
        }

        boolean takesPart() {
            return parameter.requiresGrad() && parameter.hasGrad();
        }

        boolean hasSettingsOf(Slot other) {
            return rateFactor == other.rateFactor && Objects.equals(weightDecay, other.weightDecay);
        }

        /** Returns the gradient. */
        Tensor gradient() {
            return Objects.requireNonNull(parameter.grad());
        }
    }

    private final Device device;
    private final List<Slot> slots;
    private final Tensor values;
    private final Tensor gradients;
    private final Tensor squares;
    private final Map<String, Tensor> flatState = new LinkedHashMap<>();
    private final Map<String, Tensor> namedState = new LinkedHashMap<>();
    private float learningRate;
    private long steps;
    private boolean closed;

    Optimizer(Map<String, Tensor> parameters, float learningRate) {
        this.learningRate = Require.atLeastZero("learning rate", learningRate);
        if (parameters.isEmpty()) {
            throw new StriateException(
                    "an optimiser needs at least one parameter, got none: pass the parameters() of a model with"
                            + " trainable layers");
        }
        device = parameters.values().iterator().next().device();
        slots = layOut(parameters);
        Slot last = slots.get(slots.size() - 1);
        // The padding between the windows is zero, and every update keeps it zero.
        int length = aligned((long) last.offset + last.parameter.shape().elements());
        // If one allocation fails, the scope frees the others.
        try (Scope made = Scope.open()) {
            values = Tensor.zeros(device, length);
            gradients = Tensor.zeros(device, length);
            squares = Tensor.zeros(device, 2);
            List.of(values, gradients, squares).forEach(Internals::release);
        }
        gather();
    }

    private List<Slot> layOut(Map<String, Tensor> parameters) {
        List<Slot> all = new ArrayList<>();
        Set<Tensor> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        IdentityHashMap<Buffer, String> owners = new IdentityHashMap<>();
        int offset = 0;
        for (Map.Entry<String, Tensor> entry : parameters.entrySet()) {
            Tensor parameter = entry.getValue();
            if (parameter.device() != device) {
                throw new DeviceException("an optimiser's parameters must be on one device: " + all.get(0).name
                        + " is on " + device + ", " + entry.getKey() + " on " + parameter.device());
            }
            if (parameter.shape().elements() == 0) {
                throw new ShapeException("an optimiser's parameters have elements, but " + entry.getKey()
                        + " has the shape " + parameter.shape() + "; leave it out");
            }
            Node origin = gradient(parameter).node();
            if (origin != null) {
                throw new AutogradException("an optimiser updates leaves, but " + entry.getKey() + " was computed by "
                        + origin.operation());
            }
            Buffer memory = buffer(parameter);
            if (seen.add(parameter)) {
                String owner = owners.putIfAbsent(memory, entry.getKey());
                if (owner != null) {
                    throw new StriateException(
                            "an optimiser needs parameters with memory of their own: " + entry.getKey()
                                    + " shares that of " + owner + ", through detach() or a view; pass one of them");
                }
                all.add(new Slot(entry.getKey(), parameter, offset));
                offset = aligned((long) offset + parameter.shape().elements());
            }
        }
        return all;
    }

    /** Rounds an offset up to one at which a window may start. */
    private int aligned(long offset) {
        int alignment = backend(device).sliceAlignment();
        long rounded = (offset + alignment - 1) / alignment * alignment;
        if (rounded > Integer.MAX_VALUE) {
            throw new ShapeException("an optimiser takes fewer than 2^31 parameter values, including padding");
        }
        return (int) rounded;
    }

    private static Tensor windowOf(Tensor flat, Slot slot) {
        return window(flat, slot.offset, slot.parameter.shape());
    }

    /**
     * Moves parameters that are elsewhere into flat storage: at first all of them, later those that another optimiser
     * has moved.
     */
    private void gather() {
        for (Slot slot : slots) {
            if (buffer(slot.parameter) != slot.home) {
                try (Tensor value = windowOf(values, slot);
                        Tensor gradient = windowOf(gradients, slot)) {
                    value.assign(slot.parameter);
                    storage(slot.parameter).moveTo(storage(value));
                    gradient(slot.parameter).moveInto(gradient);
                }
                slot.home = buffer(slot.parameter);
            }
        }
    }

    // ---- Using it

    /**
     * Clears all gradients. Call this before each backward pass, unless the gradients of several passes are to be added
     * up. The next {@link #step} does not change parameters that no backward pass has reached since.
     *
     * @throws StriateException if the optimiser or a parameter was closed
     */
    public final void zeroGrad() {
        requireUsable();
        for (Slot slot : slots) {
            slot.parameter.zeroGrad();
        }
    }

    /**
     * Updates every parameter that takes part, as defined in the class comment, from its current gradient. Graphs that
     * were recorded before and need the old value of such a parameter can no longer run backward.
     *
     * @throws StriateException if the optimiser or a parameter was closed, or settings contradict each other; nothing
     *     has changed then
     */
    public final void step() {
        requireUsable();
        checkSettings();
        gather();
        int end;
        for (int first = 0; first < slots.size(); first = end) {
            end = first + 1;
            if (slots.get(first).takesPart()) {
                long taken = slots.get(first).steps;
                while (end < slots.size()
                        && slots.get(end).takesPart()
                        && updatedAlike(slots.get(first), slots.get(end))) {
                    end++;
                }
                fillGradients(first, end);
                update(run(first, end), taken);
                for (Slot slot : slots.subList(first, end)) {
                    slot.steps += countsSteps() ? 1 : 0;
                    storage(slot.parameter).markChanged();
                }
            }
        }
        steps++;
        namedState.values().forEach(state -> storage(state).markChanged());
    }

    private boolean updatedAlike(Slot some, Slot other) {
        return some.hasSettingsOf(other) && updatesAlike(some.steps, other.steps);
    }

    /** Executes the pending fills of gradients. Adjacent gradients that are filled with zeros take one launch. */
    private void fillGradients(int first, int end) {
        int start = first;
        while (start < end) {
            int stop = start;
            while (stop < end && storage(slots.get(stop).gradient()).isKnown(0)) {
                stop++;
            }
            if (stop > start) {
                backend(device).kernels().copy().fill(0, run(start, stop).gradients());
                slots.subList(start, stop)
                        .forEach(slot -> storage(slot.gradient()).cancelFill());
            } else {
                // Executes a pending fill with another value, if there is one.
                buffer(slots.get(start).gradient());
                stop++;
            }
            start = stop;
        }
    }

    /** Returns the slots from first to end (exclusive) as a run, including the padding of the last. */
    private Run run(int first, int end) {
        int start = slots.get(first).offset;
        int stop = end < slots.size() ? slots.get(end).offset : values.shape().elements();
        return new Run(start, stop - start, slots.get(first));
    }

    /** Returns the learning rate of the next step. */
    public final float learningRate() {
        return learningRate;
    }

    /**
     * Sets the learning rate. With a {@link Schedule}: {@code optimizer.learningRate(schedule.at(optimizer.steps()))}.
     *
     * @throws StriateException if it is negative or not finite
     */
    public final void learningRate(float rate) {
        learningRate = Require.atLeastZero("learning rate", rate);
    }

    /**
     * Sets the factor by which the learning rate is multiplied for some parameters; 1 by default. It replaces the factor
     * that an earlier call set for them. With a factor of 0, parameters keep their values, but steps still update their
     * state; {@code Block.freeze} leaves out both.
     *
     * @param pattern names of parameters, in which {@code *} stands for any characters: {@code backbone.*}
     * @return this optimiser
     * @throws StriateException if the factor is negative or not finite, or there is no such parameter
     */
    public Optimizer learningRateFactor(String pattern, float factor) {
        Require.atLeastZero("learning rate factor", factor);
        matching(pattern).forEach(slot -> slot.rateFactor = factor);
        return this;
    }

    /**
     * Sets the weight decay of some parameters. It takes precedence over the optimiser's weight decay, whichever was set
     * first, and replaces the one that an earlier call set for them.
     *
     * @param pattern names of parameters, in which {@code *} stands for any characters: {@code *.bias}
     * @return this optimiser
     * @throws StriateException if the weight decay is negative or not finite, or there is no such parameter
     */
    public Optimizer weightDecay(String pattern, float decay) {
        Require.atLeastZero("weight decay", decay);
        matching(pattern).forEach(slot -> slot.weightDecay = decay);
        return this;
    }

    private List<Slot> matching(String pattern) {
        Map<String, Slot> named = new LinkedHashMap<>();
        slots.forEach(slot -> named.put(slot.name, slot));
        return NamePattern.select(getClass().getSimpleName(), named, pattern);
    }

    /** Returns the number of calls of {@link #step}; see {@link #parameterSteps} for the steps of each parameter. */
    public final long steps() {
        return steps;
    }

    /**
     * Sets the number of steps of the optimiser and of every parameter. The tensors of {@link #state} must be restored
     * first. This is meant for checkpoints without {@link #parameterSteps}: if the state of a parameter is all zeros,
     * as in a frozen layer, its number of steps is set to 0.
     *
     * @throws StriateException if it is negative
     */
    public final void steps(long taken) {
        requireOpen();
        steps = Require.atLeast(0, "steps", taken);
        for (Slot slot : slots) {
            slot.steps = !flatState.isEmpty() && isZero(slot) ? 0 : taken;
        }
    }

    private boolean isZero(Slot slot) {
        for (String kind : flatState.keySet()) {
            for (float value : Objects.requireNonNull(namedState.get(stateName(kind, slot)))
                    .toFloatArray()) {
                if (value != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * Returns the number of steps in which each parameter took part, by name. Adam's bias correction and the first step
     * of SGD with momentum depend on it. SGD counts from zero when momentum is first turned on, and then only steps
     * with momentum.
     */
    public final Map<String, Long> parameterSteps() {
        Map<String, Long> named = new LinkedHashMap<>();
        slots.forEach(slot -> named.put(slot.name, slot.steps));
        return named;
    }

    /**
     * Sets the number of steps of the optimiser and of each parameter.
     *
     * @param taken       the number of {@link #steps}
     * @param byParameter the {@link #parameterSteps}
     * @throws StriateException if a number is negative or the names are not those of the parameters; nothing has
     *     changed then
     */
    public final void steps(long taken, Map<String, Long> byParameter) {
        Require.atLeast(0, "steps", taken);
        byParameter.forEach((name, count) -> Require.atLeast(0, "steps of " + name, count));
        if (!byParameter.keySet().equals(parameterSteps().keySet())) {
            throw new StriateException("steps: expected a number for each of the parameters "
                    + parameterSteps().keySet() + ", got " + byParameter.keySet());
        }
        steps = taken;
        slots.forEach(slot -> slot.steps = Objects.requireNonNull(byParameter.get(slot.name)));
    }

    /** Returns the kind of optimiser: {@code sgd}, {@code adam} or {@code adamw}. */
    public final String kind() {
        return getClass().getSimpleName().toLowerCase(Locale.ROOT);
    }

    /**
     * Clips the gradients of the next step: scales them by {@code min(1, maxNorm / (norm + 1e-6))}, where {@code norm}
     * is the norm of all of them together (Pascanu et al., 2013). Call this between {@code backward()} and {@link
     * #step}. The norm stays on the device, and its squares do not overflow. If a gradient is not finite, all become
     * NaN.
     *
     * @throws StriateException unless {@code maxNorm} is above 0 and finite, or if the optimiser or a parameter was
     *     closed
     */
    public final void clipGradNorm(float maxNorm) {
        requireUsable();
        Require.aboveZero("clipGradNorm", maxNorm);
        gather();
        try (Scope scope = Scope.open();
                NoGrad off = NoGrad.open()) {
            // The kernels read all of the flat storage, so the gradients of frozen parameters are saved and replaced by
            // zeros meanwhile.
            Map<Tensor, Tensor> aside = new LinkedHashMap<>();
            for (Slot slot : slots) {
                if (slot.parameter.hasGrad() && !slot.takesPart()) {
                    aside.put(slot.gradient(), slot.gradient().mul(1));
                }
            }
            aside.keySet().forEach(gradient -> gradient.fill(0));
            try {
                fillGradients(0, slots.size());
                OptimizerKernels kernels = backend(device).kernels().optimizer();
                int n = gradients.shape().elements();
                kernels.sumsOfSquares(n, buffer(gradients), buffer(squares));
                kernels.clip(n, maxNorm, buffer(squares), buffer(gradients));
            } finally {
                aside.forEach(Tensor::assign);
            }
        }
        for (Slot slot : slots) {
            if (slot.takesPart()) {
                storage(slot.gradient()).markChanged();
            }
        }
    }

    /**
     * Returns the state that a step updates in addition to the parameters, for checkpoints: tensors with the shapes of
     * the parameters, named by kind and parameter, such as {@code adam.m.conv1.weight}. They change with every step,
     * and {@link #close} frees them.
     */
    public final Map<String, Tensor> state() {
        requireOpen();
        return Collections.unmodifiableMap(namedState);
    }

    /**
     * Copies the state of another optimiser of the same kind and settings. If its parameters have made different
     * numbers of steps, call {@link #steps(long, Map)} afterwards.
     *
     * @param saved the other's {@link #state}, on any device
     * @param taken the other's number of {@link #steps}; passed to {@link #steps(long)}
     * @throws StriateException if names or shapes are not those of this optimiser's state; nothing has changed then
     */
    public final void restore(Map<String, Tensor> saved, long taken) {
        requireOpen();
        Require.atLeast(0, "steps", taken);
        if (!saved.keySet().equals(namedState.keySet())) {
            throw new StriateException("restore: expected the state " + namedState.keySet() + ", got " + saved.keySet()
                    + "; kind, settings and parameters must be those of the optimiser that was saved");
        }
        namedState.forEach((name, tensor) -> {
            Shape shape = Objects.requireNonNull(saved.get(name)).shape();
            if (!shape.equals(tensor.shape())) {
                throw new ShapeException("restore: " + name + " has the shape " + tensor.shape() + ", got " + shape);
            }
        });
        try (Scope copies = Scope.open();
                NoGrad off = NoGrad.open()) {
            namedState.forEach((name, tensor) ->
                    tensor.assign(Objects.requireNonNull(saved.get(name)).to(device)));
        }
        steps(taken);
    }

    /** Frees the state's memory. The parameters keep their values and remain usable. */
    @Override
    public final void close() {
        if (!closed) {
            closed = true;
            namedState.values().forEach(Tensor::close);
            flatState.values().forEach(Tensor::close);
            List.of(values, gradients, squares).forEach(Tensor::close);
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new StriateException("this optimiser was closed");
        }
    }

    private void requireUsable() {
        requireOpen();
        for (Slot slot : slots) {
            if (slot.parameter.isClosed()) {
                throw new StriateException(
                        "this optimiser's parameter " + slot.name + " was closed, for example by close() or"
                                + " a second initialize() of its block; create a new optimiser from the block's parameters()");
            }
        }
    }

    // ---- For the kinds of optimisers

    /** Checks that the settings fit each other. This is done at each step, because they are set one at a time. */
    void checkSettings() {}

    /** Returns whether steps with the present settings count in {@link #parameterSteps}. */
    boolean countsSteps() {
        return true;
    }

    /**
     * Returns whether the update formula is the same after {@code some} and after {@code other} steps of a parameter.
     */
    abstract boolean updatesAlike(long some, long other);

    /**
     * Updates the parameters of a run with one kernel.
     *
     * @param taken the number of steps that these parameters have made before
     */
    abstract void update(Run run, long taken);

    /** Adds a state tensor of zeros for each parameter, and resets the parameters' numbers of steps to 0. */
    final void addState(String kind) {
        Tensor flat = release(Tensor.zeros(device, values.shape().elements()));
        flatState.put(kind, flat);
        for (Slot slot : slots) {
            namedState.put(stateName(kind, slot), windowOf(flat, slot));
            slot.steps = 0;
        }
    }

    private static String stateName(String kind, Slot slot) {
        return kind + "." + slot.name;
    }

    final boolean hasState(String kind) {
        return flatState.containsKey(kind);
    }

    /** Parameters that are adjacent in flat storage and are updated together. */
    final class Run {

        private final int offset;
        private final int length;
        private final Slot first;

        private Run(int offset, int length, Slot first) {
            this.offset = offset;
            this.length = length;
            this.first = first;
        }

        float learningRate() {
            return learningRate * first.rateFactor;
        }

        /** Returns the weight decay of the parameters, given the optimiser's. */
        float weightDecay(float general) {
            return first.weightDecay == null ? general : first.weightDecay;
        }

        int length() {
            return length;
        }

        OptimizerKernels kernels() {
            return backend(device).kernels().optimizer();
        }

        Buffer values() {
            return part(values);
        }

        Buffer gradients() {
            return part(gradients);
        }

        Buffer state(String kind) {
            return part(Objects.requireNonNull(flatState.get(kind)));
        }

        private Buffer part(Tensor flat) {
            return length == flat.shape().elements()
                    ? buffer(flat)
                    : buffer(flat).slice(offset, length);
        }
    }
}
