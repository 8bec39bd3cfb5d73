package dev.striate.backend;

/** Moving elements: permute, slice, concatenate, pad and expand are all a strided copy. */
public interface CopyKernels {

    /** Sets all elements of {@code target}. */
    void fill(float value, Buffer target);

    /**
     * Copies element by element; no element of {@code target} is written twice, the rest of it stays as it is.
     *
     * @param loop         operand 0 walks {@code source}, operand 1 walks {@code target}
     * @param sourceOffset where operand 0 starts
     * @param targetOffset where operand 1 starts
     */
    void copy(StridedLoop loop, int sourceOffset, Buffer source, int targetOffset, Buffer target);
}
