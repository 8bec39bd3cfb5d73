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
 * Modules one after another. What lies between two of them is closed as soon as the second has used it; the graph keeps what
 * {@code backward()} needs, so in evaluation only two activations are live at a time.
 *
 * <p>Neighbours may run in another order than the given one where that is cheaper and computes the same: a {@link Relu} before a
 * {@link MaxPool2d} runs after it. The output has the same bits. In the gradient of the input, only the place at which a window
 * without a positive pixel leaves its zero differs. A {@link Relu} is computed by the layer before it, as that layer's
 * last step, and a {@link BatchNorm2d} together with the {@link MaxPool2d} after it, where the device has such a kernel.
 */
public final class Sequential extends Module {

    private final Chain chain;

    /** Modules named {@code 0, 1, ...}. */
    public Sequential(Module... modules) {
        for (int i = 0; i < modules.length; i++) {
            addChild(Integer.toString(i), modules[i]);
        }
        chain = new Chain(children().values());
    }

    private Sequential(Map<String, Module> named) {
        named.forEach(this::addChild);
        chain = new Chain(children().values());
    }

    /** For modules with names. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public Sequential initialize(Device device, Generator generator) {
        super.initialize(device, generator);
        return this;
    }

    @Override
    public Tensor forward(Tensor x) {
        return chain.forward(x);
    }

    @Override
    protected Shape shapeRule(Shape input) {
        return shapeRule(input, children().values());
    }

    /** Asked of an empty one, which gives its input back. */
    @Override
    protected ReceptiveField receptiveField(Shape input, ReceptiveField seen) {
        return seen;
    }

    @Override
    protected Tensor forwardParts(Tensor x, Observer observer) {
        return chain.forward(x, observer);
    }

    static Shape shapeRule(Shape input, Collection<? extends Module> modules) {
        Shape current = input;
        for (Module module : modules) {
            current = module.outputShape(current);
        }
        return current;
    }

    /** Collects modules under names. */
    public static final class Builder {

        private final Map<String, Module> named = new LinkedHashMap<>();

        private Builder() {}

        /**
         * Adds a module under a name.
         *
         * @throws StriateException if the name is taken, empty or has a dot
         */
        public Builder add(String name, Module module) {
            requireName("Sequential", name);
            if (named.putIfAbsent(name, module) != null) {
                throw new StriateException("Sequential: there is already a part named \"" + name + "\"");
            }
            return this;
        }

        /** Adds a module named by its place, counted from 0; by the next number that is free if that is the name of another. */
        public Builder add(Module module) {
            int number = named.size();
            while (named.containsKey(Integer.toString(number))) {
                number++;
            }
            return add(Integer.toString(number), module);
        }

        public Sequential build() {
            return new Sequential(named);
        }
    }
}
