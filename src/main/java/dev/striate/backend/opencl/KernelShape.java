package dev.striate.backend.opencl;

/**
 * The form of kernels for a kind of hardware. Kernels are written for GPUs; {@link OpenClParameter} lists what differs
 * on CPU devices, and {@code tile_product.cl} contains a second form of the tiled products.
 */
public enum KernelShape {
    /** Work-groups that share tiles and partial sums through local memory, with barriers: for GPUs and accelerators. */
    TILED,
    /** Work-items that share nothing, without local memory or barriers: for CPU devices. */
    VECTOR
}
