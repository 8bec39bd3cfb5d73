package dev.striate.nn;

import dev.striate.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Modules one after another, put once into the order that costs least among those that compute the same. A {@link Relu} is run
 * by the module before it, which may have a kernel that ends with it.
 *
 * <p>A {@link Relu} before a {@link MaxPool2d} is run after it. The maximum of a window commutes with a function that never
 * falls, so the values have the same bits, and ReLU and its gradient pass over a quarter of the elements or fewer. The gradients
 * are the same too: a window with a positive maximum takes it from the same place either way, and one without passes on zero,
 * only at another place (NaN on devices that multiply an infinite gradient by that zero).
 *
 * <p>A {@link BatchNorm2d} before a {@link MaxPool2d} is run by it, in one kernel where the device has one.
 */
final class Chain {

    private final List<Module> wanted;
    private final List<UnaryOperator<Tensor>> steps = new ArrayList<>();

    /** @param wanted in the order that defines what is computed */
    Chain(Collection<? extends Module> wanted) {
        this.wanted = List.copyOf(wanted);
        List<Module> order = new ArrayList<>(wanted);
        for (int i = 0; i + 1 < order.size(); i++) {
            if (order.get(i) instanceof Relu relu && order.get(i + 1) instanceof MaxPool2d pool
                    && pool.everyWindowHoldsAPixel()) {
                order.set(i, pool);
                order.set(i + 1, relu);
            }
        }
        for (int i = 0, taken; i < order.size(); i += taken) {
            Module module = order.get(i);
            boolean pooled = module instanceof BatchNorm2d && i + 1 < order.size() && order.get(i + 1) instanceof MaxPool2d;
            taken = pooled ? 2 : 1;
            boolean relu = i + taken < order.size() && order.get(i + taken) instanceof Relu;
            if (pooled) {
                MaxPool2d pool = (MaxPool2d) order.get(i + 1);
                steps.add(x -> pool.forwardOfNorm((BatchNorm2d) module, x, relu));
            } else {
                steps.add(relu ? module::forwardRelu : module::forward);
            }
            taken += relu ? 1 : 0;
        }
    }

    Tensor forward(Tensor x) {
        return run(steps, x);
    }

    /** The same in the order that was wanted, shown to an observer. */
    Tensor forward(Tensor x, Module.Observer observer) {
        return run(wanted.stream().<UnaryOperator<Tensor>>map(module -> input -> module.forward(input, observer)).toList(), x);
    }

    /** What lies between two steps is closed as soon as the second has used it. */
    private static Tensor run(List<UnaryOperator<Tensor>> steps, Tensor x) {
        Tensor current = x;
        for (UnaryOperator<Tensor> step : steps) {
            Tensor next = step.apply(current);
            if (current != x && current != next) {
                current.close();
            }
            current = next;
        }
        return current;
    }
}
