package dev.striate.autograd;

import dev.striate.AutogradException;
import dev.striate.Scope;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The reverse walk: from a result back to the leaves, newest operation first, so that a node is reached when all gradients that
 * flow into it have arrived. A node's saved tensors and the gradients between nodes go back to the pool as the walk passes.
 */
public final class BackwardPass {

    private static final Comparator<Node> NEWEST_FIRST = Comparator.comparingLong(Node::order).reversed();

    private BackwardPass() {}

    /**
     * Adds to the gradient of every leaf that {@code result} depends on.
     *
     * @param upstream the gradient of {@code result}, in its shape
     * @throws AutogradException if nothing was recorded, or part of the graph was walked before, or a saved tensor was changed;
     *                           no gradient has been touched then
     */
    public static void run(Tensor result, Tensor upstream) {
        Node root = result.node();
        if (root == null) {
            if (!result.requiresGrad()) {
                throw new AutogradException("backward: this tensor of shape " + result.shape() + " does not depend on any"
                        + " tensor with requiresGrad(true), or was computed while recording was off");
            }
            // Shared, so that the gradient becomes a copy and not an alias of the caller's tensor.
            try (Tensor shared = upstream.share()) {
                result.accumulateGrad(shared);
            }
            return;
        }
        List<Node> nodes = reachable(root);
        for (Node node : nodes) {
            check(node);
        }
        root.setArrived(upstream.share());
        try (NoGrad off = NoGrad.open()) {
            for (Node node : nodes) {
                try (Tensor dy = node.arrived()) {
                    node.setArrived(null);
                    if (dy != null) {
                        pass(node, dy);
                    }
                }
                node.end("was used up by an earlier backward()");
                Scope.release(node);
            }
        } finally {
            for (Node node : nodes) {
                if (node.arrived() != null) {
                    node.arrived().close();
                    node.setArrived(null);
                }
            }
        }
    }

    private static List<Node> reachable(Node root) {
        List<Node> nodes = new ArrayList<>();
        nodes.add(root);
        // A token of its own: nodes that outlive the walk must not hold the list.
        Object walk = new Object();
        root.enter(walk);
        // What is found is appended, and its inputs are looked for in turn.
        for (int i = 0; i < nodes.size(); i++) {
            for (Node.Step step : nodes.get(i).steps()) {
                for (Node.Edge edge : step.edges()) {
                    if (edge.node() != null && edge.node().enter(walk)) {
                        nodes.add(edge.node());
                    }
                }
            }
        }
        nodes.sort(NEWEST_FIRST);
        return nodes;
    }

    private static void check(Node node) {
        if (node.ended() != null) {
            throw new AutogradException("backward: the graph at " + node.operation() + " with output " + node.shape() + " "
                    + node.ended() + "; a graph can be used only once: compute the result again, or add up several losses and"
                    + " call backward() on the sum");
        }
        for (Node.Step step : node.steps()) {
            step.saved().checkUnchanged();
        }
    }

    private static void pass(Node node, Tensor dy) {
        if (node.retained() != null) {
            node.retained().accumulateGrad(dy);
        }
        for (Node.Step step : node.steps()) {
            Targets targets = new Targets(step.edges(), dy);
            try (Scope temporaries = Scope.open()) {
                @Nullable Tensor[] gradients = step.rule().gradients(dy, step.saved(), targets);
                for (int i = 0; i < step.edges().length; i++) {
                    if (targets.wanted(i)) {
                        deliver(node, step.edges()[i], targets.destination(i), gradients[i]);
                    }
                }
            }
        }
    }

    /**
     * @param edge        to the input that the gradient was computed for
     * @param destination past what has been done with it already, which changed nothing but the shape
     */
    private static void deliver(Node from, Node.Edge edge, Node.Edge destination, @Nullable Tensor gradient) {
        if (gradient == null) {
            throw new IllegalStateException(from.operation() + " gave no gradient for an input that needs one");
        }
        if (!gradient.shape().equals(edge.shape())) {
            throw new ShapeException(from.operation() + " gave a gradient of shape " + gradient.shape()
                    + " for an input of shape " + edge.shape());
        }
        if (gradient.shape().equals(destination.shape())) {
            deliver(destination, gradient);
        } else {
            deliver(destination, gradient.view(destination.shape()));
        }
    }

    private static void deliver(Node.Edge edge, Tensor gradient) {
        if (edge.leaf() != null) {
            edge.leaf().accumulateGrad(gradient);
            return;
        }
        Node target = edge.node();
        Tensor before = target.arrived();
        if (before == null) {
            target.setArrived(gradient.share());
        } else if (!before.isShared()) {
            before.addInPlace(1, gradient);
        } else {
            Tensor sum = before.add(gradient);
            target.setArrived(sum.share());
            before.close();
        }
    }
}
