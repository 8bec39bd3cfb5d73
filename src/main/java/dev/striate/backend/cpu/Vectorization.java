package dev.striate.backend.cpu;

/** Which inner loops a {@link CpuBackend} runs. */
public enum Vectorization {
    /** The Vector API where it can be used, scalar loops of the same bits before it is compiled; else plain Java. */
    BEST,
    /** The Vector API from the first call on; opening fails where it cannot be used. */
    VECTOR_API,
    /** Plain Java, everywhere. */
    PLAIN
}
