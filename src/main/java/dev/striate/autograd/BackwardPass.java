package dev.striate.autograd;

import static dev.striate.internal.Internals.gradient;
import static dev.striate.internal.Internals.release;
import static dev.striate.internal.Internals.share;
import static dev.striate.internal.Internals.storage;
import static dev.striate.internal.Internals.view;

import dev.striate.AutogradException;
import dev.striate.NoGrad;
import dev.striate.Scope;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The backward pass: visits the graph from a result to the leaves, newest operation first, so that all gradients of a
 * node have arrived when it is visited. Saved tensors and intermediate gradients return to the pool as soon as they are
 * no longer needed.
 */
public final class BackwardPass {

    private static final Comparator<Node> NEWEST_FIRST =
            Comparator.comparingLong(Node::order).reversed();

    private BackwardPass() {}

    /**
     * Adds the gradients of {@code result} to all leaves that it depends on.
     *
     * @param upstream the gradient of {@code result}, in its shape
     * @throws AutogradException if nothing was recorded, if a part of the graph was already used, or if a saved tensor
     *     was changed. In these cases no gradient is changed
     */
    public static void run(Tensor result, Tensor upstream) {
        Node root = gradient(result).node();
        if (root == null) {
            if (!result.requiresGrad()) {
                throw new AutogradException(
                        "backward: this tensor of shape " + result.shape() + " does not depend on any"
                                + " tensor with requiresGrad(true), or was computed while recording was off");
            }
            // As a shared handle, so that the gradient is copied and is not an alias of the caller's tensor.
            try (Tensor shared = share(upstream)) {
                gradient(result).accumulate(shared);
            }
            return;
        }
        List<Node> nodes = reachable(root);
        for (Node node : nodes) {
            check(node);
        }
        root.setArrived(share(upstream));
        try (NoGrad off = NoGrad.open()) {
            for (Node node : nodes) {
                try (Tensor dy = node.arrived()) {
                    node.setArrived(null);
                    if (dy != null) {
                        pass(node, dy);
                    }
                }
                node.end("was used up by an earlier backward()");
                release(node);
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
        // A separate object, because nodes that outlive the pass must not hold the list.
        Object walk = new Object();
        root.enter(walk);
        // The list grows while it is traversed: inputs of the nodes found are appended.
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
            throw new AutogradException(
                    "backward: the graph at " + node.operation() + " with output " + node.shape() + " "
                            + node.ended()
                            + "; a graph can be used only once: compute the result again, or add up several losses and"
                            + " call backward() on the sum");
        }
        for (Node.Step step : node.steps()) {
            step.saved().checkUnchanged();
        }
    }

    private static void pass(Node node, Tensor dy) {
        if (node.retained() != null) {
            gradient(node.retained()).accumulate(dy);
        }
        for (Node.Step step : node.steps()) {
            Targets targets = new Targets(step.edges(), dy);
            try (Scope temporaries = Scope.open()) {
                @Nullable Tensor[] gradients = gradients(step, dy, targets);
                for (int i = 0; i < step.edges().length; i++) {
                    if (targets.wanted(i)) {
                        deliver(node, step.edges()[i], targets.destination(i), gradients[i]);
                    }
                }
            }
        }
    }

    private static @Nullable Tensor[] gradients(Node.Step step, Tensor dy, Targets targets) {
        return targets.areZero() ? targets.zeros() : step.rule().gradients(dy, step.saved(), targets);
    }

    /**
     * @param edge        the edge to the input of the gradient
     * @param destination the edge where the gradient goes, past gates and reshapes that were already applied
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
            deliver(destination, view(gradient, destination.shape()));
        }
    }

    private static void deliver(Node.Edge edge, Tensor gradient) {
        if (edge.leaf() != null) {
            gradient(edge.leaf()).accumulate(gradient);
            return;
        }
        Node target = Objects.requireNonNull(edge.node());
        Tensor before = target.arrived();
        if (before == null) {
            target.setArrived(share(gradient));
        } else if (!storage(before).isShared()) {
            before.addInPlace(1, gradient);
        } else {
            Tensor sum = before.add(gradient);
            target.setArrived(share(sum));
            before.close();
        }
    }
}
