package dev.striate.nn;

import static dev.striate.internal.Internals.release;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.NoGrad;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.internal.Internals;
import dev.striate.internal.NamePattern;
import dev.striate.io.LoadReport;
import dev.striate.io.Safetensors;
import dev.striate.io.State;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A network or a part of one. A block has named parameters, buffers and child blocks, and computes an output from an
 * input.
 *
 * <p>The constructor defines the structure and allocates nothing. {@link #initialize} creates the parameters on a
 * device, in a fixed order. To write a block, register its children in the constructor and use them in {@link
 * #compute}:
 *
 * <pre>{@code
 * final class Net extends Block {
 *     private final Conv2d conv = addChild("conv", new Conv2d(1, 8, 3));
 *     private final Linear head = addChild("head", new Linear(8, 10));
 *
 *     protected Tensor compute(Tensor x) {
 *         return head.forward(conv.forward(x).relu().globalAvgPool2d().flatten(1));
 *     }
 * }
 * }</pre>
 *
 * <p>Parameters and buffers exist until {@link #close}, regardless of the {@link Scope} in which they were created.
 */
public abstract class Block implements AutoCloseable {

    private final Map<String, Block> children = new LinkedHashMap<>();
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Map<String, Tensor> buffers = new LinkedHashMap<>();
    private final Map<String, Generator> generators = new LinkedHashMap<>();
    private String name = "";
    private boolean training = true;
    private boolean initialized;
    private @Nullable Device device;
    /** Creates the parameters once the sizes of this layer are known; null if they exist or were not asked for. */
    private @Nullable Generator late;

    private @Nullable Observer observer;
    private @Nullable SummaryTrace trace;

    // ---- For users of blocks

    /**
     * Creates all parameters and buffers on a device, with new values. The same state of the generator gives the same
     * values on every device. A second call closes the existing tensors first. If a call fails, no tensor is left.
     *
     * @return this block
     */
    public Block initialize(Device device, Generator generator) {
        close();
        this.device = device;
        try (Scope temporaries = Scope.open();
                NoGrad off = NoGrad.open()) {
            if (hasSizes()) {
                create(device, generator);
            } else {
                late = generator;
            }
            children.values().forEach(child -> child.initialize(device, generator));
            initialized = true;
        } finally {
            if (!initialized) {
                close();
            }
        }
        return this;
    }

    /**
     * Initialises like {@link #initialize(Device, Generator)}, and then determines the sizes of layers that were created
     * with {@code lazy}, if there are any, by passing the shape of an input through the network.
     *
     * @param input the shape of a batch, such as {@code (1, 3, 32, 32)}
     * @return this block
     * @throws dev.striate.ShapeException if the input does not fit; no tensor is left
     */
    public Block initialize(Device device, Generator generator, Shape input) {
        initialize(device, generator);
        if (descendants().stream().allMatch(Block::hasSizes)) {
            return this;
        }
        boolean done = false;
        try {
            outputShape(input);
            done = true;
        } finally {
            if (!done) {
                close();
            }
        }
        return this;
    }

    /**
     * Computes the output for a batch. The input is not closed. The output may be the input itself. If an error happens
     * in a part, its message names the part.
     */
    public final Tensor forward(Tensor x) {
        try {
            determineSizes(x.shape());
            return isObserved() ? observed(x) : compute(x);
        } catch (StriateException e) {
            throw located(e);
        }
    }

    private Tensor observed(Tensor x) {
        int row = trace == null ? 0 : trace.enter();
        ReceptiveField seen = trace == null ? null : trace.field();
        Tensor y = compute(x);
        if (trace != null) {
            if (children.isEmpty()) {
                trace.field(seen == null ? null : receptiveField(x.shape(), seen));
            }
            trace.leave(row, this, x.shape(), y.shape());
        }
        if (observer != null) {
            observer.computed(this, y);
        }
        return y;
    }

    /** Adds the name of this block to an error that happened in it. */
    final StriateException located(StriateException error) {
        if (!name.isEmpty()) {
            Internals.passed(error, name, toString());
        }
        return error;
    }

    /** Returns whether the outputs of all parts are needed, so that none may be fused with another. */
    final boolean isObserved() {
        return trace != null || observer != null;
    }

    /** {@link #forward(Tensor)} followed by ReLU, for blocks that are not observed. */
    final Tensor forwardRelu(Tensor x) {
        try {
            determineSizes(x.shape());
            return computeRelu(x);
        } catch (StriateException e) {
            throw located(e);
        }
    }

    /** {@link #compute} followed by ReLU. Layers whose kernels include ReLU override this. */
    Tensor computeRelu(Tensor x) {
        Tensor y = compute(x);
        try {
            return y.relu();
        } finally {
            if (y != x) {
                y.close();
            }
        }
    }

    /** Observes the outputs of blocks during a forward pass. */
    @FunctionalInterface
    public interface Observer {

        /**
         * Called when a block has computed its output.
         *
         * @param output must be read during this call, because it is closed soon afterwards
         */
        void computed(Block block, Tensor output);
    }

    /**
     * Computes the output like {@link #forward(Tensor)}, and reports the outputs of this block and of all blocks inside
     * it to an observer, in the order in which they are computed. Nothing is fused. Not to be called while another
     * thread uses this block.
     */
    public final Tensor forward(Tensor x, Observer listener) {
        Set<Block> all = descendants();
        try {
            all.forEach(block -> block.observer = listener);
            return forward(x);
        } finally {
            all.forEach(block -> block.observer = null);
        }
    }

    private Set<Block> descendants() {
        Set<Block> all = Collections.newSetFromMap(new IdentityHashMap<>());
        addTo(all);
        return all;
    }

    private void addTo(Set<Block> all) {
        if (all.add(this)) {
            children.values().forEach(child -> child.addTo(all));
        }
    }

    /**
     * Returns all trained tensors of this block and its descendants by dotted name, such as {@code conv1.weight}. Own
     * parameters come first, then those of the children in the order of their registration. Shared weights are listed
     * under each of their names.
     *
     * @throws StriateException before {@link #initialize} or after {@link #close}
     */
    public final Map<String, Tensor> parameters() {
        Map<String, Tensor> named = new LinkedHashMap<>();
        visit("", (prefix, block) -> block.parameters.forEach((name, tensor) -> named.put(prefix + name, tensor)));
        return named;
    }

    /**
     * Returns all tensors of this block and its descendants that belong to the state but are not trained, by dotted
     * name, such as {@code bn1.running_mean}.
     *
     * @throws StriateException before {@link #initialize} or after {@link #close}
     */
    public final Map<String, Tensor> buffers() {
        Map<String, Tensor> named = new LinkedHashMap<>();
        visit("", (prefix, block) -> block.buffers.forEach((name, tensor) -> named.put(prefix + name, tensor)));
        return named;
    }

    /**
     * Returns the parameters and then the buffers, by name: all that a file of weights contains.
     *
     * @throws StriateException before {@link #initialize} or after {@link #close}
     */
    public final Map<String, Tensor> state() {
        Map<String, Tensor> all = new LinkedHashMap<>(parameters());
        all.putAll(buffers());
        return all;
    }

    /**
     * Writes the {@link #state} to a safetensors file, which PyTorch can read.
     *
     * @throws StriateException before {@link #initialize}, or if the file cannot be written
     */
    public final void save(Path file) {
        save(file, Map.of());
    }

    /**
     * Writes the {@link #state} to a safetensors file, with text entries for the whole file; errors as for {@link
     * #save(Path)}.
     */
    public final void save(Path file, Map<String, String> metadata) {
        Safetensors.write(file, state(), metadata);
    }

    /**
     * Loads the {@link #state} from a safetensors file or a checkpoint; see {@link State#load(Map, Path)}. Call {@link
     * #initialize} first.
     *
     * @return the file's metadata
     * @throws StriateException before {@link #initialize}, or if the file cannot be read, is damaged or does not fit;
     *     nothing has changed then
     */
    public final Map<String, String> load(Path file) {
        return State.load(state(), file);
    }

    /**
     * Loads those tensors of the {@link #state} that a file has with the same shape, and leaves the others as they are,
     * such as a new head for other classes.
     *
     * @return what was loaded and what was not
     * @throws StriateException before {@link #initialize}, or if the file cannot be read or is damaged; nothing has
     *     changed then
     */
    public final LoadReport loadMatching(Path file) {
        return State.loadMatching(state(), file);
    }

    /**
     * Excludes parameters from training: they get no gradient, and optimisers leave them as they are. To stop batch
     * normalisation from updating its running statistics, switch it to evaluation with {@link #eval}.
     *
     * @param pattern names of parameters, in which {@code *} stands for any characters: {@code conv1.*}
     * @throws StriateException if there is no such parameter
     */
    public final void freeze(String pattern) {
        matching(pattern).forEach(tensor -> tensor.requiresGrad(false));
    }

    /** Includes parameters in training again; see {@link #freeze}. */
    public final void unfreeze(String pattern) {
        matching(pattern).forEach(tensor -> tensor.requiresGrad(true));
    }

    private List<Tensor> matching(String pattern) {
        return NamePattern.select(this, parameters(), pattern);
    }

    /**
     * Returns this block, under the empty name, and all its descendants by dotted name, containers before their parts.
     * A block with several names is listed under the first.
     *
     * @throws StriateException before {@link #initialize} or after {@link #close}
     */
    public final Map<String, Block> blocks() {
        Map<String, Block> named = new LinkedHashMap<>();
        Set<Block> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        visit("", (prefix, block) -> {
            if (seen.add(block)) {
                named.put(prefix.isEmpty() ? "" : prefix.substring(0, prefix.length() - 1), block);
            }
        });
        return named;
    }

    /**
     * Returns the generators of the random numbers that this block and its descendants use in training, by dotted
     * name. Several blocks may share a generator. The state of a generator belongs to a checkpoint, but not to the
     * weights.
     *
     * @throws StriateException before {@link #initialize} or after {@link #close}
     */
    public final Map<String, Generator> generators() {
        Map<String, Generator> named = new LinkedHashMap<>();
        visit(
                "",
                (prefix, block) -> block.generators.forEach((name, generator) -> named.put(prefix + name, generator)));
        return named;
    }

    /** Returns the child blocks by name, in order. */
    public final Map<String, Block> children() {
        return Collections.unmodifiableMap(children);
    }

    /**
     * Switches this block and its descendants to training: dropout is active, batch normalisation uses batch
     * statistics.
     */
    public final Block train() {
        return setTraining(true);
    }

    /**
     * Switches this block and its descendants to evaluation: no dropout, batch normalisation uses running statistics.
     */
    public final Block eval() {
        return setTraining(false);
    }

    private Block setTraining(boolean wanted) {
        training = wanted;
        children.values().forEach(child -> child.setTraining(wanted));
        return this;
    }

    /** Returns whether this block is in training mode, which is the default, and not in evaluation mode. */
    public final boolean isTraining() {
        return training;
    }

    /** Returns the number of trained values. Shared weights count once. */
    public final long parameterCount() {
        return countNew(parameters().values(), Collections.newSetFromMap(new IdentityHashMap<>()));
    }

    /**
     * Returns the number of elements that {@link #initialize} allocates for parameters and buffers of this block and
     * its descendants. Blocks that do not override {@link #createdElements} count as 0.
     */
    public final long stateElements() {
        return (hasSizes() ? createdElements() : 0)
                + children.values().stream().mapToLong(Block::stateElements).sum();
    }

    /** Returns the number of elements of the tensors that were not seen before. */
    private static long countNew(Collection<Tensor> tensors, Set<Tensor> seen) {
        return tensors.stream()
                .filter(seen::add)
                .mapToLong(tensor -> tensor.shape().elements())
                .sum();
    }

    /**
     * Returns the shape of the output for the shape of an input, batch included. Nothing is computed if this block and
     * those inside it have a {@link #shapeRule}.
     *
     * @throws dev.striate.ShapeException if the input does not fit
     * @throws StriateException           before {@link #initialize}, if a block has no rule
     */
    public final Shape outputShape(Shape input) {
        try {
            determineSizes(input);
            return tracedShape(input);
        } catch (StriateException e) {
            throw located(e);
        }
    }

    private Shape tracedShape(Shape input) {
        if (trace == null) {
            return shapeRule(input);
        }
        int row = trace.enter();
        ReceptiveField seen = trace.field();
        Shape output = shapeRule(input);
        if (children.isEmpty()) {
            // A block with parts has passed the field through them.
            trace.field(seen == null ? null : receptiveField(input, seen));
        }
        trace.leave(row, this, input, output);
        return output;
    }

    /**
     * Returns a table of the blocks for an input of the given shape: output shapes, parameters, multiply-adds and
     * receptive fields.
     *
     * @throws StriateException before {@link #initialize}
     */
    public final Summary summary(Shape input) {
        IdentityHashMap<Block, String> names = new IdentityHashMap<>();
        blocks().forEach((name, block) -> names.put(block, name));
        Set<Tensor> counted = Collections.newSetFromMap(new IdentityHashMap<>());
        SummaryTrace rows = new SummaryTrace(
                input,
                (block, in, out, field) -> new Summary.Row(
                        names.getOrDefault(block, ""),
                        block.toString(),
                        out,
                        countNew(block.parameters.values(), counted),
                        block.multiplyAdds(in, out) / in.size(0),
                        field));
        try {
            names.keySet().forEach(block -> block.trace = rows);
            outputShape(input);
        } finally {
            names.keySet().forEach(block -> block.trace = null);
        }
        return new Summary(toString(), input, rows.rows(), parameterCount());
    }

    /**
     * Returns how this block was made, so that a model file can tell. The layers and containers of this package have
     * such a configuration.
     *
     * @throws StriateException if this block or one inside it is of another class; a model file then names a
     *     {@code NetworkBuilder}
     */
    public BlockConfig config() {
        throw new StriateException(getClass().getName()
                + " has no configuration that a file could describe, as the layers of Striate have; to save the network"
                + " so that others can build it, register a NetworkBuilder for it");
    }

    /**
     * Closes all parameters and buffers of this block and its descendants. {@link #initialize} can be called again.
     */
    @Override
    public void close() {
        initialized = false;
        late = null;
        parameters.values().forEach(Tensor::close);
        parameters.clear();
        buffers.values().forEach(Tensor::close);
        buffers.clear();
        generators.clear();
        children.values().forEach(Block::close);
    }

    /** Returns the type of the block and, for layers, its sizes. */
    @Override
    public String toString() {
        return getClass().getSimpleName();
    }

    // ---- For implementers of blocks

    /**
     * Computes the output for a batch; {@link #forward} calls this method. Call {@link #forward} of the parts, not this
     * method, so that errors, summaries and observers know them.
     */
    protected abstract Tensor compute(Tensor x);

    /**
     * Registers a child block. Call this in the constructor.
     *
     * @return the child
     */
    protected final <M extends Block> M addChild(String name, M child) {
        requireNewName(name);
        children.put(name, child);
        ((Block) child).name = name;
        return child;
    }

    /**
     * Creates the parameters and buffers of this block, without those of its children, and registers them with {@link
     * #addParameter} and {@link #addBuffer}. {@link #initialize} calls this method before it initialises the children.
     */
    protected void create(Device device, Generator generator) {}

    /** Returns the number of elements that {@link #create} allocates; 0 unless overridden. */
    protected long createdElements() {
        return 0;
    }

    /** Registers a trained tensor. This block closes it. */
    protected final Tensor addParameter(String name, Tensor values) {
        requireNewName(name);
        parameters.put(name, release(values).requiresGrad(true));
        return values;
    }

    /** Registers a tensor that belongs to the state but is not trained. This block closes it. */
    protected final Tensor addBuffer(String name, Tensor values) {
        requireNewName(name);
        buffers.put(name, release(values));
        return values;
    }

    /** Registers a generator that {@link #forward} uses, so that a resumed training run draws the same numbers. */
    protected final Generator addGenerator(String name, Generator generator) {
        requireNewName(name);
        generators.put(name, generator);
        return generator;
    }

    /**
     * Returns a parameter of this block itself.
     *
     * @throws StriateException before {@link #initialize}, after {@link #close}, or if there is no parameter with this
     *     name
     */
    protected final Tensor parameter(String name) {
        return own(parameters, "parameter", name);
    }

    /** Returns a buffer of this block itself; errors as for {@link #parameter}. */
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
     * Returns the shape of the output for the shape of an input. Blocks with children call {@link #outputShape} of
     * these. Unless overridden, computes the output for zeros in evaluation mode.
     *
     * @throws StriateException before {@link #initialize}, unless overridden
     */
    protected Shape shapeRule(Shape input) {
        requireInitialized();
        if (trace != null) {
            // The fields of the parts are unknown, because their connections are.
            trace.field(null);
        }
        Set<Block> trained = descendants();
        trained.removeIf(block -> !block.training);
        try (NoGrad off = NoGrad.open();
                Scope temporaries = Scope.open()) {
            trained.forEach(block -> block.training = false);
            return compute(Tensor.zeros(Objects.requireNonNull(device), input.toArray()))
                    .shape();
        } finally {
            trained.forEach(block -> block.training = true);
        }
    }

    /**
     * For {@link #shapeRule}: returns the output shapes of parallel branches that have the same input. The receptive
     * field of their combination covers the fields of all branches.
     *
     * @param branches each returns the {@link #outputShape} of a part, or the shape of the input for an identity branch
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
     * Returns the receptive field of the output of a block without parts, or null if it is unknown, which is the
     * default.
     *
     * @param seen the receptive field of the input of this block
     */
    protected @Nullable ReceptiveField receptiveField(Shape input, ReceptiveField seen) {
        return null;
    }

    /**
     * Returns the number of multiply-adds with weights for a batch of this shape, without those of the parts; 0 unless
     * overridden. As usual, biases, normalisation, pooling and activations do not count.
     */
    protected long multiplyAdds(Shape input, Shape output) {
        return 0;
    }

    /** @throws StriateException before {@link #initialize} and after {@link #close} */
    protected final void requireInitialized() {
        if (!initialized) {
            throw new StriateException(
                    this + " has no parameters yet, or was closed: call initialize(device, generator) first");
        }
    }

    // ---- Layers that take their sizes from the first input

    /** Returns whether the shapes of the parameters are known; lazy layers override this and {@link #takeSizes}. */
    boolean hasSizes() {
        return true;
    }

    /**
     * Takes the sizes from the shape of an input.
     *
     * @throws dev.striate.ShapeException if no input of this shape fits
     */
    void takeSizes(Shape input) {}

    /** Takes the sizes if they are unknown, and creates the parameters if this layer was initialised without them. */
    final void determineSizes(Shape input) {
        if (hasSizes()) {
            return;
        }
        takeSizes(input);
        if (late != null) {
            try (Scope temporaries = Scope.open();
                    NoGrad off = NoGrad.open()) {
                create(Objects.requireNonNull(device), late);
            }
            late = null;
        }
    }

    /** @throws StriateException if this is a lazy layer whose sizes are not known yet */
    final void requireSizes() {
        if (!hasSizes()) {
            throw new StriateException(this + ": its number of inputs is not known yet; call initialize(device,"
                    + " generator, shape) with the shape of a batch");
        }
    }

    /** Called by setters of properties that {@link #create} uses. */
    protected final void requireNotInitialized(String setting) {
        if (initialized) {
            throw new StriateException(
                    this + ": " + setting + " must be set before initialize(), which has already been called");
        }
    }

    private void requireNewName(String name) {
        requireName(toString(), name);
        if (children.containsKey(name)
                || parameters.containsKey(name)
                || buffers.containsKey(name)
                || generators.containsKey(name)) {
            throw new StriateException(this + ": there is already a part named \"" + name + "\"");
        }
    }

    /**
     * Closes a child and registers another block in its place.
     *
     * @throws StriateException if there is no child with this name
     */
    final void replaceChild(String partName, Block child) {
        Block before = children.get(partName);
        if (before == null) {
            throw new StriateException(this + " has no part \"" + partName + "\"; it has " + children.keySet());
        }
        before.close();
        children.put(partName, child);
        child.name = partName;
    }

    /** @throws StriateException if a name is empty or has a dot */
    static void requireName(String whole, String name) {
        if (name.isEmpty() || name.indexOf('.') >= 0) {
            throw new StriateException(
                    whole + ": expected a part name that is not empty and has no dot, got \"" + name + "\"");
        }
    }

    /** Visits this block and its descendants with the prefixes of their names. */
    private void visit(String prefix, BiConsumer<String, Block> visitor) {
        requireInitialized();
        requireSizes();
        visitor.accept(prefix, this);
        children.forEach((name, child) -> child.visit(prefix + name + ".", visitor));
    }
}
