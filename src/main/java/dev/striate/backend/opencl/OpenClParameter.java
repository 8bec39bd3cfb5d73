package dev.striate.backend.opencl;

import static dev.striate.backend.opencl.KernelShape.TILED;
import static dev.striate.backend.opencl.KernelShape.VECTOR;

import java.util.Arrays;
import java.util.List;

/**
 * What is set per device when kernels are built, one line each: the family, the shape that has it, its default and what
 * a search tries besides. Every kernel of the family's sources is built with a macro of its {@link #macro name};
 * launchers ask for those that decide how much a work-item does. What a device must have for it stands in {@link
 * OpenClFamily#fits}.
 */
enum OpenClParameter {

    /** Side of the square tile of a product that has few of them. */
    MATMUL_SMALL_TILE(OpenClFamily.MATMUL, TILED, 32, 16, 64),
    /** The same where many remain; powers of two between the two are taken where fewer do. */
    MATMUL_LARGE_TILE(OpenClFamily.MATMUL, TILED, 128, 32, 64),
    /** Terms of the sum per step through local memory. */
    MATMUL_TILE_K(OpenClFamily.MATMUL, TILED, 16, 8, 32),
    /** Rows that one work-item computes at most, a power of two. */
    MATMUL_MOST_ROWS(OpenClFamily.MATMUL, VECTOR, 8, 4, 16),

    CONV2D_SMALL_TILE(OpenClFamily.CONV2D, TILED, 32, 16, 64),
    CONV2D_LARGE_TILE(OpenClFamily.CONV2D, TILED, 128, 32, 64),
    CONV2D_TILE_K(OpenClFamily.CONV2D, TILED, 16, 8, 32),
    CONV2D_MOST_ROWS(OpenClFamily.CONV2D, VECTOR, 8, 4, 16),
    /** Scratch memory for copied planes at a time: what is copied is used while it is in the cache. */
    CONV2D_PACKED_KIB(OpenClFamily.CONV2D, VECTOR, 16384, 1024, 4096),

    /** Work-items per group where each works alone on a small piece. */
    ELEMENTS_GROUP(OpenClFamily.ELEMENTS, TILED, 64, 32, 128, 256);

    private final OpenClFamily family;
    private final KernelShape shape;
    private final int initial;
    private final List<Integer> others;

    OpenClParameter(OpenClFamily family, KernelShape shape, int initial, Integer... others) {
        this.family = family;
        this.shape = shape;
        this.initial = initial;
        this.others = List.of(others);
    }

    OpenClFamily family() {
        return family;
    }

    KernelShape shape() {
        return shape;
    }

    /** What devices have that nothing better is known of. */
    int initial() {
        return initial;
    }

    boolean allows(int value) {
        return value == initial || others.contains(value);
    }

    /** All allowed values, the default first. */
    List<Integer> choices() {
        Integer[] all = new Integer[others.size() + 1];
        Arrays.setAll(all, i -> i == 0 ? initial : others.get(i - 1));
        return List.of(all);
    }

    /** {@code TILE_K}: the name without the family's. */
    String macro() {
        return name().substring(family.name().length() + 1);
    }
}
