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
    DIV
}
