package dev.striate.backend.cpu;

/** Which inner loops a {@link CpuBackend} runs. */
public enum Vectorization {
    /** The Vector API where it can be used, else plain Java. */
    BEST,
    /** The Vector API; opening fails where it cannot be used. */
    VECTOR_API,
    /** Plain Java, everywhere. */
    PLAIN
}
