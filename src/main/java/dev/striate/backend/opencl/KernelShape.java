package dev.striate.backend.opencl;

/** How a kernel is cut for a kind of hardware; every kernel family is built for one of these. */
public enum KernelShape {
    /** Work-groups that share tiles and partial sums through local memory, with barriers: for GPUs and accelerators. */
    TILED,
    /** Independent work-items on wide vectors, without local memory or barriers: for CPU devices. */
    VECTOR
}
