package dev.striate.nn;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.autograd.NoGrad;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A part of a network, or a whole one: parameters, buffers and smaller modules under names, and what they compute together.
 *
 * <p>Constructors fix the structure and take no memory; {@link #initialize} makes the parameters on a device, in a fixed order. A
 * module of one's own registers its children in its constructor and says how they are joined:
 *
 * <pre>{@code
 * final class Net extends Module {
 *     private final Conv2d conv = addChild("conv", new Conv2d(1, 8, 3));
 *     private final Linear head = addChild("head", new Linear(8, 10));
 *
 *     public Tensor forward(Tensor x) {
 *         return head.forward(conv.forward(x).relu().globalAvgPool2d().flatten(1));
 *     }
 * }
 * }</pre>
 *
 * <p>Parameters and buffers live until {@link #close}, whatever {@link Scope} was open when they were made.
 */
public abstract class Module implements AutoCloseable {

    private final Map<String, Module> children = new LinkedHashMap<>();
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Map<String, Tensor> buffers = new LinkedHashMap<>();
    private final Map<String, Generator> generators = new LinkedHashMap<>();
    private boolean training = true;
    private boolean initialized;
    private @Nullable SummaryTrace trace;

    // ---- Using it

    /**
     * Makes all parameters and buffers on a device, with fresh values; the same generator state gives the same values on every
     * device. A second call starts anew and closes what was there; one that fails leaves nothing.
     *
     * @return this module
     */
    public Module initialize(Device device, Generator generator) {
        close();
        try (Scope temporaries = Scope.open(); NoGrad off = NoGrad.open()) {
            create(device, generator);
            children.values().forEach(child -> child.initialize(device, generator));
            initialized = true;
        } finally {
            if (!initialized) {
                close();
            }
        }
        return this;
    }

    /** Computes the output for a batch. The input is not closed, and may be the output. */
    public abstract Tensor forward(Tensor x);

    /** {@link #forward(Tensor)} and then ReLU. Layers whose kernels can end with it override this. */
    Tensor forwardRelu(Tensor x) {
        Tensor y = forward(x);
        try {
            return y.relu();
        } finally {
            if (y != x) {
                y.close();
            }
        }
    }

    /** Looks on while a network computes. */
    @FunctionalInterface
    public interface Observer {

        /**
         * A module has computed its output.
         *
         * @param output closed by its user soon after: to be read here, not kept
         */
        void computed(Module module, Tensor output);
    }

    /**
     * Computes what {@link #forward(Tensor)} does, part after part in the order in which they are given, and shows the output of
     * each, then that of this module. The parts of modules that do not override {@link #forwardParts} stay unseen.
     */
    public final Tensor forward(Tensor x, Observer observer) {
        Tensor y = forwardParts(x, observer);
        observer.computed(this, y);
        return y;
    }

    /**
     * What is trained, here and below, by dotted name such as {@code conv1.weight}; own parameters first, then those of the
     * children in the order of their registration. Weights that are shared come under each of their names.
     *
     * @throws StriateException before {@link #initialize} or after {@link #close}
     */
    public final Map<String, Tensor> parameters() {
        Map<String, Tensor> named = new LinkedHashMap<>();
        visit("", (prefix, module) -> module.parameters.forEach((name, tensor) -> named.put(prefix + name, tensor)));
        return named;
    }

    /**
     * What belongs to the state but is not trained, here and below, by dotted name such as {@code bn1.running_mean}.
     *
     * @throws StriateException before {@link #initialize} or after {@link #close}
     */
    public final Map<String, Tensor> buffers() {
        Map<String, Tensor> named = new LinkedHashMap<>();
        visit("", (prefix, module) -> module.buffers.forEach((name, tensor) -> named.put(prefix + name, tensor)));
        return named;
    }

    /**
     * This module, under the empty name, and all those below by dotted name, containers before their parts. One that has several
     * names comes under the first.
     *
     * @throws StriateException before {@link #initialize} or after {@link #close}
     */
    public final Map<String, Module> modules() {
        Map<String, Module> named = new LinkedHashMap<>();
        Set<Module> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        visit("", (prefix, module) -> {
            if (seen.add(module)) {
                named.put(prefix.isEmpty() ? "" : prefix.substring(0, prefix.length() - 1), module);
            }
        });
        return named;
    }

    /**
     * What random numbers come from while this module, or one below, computes in training, by dotted name. Several may have the
     * same one. Where it stands belongs to a checkpoint, and not to the weights.
     *
     * @throws StriateException before {@link #initialize} or after {@link #close}
     */
    public final Map<String, Generator> generators() {
        Map<String, Generator> named = new LinkedHashMap<>();
        visit("", (prefix, module) -> module.generators.forEach((name, generator) -> named.put(prefix + name, generator)));
        return named;
    }

    /** The modules one level below, by name, in order. */
    public final Map<String, Module> children() {
        return Collections.unmodifiableMap(children);
    }

    /** Switches to training, here and below: dropout drops, batch normalisation uses the batch's statistics. */
    public final Module train() {
        return setTraining(true);
    }

    /** Switches to evaluation, here and below: dropout does nothing, batch normalisation uses the running statistics. */
    public final Module eval() {
        return setTraining(false);
    }

    private Module setTraining(boolean wanted) {
        training = wanted;
        children.values().forEach(child -> child.setTraining(wanted));
        return this;
    }

    /** Whether this module is in training, as it is at first, rather than in evaluation. */
    public final boolean isTraining() {
        return training;
    }

    /** How many numbers are trained; shared weights count once. */
    public final long parameterCount() {
        return countNew(parameters().values(), Collections.newSetFromMap(new IdentityHashMap<>()));
    }

    /**
     * How many elements {@link #initialize} allocates for parameters and buffers, here and below, known before it does. Modules
     * that do not override {@link #createdElements} count as none.
     */
    public final long stateElements() {
        return createdElements() + children.values().stream().mapToLong(Module::stateElements).sum();
    }

    /** The elements of those tensors that were not seen before. */
    private static long countNew(Collection<Tensor> tensors, Set<Tensor> seen) {
        return tensors.stream().filter(seen::add).mapToLong(tensor -> tensor.shape().elements()).sum();
    }

    /**
     * The output's shape for an input's, batch included, without computing.
     *
     * @throws dev.striate.ShapeException if the input does not fit
     * @throws StriateException           if a module does not say its {@link #shapeRule}
     */
    public final Shape outputShape(Shape input) {
        if (trace == null) {
            return shapeRule(input);
        }
        int row = trace.enter();
        ReceptiveField seen = trace.field();
        Shape output = shapeRule(input);
        if (children.isEmpty()) {
            // A module with parts has passed the field through them.
            trace.field(seen == null ? null : receptiveField(input, seen));
        }
        trace.leave(row, this, input, output);
        return output;
    }

    /**
     * A table of the modules that an input of the given shape passes, with output shapes, numbers of parameters and of
     * multiply-adds, and receptive fields.
     *
     * @throws StriateException before {@link #initialize}, or if a module does not say its {@link #shapeRule}
     */
    public final Summary summary(Shape input) {
        Map<Module, String> names = new IdentityHashMap<>();
        modules().forEach((name, module) -> names.put(module, name));
        Set<Tensor> counted = Collections.newSetFromMap(new IdentityHashMap<>());
        SummaryTrace rows = new SummaryTrace(input, (module, in, out, field) -> new Summary.Row(
                names.getOrDefault(module, ""), module.toString(), out, countNew(module.parameters.values(), counted),
                module.multiplyAdds(in, out) / in.size(0), field));
        try {
            names.keySet().forEach(module -> module.trace = rows);
            outputShape(input);
        } finally {
            names.keySet().forEach(module -> module.trace = null);
        }
        return new Summary(toString(), input, rows.rows(), parameterCount());
    }

    /** Gives back the memory of all parameters and buffers, here and below. {@link #initialize} can be called again. */
    @Override
    public void close() {
        initialized = false;
        parameters.values().forEach(Tensor::close);
        parameters.clear();
        buffers.values().forEach(Tensor::close);
        buffers.clear();
        generators.clear();
        children.values().forEach(Module::close);
    }

    /** The kind of module and, for layers, its sizes. */
    @Override
    public String toString() {
        return getClass().getSimpleName();
    }

    // ---- For those who write modules

    /**
     * Registers a module as a part of this one; to be called by the constructor.
     *
     * @return the child
     */
    protected final <M extends Module> M addChild(String name, M child) {
        requireNewName(name);
        children.put(name, child);
        return child;
    }

    /**
     * Makes this module's own parameters and buffers and registers them with {@link #addParameter} and {@link #addBuffer}; called
     * by {@link #initialize} before the children's turn. Modules without any need not override it.
     */
    protected void create(Device device, Generator generator) {}

    /** How many elements {@link #create} allocates, 0 unless overridden. */
    protected long createdElements() {
        return 0;
    }

    /** Registers a tensor that is to be trained; this module closes it. */
    protected final Tensor addParameter(String name, Tensor values) {
        requireNewName(name);
        parameters.put(name, Scope.release(values).requiresGrad(true));
        return values;
    }

    /** Registers a tensor that belongs to the state but is not trained; this module closes it. */
    protected final Tensor addBuffer(String name, Tensor values) {
        requireNewName(name);
        buffers.put(name, Scope.release(values));
        return values;
    }

    /** Registers what {@link #forward} draws from, so that a training that is resumed draws the same numbers. */
    protected final Generator addGenerator(String name, Generator generator) {
        requireNewName(name);
        generators.put(name, generator);
        return generator;
    }

    /**
     * An own parameter.
     *
     * @throws StriateException before {@link #initialize}, after {@link #close}, or if there is none of that name
     */
    protected final Tensor parameter(String name) {
        return own(parameters, "parameter", name);
    }

    /** An own buffer; errors as in {@link #parameter}. */
    protected final Tensor buffer(String name) {
        return own(buffers, "buffer", name);
    }

    private Tensor own(Map<String, Tensor> tensors, String kind, String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            requireInitialized();
            throw new StriateException(this + " has no " + kind + " \"" + name + "\"; it has " + tensors.keySet());
        }
        return tensor;
    }

    /**
     * How the output's shape follows from the input's; here the module asks its children for their {@link #outputShape}.
     *
     * @throws StriateException unless overridden
     */
    protected Shape shapeRule(Shape input) {
        throw new StriateException(this + " has no shape rule; override shapeRule() to compute the output's shape from the"
                + " input's");
    }

    /**
     * The output shapes of parts that work side by side on the same input, for {@link #shapeRule}: what joins them sees what any
     * of them sees.
     *
     * @param branches each gives a part's {@link #outputShape}, or the input's shape where it passes by
     */
    @SafeVarargs
    protected final List<Shape> sideBySide(Supplier<Shape>... branches) {
        List<Shape> outputs = new ArrayList<>();
        if (trace == null) {
            for (Supplier<Shape> branch : branches) {
                outputs.add(branch.get());
            }
            return outputs;
        }
        ReceptiveField seen = trace.field();
        ReceptiveField joined = null;
        for (int i = 0; i < branches.length; i++) {
            trace.field(seen);
            outputs.add(branches[i].get());
            ReceptiveField field = trace.field();
            joined = i == 0 ? field : joined == null || field == null ? null : joined.union(field);
        }
        trace.field(joined);
        return outputs;
    }

    /**
     * What the units of the output see of the network's input, for a module without parts; null where it cannot be told, as here.
     *
     * @param seen what those of this module's input see
     */
    protected @Nullable ReceptiveField receptiveField(Shape input, ReceptiveField seen) {
        return null;
    }

    /**
     * How many multiplications by weights, each with its addition, this module does for a batch of that shape, those of its parts
     * excepted: none unless overridden. Biases, normalisation, pooling and activations do not count, as is usual.
     */
    protected long multiplyAdds(Shape input, Shape output) {
        return 0;
    }

    /**
     * Computes the output with the parts' {@link #forward(Tensor, Observer)}, in the order in which they are given; here with
     * {@link #forward(Tensor)}, unseen.
     */
    protected Tensor forwardParts(Tensor x, Observer observer) {
        return forward(x);
    }

    /** @throws StriateException before {@link #initialize} and after {@link #close} */
    protected final void requireInitialized() {
        if (!initialized) {
            throw new StriateException(this + " has no parameters yet, or was closed: call initialize(device, generator) first");
        }
    }

    /** To be called by settings that decide what {@link #create} makes. */
    protected final void requireNotInitialized(String setting) {
        if (initialized) {
            throw new StriateException(this + ": " + setting + " must be set before initialize(), which has already been called");
        }
    }

    private void requireNewName(String name) {
        requireName(toString(), name);
        if (children.containsKey(name) || parameters.containsKey(name) || buffers.containsKey(name)
                || generators.containsKey(name)) {
            throw new StriateException(this + ": there is already a part named \"" + name + "\"");
        }
    }

    /** @throws StriateException if a name is empty or has a dot */
    static void requireName(String whole, String name) {
        if (name.isEmpty() || name.indexOf('.') >= 0) {
            throw new StriateException(whole + ": expected a part name that is not empty and has no dot, got \"" + name + "\"");
        }
    }

    /** Visits this module and those below with the prefixes of their parts' names. */
    private void visit(String prefix, BiConsumer<String, Module> visitor) {
        requireInitialized();
        visitor.accept(prefix, this);
        children.forEach((name, child) -> child.visit(prefix + name + ".", visitor));
    }
}
