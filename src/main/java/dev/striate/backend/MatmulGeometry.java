package dev.striate.backend;

/**
 * A batch of matrix products {@code C = op(A) op(B)}, all matrices dense and row-major.
 *
 * @param batch      loops over the products in dense order of {@code C}; operand 0 is {@code A}, operand 1 is {@code
 *     B}, with strides in elements; 0 if several products use the same matrix
 * @param m          rows of {@code C}
 * @param n          columns of {@code C}
 * @param k          the length of the sums
 * @param transposeA whether {@code A} is stored as k by m instead of m by k
 * @param transposeB whether {@code B} is stored as n by k instead of k by n
 */
public record MatmulGeometry(StridedLoop batch, int m, int n, int k, boolean transposeA, boolean transposeB) {}
