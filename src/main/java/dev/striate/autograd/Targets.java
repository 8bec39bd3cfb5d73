package dev.striate.autograd;

import dev.striate.Tensor;
import org.jspecify.annotations.Nullable;

/** Which gradients a rule is to give, where it can write them, and what it can do to them on the way. */
public final class Targets {

    private final Node.Edge[] edges;
    private final Tensor dy;
    private final Node.@Nullable Step[] gates;

    Targets(Node.Edge[] edges, Tensor dy) {
        this.edges = edges;
        this.dy = dy;
        gates = new Node.Step[edges.length];
    }

    /** Whether there is an i-th input and its gradient is asked for. */
    public boolean wanted(int i) {
        return i < edges.length && edges[i].wanted();
    }

    /**
     * A tensor in the shape of the i-th input, of which the rule writes every element and which it then returns; null if that
     * gradient is not wanted. Where the input is a leaf whose gradient is zero, this is the memory of that gradient, so that
     * nothing need be added or copied.
     */
    public @Nullable Tensor allocate(int i) {
        if (!wanted(i)) {
            return null;
        }
        Tensor leaf = edges[i].leaf();
        return leaf == null || isAmongTheFirst(i, leaf)
                ? Tensor.allocate(dy.device(), edges[i].shape())
                : leaf.gradientTarget();
    }

    /** Whether a leaf is one of the first {@code count} inputs: its memory takes one gradient, the next is added. */
    private boolean isAmongTheFirst(int count, Tensor leaf) {
        for (int i = 0; i < count; i++) {
            if (edges[i].leaf() == leaf) {
                return true;
            }
        }
        return false;
    }

    /**
     * If the i-th input is the output of a {@linkplain Recorder#gate gate}, as it is or reshaped, that output: the rule must then
     * leave 0 where it is not above 0, and the gate's own rule is not run on what it returns. Else null. A kernel that
     * writes the gradient anyway does the gate's work at next to no cost.
     */
    public @Nullable Tensor gate(int i) {
        Node node = edges[i].node();
        while (node != null && node.retained() == null && node.steps().length == 1) {
            Node.Step step = node.steps()[0];
            if (step.kind() == Node.Kind.GATE) {
                gates[i] = step;
                return step.saved().get(0);
            }
            if (step.kind() != Node.Kind.VIEW) {
                return null;
            }
            node = step.edges()[0].node();
        }
        return null;
    }

    /** Where the gradient that the rule gave for the i-th input goes: past a gate whose work is done. */
    Node.Edge destination(int i) {
        Node.Step gate = gates[i];
        return gate == null ? edges[i] : gate.edges()[0];
    }
}
