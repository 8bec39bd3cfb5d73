package dev.striate.backend;

/**
 * Selects elements along an axis. {@code index(o, j, i)} is the index of an element of the result; if the indices are
 * shared, it is {@code indices[j]}. All indices are valid: from 0 to size-1.
 */
public interface GatherKernels {

    /** {@code y[o, j, i] = x[o, index(o, j, i), i]}. */
    void forward(GatherGeometry g, Buffer x, IndexBuffer indices, Buffer y);

    /** {@code dx[o, s, i]} is the sum of {@code dy[o, j, i]} over all j with {@code index(o, j, i) = s}, or 0. */
    void gradient(GatherGeometry g, Buffer dy, IndexBuffer indices, Buffer dx);
}
