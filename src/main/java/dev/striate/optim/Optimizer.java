package dev.striate.optim;

import dev.striate.AutogradException;
import dev.striate.Device;
import dev.striate.DeviceException;
import dev.striate.Scope;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.autograd.NoGrad;
import dev.striate.backend.Buffer;
import dev.striate.backend.OptimizerKernels;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Changes parameters so that the loss falls. It moves them, and their gradients, side by side into flat storage on their device,
 * so that a step is one kernel and clipping is two, however many parameters there are. Clearing the gradients is none: the first
 * gradient that comes to a parameter afterwards takes the place of what was there.
 *
 * <pre>{@code
 * optimizer.zeroGrad();
 * model.forward(images).crossEntropy(labels).backward();
 * optimizer.clipGradNorm(1);
 * optimizer.step();
 * }</pre>
 *
 * <p>Every parameter that requires a gradient takes part in a step, with a gradient of 0 if none came to it. Those that do not
 * when {@link #step} is called, being frozen, stay as they are. Shared weights are handled once, under their first name. A
 * parameter belongs to the optimiser that was made last; one made before no longer reaches it.
 */
public abstract class Optimizer implements AutoCloseable {

    /** A parameter and where it lies in flat storage. */
    private record Slot(String name, Tensor parameter, int offset) {

        int length() {
            return parameter.shape().elements();
        }
    }

    private final Device device;
    private final List<Slot> slots;
    private final Tensor values;
    private final Tensor gradients;
    private final Tensor squares;
    /** The gradient of each slot's parameter, also when a later optimiser has taken the parameter. */
    private final List<Tensor> slotGradients = new ArrayList<>();
    private final Map<String, Tensor> flatState = new LinkedHashMap<>();
    private final Map<String, Tensor> namedState = new LinkedHashMap<>();
    private float learningRate;
    private long steps;
    private boolean closed;

    Optimizer(Map<String, Tensor> parameters, float learningRate) {
        this.learningRate = Require.atLeastZero("learning rate", learningRate);
        if (parameters.isEmpty()) {
            throw new StriateException("an optimiser needs at least one parameter, got none: pass model.parameters() of a model"
                    + " with layers that have some");
        }
        device = parameters.values().iterator().next().device();
        slots = layOut(parameters);
        Slot last = slots.get(slots.size() - 1);
        // Zeros stay between the windows, so that no update meets garbage there.
        int length = aligned((long) last.offset + last.length());
        // Released all at once, so that nothing stays behind if there is no room for one of them.
        try (Scope made = Scope.open()) {
            values = Tensor.zeros(device, length);
            gradients = Tensor.zeros(device, length);
            squares = Tensor.zeros(device, 2);
            List.of(values, gradients, squares).forEach(Scope::release);
        }
        for (Slot slot : slots) {
            Tensor gradient = window(gradients, slot);
            slot.parameter.moveInto(window(values, slot), gradient);
            slotGradients.add(gradient.share());
        }
    }

    private List<Slot> layOut(Map<String, Tensor> parameters) {
        List<Slot> all = new ArrayList<>();
        Set<Tensor> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        int offset = 0;
        for (Map.Entry<String, Tensor> entry : parameters.entrySet()) {
            Tensor parameter = entry.getValue();
            if (parameter.device() != device) {
                throw new DeviceException("an optimiser's parameters are on one device: " + all.get(0).name + " is on " + device
                        + ", " + entry.getKey() + " on " + parameter.device());
            }
            if (parameter.node() != null) {
                throw new AutogradException("an optimiser changes leaves; " + entry.getKey() + " was computed by "
                        + parameter.node().operation());
            }
            parameter.buffer();
            if (seen.add(parameter)) {
                all.add(new Slot(entry.getKey(), parameter, offset));
                offset = aligned((long) offset + parameter.shape().elements());
            }
        }
        return all;
    }

    /** The next offset at which a window may start. What lies between the windows is 0 and stays so under every update. */
    private int aligned(long offset) {
        int alignment = device.backend().sliceAlignment();
        long rounded = (offset + alignment - 1) / alignment * alignment;
        if (rounded > Integer.MAX_VALUE) {
            throw new ShapeException("an optimiser takes fewer than 2^31 parameters, padding included");
        }
        return (int) rounded;
    }

    private static Tensor window(Tensor flat, Slot slot) {
        return flat.window(slot.offset, slot.parameter.shape());
    }

    // ---- Using it

    /** Sets all gradients to zero; to be called before each backward pass, unless gradients of several are to add up. */
    public final void zeroGrad() {
        requireOpen();
        try (NoGrad off = NoGrad.open()) {
            slotGradients.forEach(gradient -> gradient.fill(0));
        }
    }

    /** Changes the parameters once, by the gradients that are there now. A graph recorded before can no longer be walked. */
    public final void step() {
        requireOpen();
        checkSettings();
        int first = 0;
        while (first < slots.size()) {
            int end = first;
            while (end < slots.size() && slots.get(end).parameter.requiresGrad()) {
                end++;
            }
            if (end > first) {
                fillGradients(first, end);
                update(run(first, end));
            }
            first = end + 1;
        }
        steps++;
        values.markChanged();
        flatState.values().forEach(Tensor::markChanged);
    }

    /** Makes the fills that were asked for and that nothing has made needless, those of {@link #zeroGrad} several at once. */
    private void fillGradients(int first, int end) {
        int start = first;
        while (start < end) {
            int stop = start;
            while (stop < end && slotGradients.get(stop).isKnown(0)) {
                stop++;
            }
            if (stop > start) {
                device.backend().copy().fill(0, run(start, stop).gradients());
                slotGradients.subList(start, stop).forEach(Tensor::settle);
            } else {
                // Fills it with what else the user has asked for.
                slotGradients.get(start).buffer();
                stop++;
            }
            start = stop;
        }
    }

    /** The slots from first up to, not including, end, with what pads the last. */
    private Run run(int first, int end) {
        int start = slots.get(first).offset;
        int stop = end < slots.size() ? slots.get(end).offset : values.shape().elements();
        return new Run(start, stop - start);
    }

    /** The learning rate that the next step uses. */
    public final float learningRate() {
        return learningRate;
    }

    /**
     * Sets the learning rate, as a {@link Schedule} says: {@code optimizer.learningRate(schedule.at(optimizer.steps()))}.
     *
     * @throws StriateException if it is negative or not finite
     */
    public final void learningRate(float rate) {
        learningRate = Require.atLeastZero("learning rate", rate);
    }

    /** How many steps were made. */
    public final long steps() {
        return steps;
    }

    /**
     * Sets the number of steps made, once the tensors of {@link #state} hold what they held then.
     *
     * @throws StriateException if it is negative
     */
    public final void steps(long taken) {
        steps = Require.atLeast(0, "steps", taken);
    }

    /** The kind of optimiser: {@code sgd}, {@code adam} or {@code adamw}. */
    public final String kind() {
        return getClass().getSimpleName().toLowerCase(Locale.ROOT);
    }

    /**
     * Scales all gradients by {@code min(1, maxNorm / (norm + 1e-6))}, with the norm of all of them together (Pascanu et al.,
     * 2013); to be called between {@code backward()} and {@link #step}. The norm does not leave the device, and its squares do not
     * overflow. If a gradient is not finite, all become NaN.
     *
     * @throws StriateException unless {@code maxNorm} is above 0 and finite
     */
    public final void clipGradNorm(float maxNorm) {
        requireOpen();
        Require.aboveZero("clipGradNorm", maxNorm);
        fillGradients(0, slots.size());
        OptimizerKernels kernels = device.backend().optimizer();
        int n = gradients.shape().elements();
        kernels.sumsOfSquares(n, gradients.buffer(), squares.buffer());
        kernels.clip(n, maxNorm, squares.buffer(), gradients.buffer());
        squares.markChanged();
        gradients.markChanged();
    }

    /**
     * What the next step depends on besides the parameters, for checkpoints: tensors in the parameters' shapes, named by kind and
     * parameter, such as {@code adam.m.conv1.weight}. They change with every step and belong to the optimiser.
     */
    public final Map<String, Tensor> state() {
        requireOpen();
        return Collections.unmodifiableMap(namedState);
    }

    /**
     * Goes on where another optimiser of the same kind and settings stood.
     *
     * @param saved tensors on any device, as {@link #state} named them there; they are copied
     * @param taken the number of {@link #steps} made there
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
            if (!saved.get(name).shape().equals(tensor.shape())) {
                throw new ShapeException("restore: " + name + " has the shape " + tensor.shape() + ", got "
                        + saved.get(name).shape());
            }
        });
        try (Scope copies = Scope.open(); NoGrad off = NoGrad.open()) {
            namedState.forEach((name, tensor) -> tensor.assign(saved.get(name).to(device)));
        }
        steps = taken;
    }

    /** Gives back the state's memory. The parameters stay as they are, and can be used on. */
    @Override
    public final void close() {
        if (!closed) {
            closed = true;
            namedState.values().forEach(Tensor::close);
            flatState.values().forEach(Tensor::close);
            slotGradients.forEach(Tensor::close);
            List.of(values, gradients, squares).forEach(Tensor::close);
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new StriateException("this optimiser was closed");
        }
    }

    // ---- What kinds of optimisers add

    /** Settings that contradict each other; they come one by one, so they are looked at when a step is made. */
    void checkSettings() {}

    /** Changes the parameters of a run by one kernel. {@link #steps} does not count this step yet. */
    abstract void update(Run run);

    /** Adds zeros as long as all parameters to the state. */
    final void addState(String kind) {
        Tensor flat = Scope.release(Tensor.zeros(device, values.shape().elements()));
        flatState.put(kind, flat);
        for (Slot slot : slots) {
            namedState.put(kind + "." + slot.name, window(flat, slot));
        }
    }

    final boolean hasState(String kind) {
        return flatState.containsKey(kind);
    }

    /** Parameters that lie side by side and change together. */
    final class Run {

        private final int offset;
        private final int length;

        private Run(int offset, int length) {
            this.offset = offset;
            this.length = length;
        }

        int length() {
            return length;
        }

        OptimizerKernels kernels() {
            return device.backend().optimizer();
        }

        Buffer values() {
            return part(values);
        }

        Buffer gradients() {
            return part(gradients);
        }

        Buffer state(String kind) {
            return part(flatState.get(kind));
        }

        private Buffer part(Tensor flat) {
            return length == flat.shape().elements() ? flat.buffer() : flat.buffer().slice(offset, length);
        }
    }
}
