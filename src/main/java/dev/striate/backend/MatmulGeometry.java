package dev.striate.backend;

/**
 * A batch of matrix products {@code C = op(A) op(B)}, all matrices dense and row-major.
 *
 * @param batch      loops over the products, {@code C} dense in their order; operand 0 moves {@code A}, operand 1 {@code B}, in
 *                   elements, with stride 0 where one matrix serves several products
 * @param m          rows of {@code C}
 * @param n          columns of {@code C}
 * @param k          the length summed over
 * @param transposeA whether {@code A} is stored as k by m rather than m by k
 * @param transposeB whether {@code B} is stored as n by k rather than k by n
 */
public record MatmulGeometry(StridedLoop batch, int m, int n, int k, boolean transposeA, boolean transposeB) {}
