package dev.striate.nn;

import dev.striate.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The steps of a chain of blocks, in the cheapest order that computes the same. A {@link Relu} is run by the block
 * before it, whose kernel may include it.
 *
 * <p>A {@link Relu} before a {@link MaxPool2d} runs after it. The maximum commutes with a monotonic function, so the
 * values have the same bits, and ReLU and its gradient process a quarter of the elements or fewer. The gradients are
 * equal too: a window with a positive maximum has it at the same place in both orders, and a window without one passes
 * on zero, only at another place (or NaN, on devices that multiply an infinite gradient by that zero).
 *
 * <p>A {@link BatchNorm2d} before a {@link MaxPool2d} is fused with it if the device has such a kernel.
 */
final class Chain {

    private final List<UnaryOperator<Tensor>> single;
    private final List<UnaryOperator<Tensor>> steps = new ArrayList<>();

    /** @param wanted the blocks in the order that defines the result */
    Chain(Collection<? extends Block> wanted) {
        single = wanted.stream()
                .<UnaryOperator<Tensor>>map(block -> block::forward)
                .toList();
        List<Block> order = new ArrayList<>(wanted);
        for (int i = 0; i + 1 < order.size(); i++) {
            if (order.get(i) instanceof Relu relu
                    && order.get(i + 1) instanceof MaxPool2d pool
                    && pool.everyWindowHoldsAPixel()) {
                order.set(i, pool);
                order.set(i + 1, relu);
            }
        }
        for (int i = 0, taken; i < order.size(); i += taken) {
            Block block = order.get(i);
            boolean pooled =
                    block instanceof BatchNorm2d && i + 1 < order.size() && order.get(i + 1) instanceof MaxPool2d;
            taken = pooled ? 2 : 1;
            boolean relu = i + taken < order.size() && order.get(i + taken) instanceof Relu;
            if (pooled) {
                MaxPool2d pool = (MaxPool2d) order.get(i + 1);
                steps.add(x -> pool.forwardOfNorm((BatchNorm2d) block, x, relu));
            } else {
                steps.add(relu ? block::forwardRelu : block::forward);
            }
            taken += relu ? 1 : 0;
        }
    }

    /** @param separately whether to run the blocks in their given order, each by itself */
    Tensor forward(Tensor x, boolean separately) {
        return run(separately ? single : steps, x);
    }

    /** Closes an intermediate output as soon as the next step has used it. */
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
