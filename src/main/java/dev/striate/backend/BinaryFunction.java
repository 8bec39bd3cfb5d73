package dev.striate.backend;

/** An element-wise function of two operands. */
public enum BinaryFunction {
    /** {@code a + b}. */
    ADD,
    /** {@code a - b}. */
    SUB,
    /** {@code a b}. */
    MUL,
    /** {@code a / b}. */
    DIV,
    /** The larger one; NaN if either is NaN. */
    MAXIMUM,
    /** The smaller one; NaN if either is NaN. */
    MINIMUM,
    /** {@link UnaryFunction#pow a^b}. */
    POW,
    /** 1 if {@code a == b}, otherwise 0. */
    EQUAL,
    /** 1 if {@code a < b}, otherwise 0. */
    LESS,
    /** 1 if {@code a <= b}, otherwise 0. */
    LESS_OR_EQUAL
}
