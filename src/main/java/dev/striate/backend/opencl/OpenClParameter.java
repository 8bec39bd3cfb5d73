package dev.striate.backend.opencl;

import java.util.List;

/**
 * What is set per device when kernels are built, one line each: the family, and for either shape the default followed
 * by the values that a search tries besides; no values where the shape does not have it. Every kernel of the family's
 * sources is built with a macro of its {@link #macro name}, and launchers ask for those that decide how much a
 * work-item does. What a device must have for it stands in {@link OpenClFamily#fits}.
 */
enum OpenClParameter {

    /** Side of the square tile of a product that has few of them. */
    MATMUL_SMALL_TILE(OpenClFamily.MATMUL, List.of(32, 16, 64), List.of()),
    /** The same where many remain; powers of two between the two are taken where fewer do. */
    MATMUL_LARGE_TILE(OpenClFamily.MATMUL, List.of(128, 32, 64), List.of(64, 32, 128)),
    /** Terms of the sum per step through local memory or, in the vector shape, through the first cache. */
    MATMUL_TILE_K(OpenClFamily.MATMUL, List.of(16, 8, 32), List.of(64, 32, 128)),

    /** Rows of a block of sums in registers in the vector shape. */
    MATMUL_BLOCK_ROWS(OpenClFamily.MATMUL, List.of(), List.of(4, 8)),

    CONV2D_SMALL_TILE(OpenClFamily.CONV2D, List.of(32, 16, 64), List.of()),
    CONV2D_LARGE_TILE(OpenClFamily.CONV2D, List.of(128, 32, 64), List.of(64, 32, 128)),
    CONV2D_TILE_K(OpenClFamily.CONV2D, List.of(16, 8, 32), List.of(64, 32, 128)),
    CONV2D_BLOCK_ROWS(OpenClFamily.CONV2D, List.of(), List.of(4, 8)),
    /** Work-groups that a weight gradient is split into, about: enough for any device. */
    CONV2D_SPLIT_GROUPS(OpenClFamily.CONV2D, List.of(1024, 256, 512, 2048), List.of(64, 16, 256)),
    /** Pixels that a split of a weight gradient has at least. */
    CONV2D_SPLIT_PIXELS(OpenClFamily.CONV2D, List.of(256, 128, 512), List.of(256, 1024)),
    /** Channels of the result per group up to which {@code conv2d_direct.cl} computes them: they hardly fill a tile. */
    CONV2D_DIRECT_CHANNELS(OpenClFamily.CONV2D, List.of(8, 0, 4, 16), List.of(0)),
    /** Work-items of a group there. */
    CONV2D_DIRECT_ITEMS(OpenClFamily.CONV2D, List.of(64, 32, 128), List.of()),
    /** Pixels of which a work-item there computes all channels. */
    CONV2D_DIRECT_PIXELS(OpenClFamily.CONV2D, List.of(2, 1, 4), List.of()),
    /** Weights of a channel that are in local memory there at a time. */
    CONV2D_DIRECT_K(OpenClFamily.CONV2D, List.of(128, 64), List.of()),
    /** Weights of a channel of which a work-item there computes the gradients at most. */
    CONV2D_DIRECT_COLUMNS(OpenClFamily.CONV2D, List.of(10, 6), List.of()),
    /** Sums that it has there at most: what registers hold beside the places they are read from. */
    CONV2D_DIRECT_SUMS(OpenClFamily.CONV2D, List.of(48, 32), List.of()),

    /** Side of the square tiles of both gradients of a small layer. */
    LINEAR_TILE(OpenClFamily.LINEAR, List.of(32, 16, 64), List.of(32, 64)),
    LINEAR_TILE_K(OpenClFamily.LINEAR, List.of(16, 8, 32), List.of(64, 32, 128)),
    LINEAR_BLOCK_ROWS(OpenClFamily.LINEAR, List.of(), List.of(4, 8)),

    /** Work-items that sum or compare together; one where nothing is shared. */
    REDUCE_TEAM(OpenClFamily.REDUCE, List.of(128, 64, 256), List.of(1)),

    /** Pixels of which a work-item computes the gradients; 0 for those of a whole plane, and outputs by rows. */
    POOL_PIXELS(OpenClFamily.POOL, List.of(4, 1, 2), List.of(0, 4)),

    /** Work-items per group where each works alone on a small piece. */
    ELEMENTS_GROUP(OpenClFamily.ELEMENTS, List.of(64, 32, 128, 256), List.of(64, 16, 256));

    private final OpenClFamily family;
    private final List<Integer> tiled;
    private final List<Integer> vector;

    OpenClParameter(OpenClFamily family, List<Integer> tiled, List<Integer> vector) {
        this.family = family;
        this.tiled = tiled;
        this.vector = vector;
    }

    OpenClFamily family() {
        return family;
    }

    /** All allowed values of a shape, the default first; none if the shape does not have the parameter. */
    List<Integer> choices(KernelShape shape) {
        return shape == KernelShape.TILED ? tiled : vector;
    }

    /** {@code TILE_K}: the name without the family's. */
    String macro() {
        return name().substring(family.name().length() + 1);
    }
}
