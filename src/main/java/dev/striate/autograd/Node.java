package dev.striate.autograd;

import dev.striate.Scope;
import dev.striate.ScopedResource;
import dev.striate.Shape;
import dev.striate.Tensor;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One recorded operation. Its inputs are edges to the nodes that made them, or to leaves, the tensors whose gradients are wanted;
 * its output is not held, so that the graph alone keeps no memory but what was saved.
 */
public final class Node extends ScopedResource {

    private static final AtomicLong NEXT = new AtomicLong();

    private final long order = NEXT.getAndIncrement();
    private final String operation;
    private final Shape shape;
    private Step[] steps;
    private @Nullable String ended;
    private @Nullable Tensor retained;
    private @Nullable Object visitor;
    private @Nullable Tensor arrived;

    Node(String operation, Shape shape, Step[] steps) {
        this.operation = operation;
        this.shape = shape;
        this.steps = steps;
        Scope.adopt(this);
    }

    /** Where a gradient goes: to the node that made the input, to a leaf, or nowhere. */
    record Edge(@Nullable Node node, @Nullable Tensor leaf) {

        static final Edge NONE = new Edge(null, null);

        static Edge to(Tensor input) {
            Node node = input.node();
            return node == null ? new Edge(null, input) : new Edge(node, null);
        }

        boolean wanted() {
            return node != null || leaf != null;
        }

        /** The shape of the input, of one that is wanted. */
        Shape shape() {
            return node != null ? node.shape : Objects.requireNonNull(leaf).shape();
        }
    }

    /** What a walk may know of a rule beyond what it gives. */
    enum Kind {
        /** Nothing. */
        ANY,
        /** The gradient of the only input is that of the output where the saved tensor is above 0, else 0. */
        GATE,
        /** The gradient of the only input is that of the output in another shape. */
        VIEW
    }

    /** A rule, the inputs whose gradients it gives, and what it saved. */
    record Step(Kind kind, Edge[] edges, JointGradientRule rule, Saved saved) {}

    /** The operation's name. */
    public String operation() {
        return operation;
    }

    /** The shape of the output and so of its gradient. */
    public Shape shape() {
        return shape;
    }

    /** Makes the walk leave the gradient that arrives here in {@code output}. */
    public void retainGrad(Tensor output) {
        retained = output;
    }

    @Nullable Tensor retained() {
        return retained;
    }

    /** Later operations have higher numbers, so falling numbers are an order for the reverse walk. */
    long order() {
        return order;
    }

    Step[] steps() {
        return steps;
    }

    /** Whether a walk comes here for the first time. Nodes know this themselves, so that a walk needs no map of them. */
    boolean enter(Object walk) {
        boolean first = visitor != walk;
        visitor = walk;
        return first;
    }

    /** The sum of the gradients that a walk has brought here so far, null if none; the walk closes it. */
    @Nullable Tensor arrived() {
        return arrived;
    }

    void setArrived(@Nullable Tensor gradient) {
        arrived = gradient;
    }

    /** Why this node can no longer be walked, null while it can. */
    @Nullable String ended() {
        return ended;
    }

    /** Lets go of what was saved. */
    void end(String reason) {
        if (ended == null) {
            ended = reason;
            for (Step step : steps) {
                step.saved().close();
            }
            // So that a tensor somebody still holds does not keep the whole graph behind it.
            steps = Recorder.NO_STEPS;
        }
    }

    @Override
    public void close() {
        end("was recorded in a Scope that has been closed");
    }
}
