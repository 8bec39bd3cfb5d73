package dev.striate.nn;

import dev.striate.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.BiFunction;

/**
 * Modules one after another, put once into the order that costs least among those that compute the same.
 *
 * <p>A {@link Relu} before a {@link MaxPool2d} is run after it. The maximum of a window commutes with a function that never
 * falls, so the values have the same bits, and ReLU and its gradient pass over a quarter of the elements or fewer. The gradients
 * are the same too: a window with a positive maximum takes it from the same place either way, and one without passes on zero,
 * only at another place (NaN on devices that multiply an infinite gradient by that zero).
 */
final class Chain {

    private final List<Module> wanted;
    private final List<Module> order;

    /** @param wanted in the order that defines what is computed */
    Chain(Collection<? extends Module> wanted) {
        this.wanted = List.copyOf(wanted);
        order = new ArrayList<>(wanted);
        for (int i = 0; i + 1 < order.size(); i++) {
            if (order.get(i) instanceof Relu relu && order.get(i + 1) instanceof MaxPool2d pool
                    && pool.everyWindowHoldsAPixel()) {
                order.set(i, pool);
                order.set(i + 1, relu);
            }
        }
    }

    Tensor forward(Tensor x) {
        return run(order, x, Module::forward);
    }

    /** The same in the order that was wanted, shown to an observer. */
    Tensor forward(Tensor x, Module.Observer observer) {
        return run(wanted, x, (module, input) -> module.forward(input, observer));
    }

    /** What lies between two modules is closed as soon as the second has used it. */
    private static Tensor run(List<Module> modules, Tensor x, BiFunction<Module, Tensor, Tensor> step) {
        Tensor current = x;
        for (Module module : modules) {
            Tensor next = step.apply(module, current);
            if (current != x && current != next) {
                current.close();
            }
            current = next;
        }
        return current;
    }
}
