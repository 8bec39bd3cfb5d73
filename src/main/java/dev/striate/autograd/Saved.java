package dev.striate.autograd;

import static dev.striate.internal.Internals.share;
import static dev.striate.internal.Internals.storage;

import dev.striate.AutogradException;
import dev.striate.IntTensor;
import dev.striate.Tensor;

/**
 * The tensors that an operation saved for its gradient rule. Their memory is kept even if they are closed, and changes
 * in place are detected.
 */
public final class Saved {

    private final String operation;
    private final Tensor[] tensors;
    private final int[] versions;
    private final IntTensor[] integers;

    Saved(String operation, Tensor[] tensors, IntTensor[] integers) {
        this.operation = operation;
        this.tensors = tensors.length == 0 ? tensors : new Tensor[tensors.length];
        this.versions = new int[tensors.length];
        for (int i = 0; i < tensors.length; i++) {
            this.tensors[i] = share(tensors[i]);
            this.versions[i] = storage(tensors[i]).version();
        }
        this.integers = integers.length == 0 ? integers : new IntTensor[integers.length];
        for (int i = 0; i < integers.length; i++) {
            this.integers[i] = share(integers[i]);
        }
    }

    /** Returns the i-th saved tensor as a handle outside of the graph. */
    public Tensor get(int i) {
        return tensors[i];
    }

    /** Returns the i-th saved integer tensor. */
    public IntTensor integers(int i) {
        return integers[i];
    }

    void checkUnchanged() {
        for (int i = 0; i < tensors.length; i++) {
            if (storage(tensors[i]).version() != versions[i]) {
                throw new AutogradException("backward: " + operation + " needs the values of a tensor of shape "
                        + tensors[i].shape()
                        + " that was changed in place since (for example by an optimiser's step, assign or fill);"
                        + " call backward() before changing it");
            }
        }
    }

    void close() {
        for (Tensor tensor : tensors) {
            tensor.close();
        }
        for (IntTensor tensor : integers) {
            tensor.close();
        }
    }
}
