package dev.striate.nn;

import dev.striate.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Modules one after another, put once into the order that costs least among those that compute the same.
 *
 * <p>A {@link Relu} before a {@link MaxPool2d} is run after it. The maximum of a window commutes with a function that never
 * falls, so the values have the same bits, and ReLU and its gradient pass over a quarter of the elements or fewer. The gradients
 * are the same too: a window with a positive maximum takes it from the same place either way, and one without passes on zero,
 * only at another place (NaN on devices that multiply an infinite gradient by that zero).
 */
final class Chain {

    private final List<Module> modules;

    /** @param wanted in the order that defines what is computed */
    Chain(Collection<? extends Module> wanted) {
        List<Module> order = new ArrayList<>(wanted);
        for (int i = 0; i + 1 < order.size(); i++) {
            if (order.get(i) instanceof Relu relu && order.get(i + 1) instanceof MaxPool2d pool
                    && pool.everyWindowHoldsAPixel()) {
                order.set(i, pool);
                order.set(i + 1, relu);
            }
        }
        modules = List.copyOf(order);
    }

    /** What lies between two modules is closed as soon as the second has used it. */
    Tensor forward(Tensor x) {
        Tensor current = x;
        for (Module module : modules) {
            Tensor next = module.forward(current);
            if (current != x && current != next) {
                current.close();
            }
            current = next;
        }
        return current;
    }
}
