package dev.striate.backend;

/** Functions of two elements, with broadcasting. */
public interface BinaryKernels {

    /**
     * {@code y = f(a, b)}.
     *
     * @param loop a nest over the elements of {@code y}, dense in their order; operand 0 walks {@code a}, operand 1 walks
     *             {@code b}, with stride 0 along what is broadcast
     */
    void forward(BinaryFunction f, StridedLoop loop, Buffer a, Buffer b, Buffer y);

    /** {@code into += alpha x}, {@code n} elements each. */
    void accumulate(int n, float alpha, Buffer x, Buffer into);
}
