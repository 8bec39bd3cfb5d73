package dev.striate.backend;

/** Element-wise functions of two operands, with broadcasting. */
public interface BinaryKernels {

    /**
     * {@code y = f(a, b)}.
     *
     * @param loop a nest over the elements of {@code y} in dense order; operand 0 is {@code a}, operand 1 is {@code b},
     *     with stride 0 along broadcast axes
     */
    void forward(BinaryFunction f, StridedLoop loop, Buffer a, Buffer b, Buffer y);

    /** {@code y = condition != 0 ? a : b}, {@code n} elements each. */
    void where(int n, Buffer condition, Buffer a, Buffer b, Buffer y);

    /** {@code into += alpha x}, {@code n} elements each. */
    void accumulate(int n, float alpha, Buffer x, Buffer into);
}
