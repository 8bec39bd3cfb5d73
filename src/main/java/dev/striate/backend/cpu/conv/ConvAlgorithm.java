package dev.striate.backend.cpu.conv;

import dev.striate.backend.Conv2dGeometry;

/**
 * One way to compute a convolution, its input gradient or its weight gradient. What {@link #fits} and {@link #nanos}
 * return may depend on the geometry and the processor, but not on the number of threads.
 *
 * @param <O> the operands: {@link Pass} or {@link WeightPass}
 */
interface ConvAlgorithm<O> {

    /** The name by which tests force it. */
    String name();

    /** Whether it computes such convolutions correctly and within reasonable memory. */
    boolean fits(Conv2dGeometry g);

    /** An estimate, by {@link dev.striate.backend.cpu.Speeds}, of the nanoseconds that it takes on one thread. */
    double nanos(Conv2dGeometry g);

    /** Computes the result. Only where it {@link #fits}. */
    void run(Conv2dGeometry g, O operands);
}
