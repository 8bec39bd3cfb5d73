package dev.striate.autograd;

import static dev.striate.internal.Internals.adopt;
import static dev.striate.internal.Internals.gradient;

import dev.striate.Device;
import dev.striate.ScopedResource;
import dev.striate.Shape;
import dev.striate.Tensor;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A recorded operation. Its edges lead to the nodes that computed its inputs, or to leaves, the tensors that receive
 * gradients. A node does not hold its output, so the graph keeps no memory alive except saved tensors.
 */
public final class Node extends ScopedResource {

    private static final AtomicLong NEXT = new AtomicLong();

    private final long order = NEXT.getAndIncrement();
    private final String operation;
    private final Device device;
    private final Shape shape;
    private Step[] steps;
    private @Nullable String ended;
    private @Nullable Tensor retained;
    private @Nullable Object visitor;
    private @Nullable Tensor arrived;

    Node(String operation, Tensor output, Step[] steps) {
        this.operation = operation;
        this.device = output.device();
        this.shape = output.shape();
        this.steps = steps;
        adopt(this);
    }

    /** The destination of a gradient: the node that computed the input, a leaf, or nothing. */
    record Edge(@Nullable Node node, @Nullable Tensor leaf) {

        static final Edge NONE = new Edge(null, null);

        static Edge to(Tensor input) {
            Node node = gradient(input).node();
            return node == null ? new Edge(null, input) : new Edge(node, null);
        }

        boolean wanted() {
            return node != null || leaf != null;
        }

        /** The shape of the input. Only for inputs that need a gradient. */
        Shape shape() {
            return node != null ? node.shape : Objects.requireNonNull(leaf).shape();
        }

        /** The device of the input. Only for inputs that need a gradient. */
        Device device() {
            return node != null ? node.device : Objects.requireNonNull(leaf).device();
        }
    }

    /** A known property of a rule that the backward pass can use. */
    enum Kind {
        /** None. */
        ANY,
        /** The gradient of the only input is that of the output where the saved tensor is above 0, and 0 elsewhere. */
        GATE,
        /** The gradient of the only input is that of the output in another shape. */
        VIEW
    }

    /** A rule, the inputs whose gradients it computes, and its saved tensors. */
    record Step(Kind kind, Edge[] edges, JointGradientRule rule, Saved saved) {}

    /** The name of the operation. */
    public String operation() {
        return operation;
    }

    /** The shape of the output and of its gradient. */
    public Shape shape() {
        return shape;
    }

    /** Makes the backward pass store the gradient of this node in {@code output}. */
    public void retainGrad(Tensor output) {
        retained = output;
    }

    @Nullable
    Tensor retained() {
        return retained;
    }

    /** Later operations have higher numbers, so the backward pass visits nodes in descending order. */
    long order() {
        return order;
    }

    Step[] steps() {
        return steps;
    }

    /** Whether a backward pass visits this node for the first time. Stored here, so that no map of nodes is needed. */
    boolean enter(Object walk) {
        boolean first = visitor != walk;
        visitor = walk;
        return first;
    }

    /** The sum of the gradients that have arrived in the current pass, or null. The pass closes it. */
    @Nullable
    Tensor arrived() {
        return arrived;
    }

    void setArrived(@Nullable Tensor gradient) {
        arrived = gradient;
    }

    /** The reason why this node can no longer be used, or null if it can. */
    @Nullable
    String ended() {
        return ended;
    }

    /** Releases the saved tensors. */
    void end(String reason) {
        if (ended == null) {
            ended = reason;
            for (Step step : steps) {
                step.saved().close();
            }
            // Otherwise a tensor that is still in use would keep the whole graph alive.
            steps = Recorder.NO_STEPS;
        }
    }

    @Override
    public void close() {
        end("was recorded in a Scope that has been closed");
    }
}
