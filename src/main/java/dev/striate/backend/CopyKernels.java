package dev.striate.backend;

/** Fills and strided copies, for permute, slice, concat, pad and expand. */
public interface CopyKernels {

    /** Sets all elements of {@code target}. */
    void fill(float value, Buffer target);

    /**
     * Copies elements. No element of {@code target} is written twice, and the other elements do not change.
     *
     * @param loop         operand 0 is {@code source}, operand 1 is {@code target}
     * @param sourceOffset the start of operand 0
     * @param targetOffset the start of operand 1
     */
    void copy(StridedLoop loop, int sourceOffset, Buffer source, int targetOffset, Buffer target);
}
