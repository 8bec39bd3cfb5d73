package dev.striate.nn;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A chain of blocks: the output of each is the input of the next.
 *
 * <pre>{@code
 * Sequential model = new Sequential(
 *         new Conv2d(1, 8, 3, padding(1)), new Relu(), new MaxPool2d(2),
 *         new Flatten(), new Linear(8 * 14 * 14, 10));
 * model.initialize(device, new Generator(0));
 * Tensor logits = model.forward(images);     // (N, 1, 28, 28) to (N, 10)
 * }</pre>
 *
 * <p>Each intermediate output is closed as soon as the next block has used it. The graph keeps the values that {@code
 * backward()} needs, so in evaluation only two activations exist at a time.
 *
 * <p>Neighbours may be fused or exchanged if that is cheaper and gives the same output, bit for bit. A {@link Relu}
 * before a {@link MaxPool2d} runs after it; in the gradient of the input, a window without a positive pixel may then
 * have its zero at another place. Other {@link Relu}s are part of the kernel of the layer before them. A {@link
 * BatchNorm2d} and the {@link MaxPool2d} after it are one kernel if the device has such a kernel.
 */
public final class Sequential extends Block {

    private Chain chain;

    /** Creates a chain of blocks named {@code 0, 1, ...}. */
    public Sequential(Block... blocks) {
        for (int i = 0; i < blocks.length; i++) {
            addChild(Integer.toString(i), blocks[i]);
        }
        chain = new Chain(children().values());
    }

    private Sequential(Map<String, Block> named) {
        named.forEach(this::addChild);
        chain = new Chain(children().values());
    }

    /** Returns a builder for a chain of named blocks. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Replaces a part, for example the last layer by one for other classes, and closes the replaced one. The new part
     * keeps its state: initialise it before or afterwards. Optimisers must be created anew.
     *
     * @throws StriateException if there is no part with this name
     */
    public void replace(String name, Block part) {
        replaceChild(name, part);
        chain = new Chain(children().values());
    }

    @Override
    public Sequential initialize(Device device, Generator generator) {
        super.initialize(device, generator);
        return this;
    }

    @Override
    public Sequential initialize(Device device, Generator generator, Shape input) {
        super.initialize(device, generator, input);
        return this;
    }

    @Override
    protected Tensor compute(Tensor x) {
        return chain.forward(x, isObserved());
    }

    @Override
    protected Shape shapeRule(Shape input) {
        return shapeRule(input, children().values());
    }

    /** Called only for an empty chain, whose output is its input. */
    @Override
    protected ReceptiveField receptiveField(Shape input, ReceptiveField seen) {
        return seen;
    }

    @Override
    public BlockConfig config() {
        BlockConfig config = BlockConfig.of(this);
        for (Map.Entry<String, Block> part : children().entrySet()) {
            config = config.withPart(part.getKey(), part.getValue().config());
        }
        return config;
    }

    static Shape shapeRule(Shape input, Collection<? extends Block> blocks) {
        Shape current = input;
        for (Block block : blocks) {
            current = block.outputShape(current);
        }
        return current;
    }

    /** Builds a chain of named blocks. */
    public static final class Builder {

        private final Map<String, Block> named = new LinkedHashMap<>();

        private Builder() {}

        /**
         * Adds a block under a name.
         *
         * @throws StriateException if the name is taken, empty or has a dot
         */
        public Builder add(String name, Block block) {
            requireName("Sequential", name);
            if (named.putIfAbsent(name, block) != null) {
                throw new StriateException("Sequential: there is already a part named \"" + name + "\"");
            }
            return this;
        }

        /**
         * Adds a block with its position as its name, counted from 0, or with the next free number if that name is
         * taken.
         */
        public Builder add(Block block) {
            int number = named.size();
            while (named.containsKey(Integer.toString(number))) {
                number++;
            }
            return add(Integer.toString(number), block);
        }

        public Sequential build() {
            return new Sequential(named);
        }
    }
}
