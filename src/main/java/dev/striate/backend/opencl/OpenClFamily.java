package dev.striate.backend.opencl;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Kernels that are tuned together, of one source or several. */
enum OpenClFamily {
    MATMUL("matmul") {
        @Override
        boolean fits(KernelShape shape, Map<OpenClParameter, Integer> values, Limits limits) {
            return tilesFit(
                    shape,
                    values.getOrDefault(OpenClParameter.MATMUL_SMALL_TILE, 1),
                    get(values, OpenClParameter.MATMUL_LARGE_TILE),
                    get(values, OpenClParameter.MATMUL_TILE_K),
                    limits);
        }
    },
    CONV2D("conv2d", "conv2d_direct") {
        @Override
        boolean fits(KernelShape shape, Map<OpenClParameter, Integer> values, Limits limits) {
            long weights = (long) values.getOrDefault(OpenClParameter.CONV2D_DIRECT_K, 0)
                    * get(values, OpenClParameter.CONV2D_DIRECT_CHANNELS);
            return values.getOrDefault(OpenClParameter.CONV2D_DIRECT_ITEMS, 1) <= limits.groupItems
                    && Float.BYTES * weights <= limits.localBytes
                    && tilesFit(
                            shape,
                            values.getOrDefault(OpenClParameter.CONV2D_SMALL_TILE, 1),
                            get(values, OpenClParameter.CONV2D_LARGE_TILE),
                            get(values, OpenClParameter.CONV2D_TILE_K),
                            limits);
        }
    },
    LINEAR("linear") {
        @Override
        boolean fits(KernelShape shape, Map<OpenClParameter, Integer> values, Limits limits) {
            int side = get(values, OpenClParameter.LINEAR_TILE);
            return tilesFit(shape, side, side, get(values, OpenClParameter.LINEAR_TILE_K), limits);
        }
    },
    /** Kernels in which work-items sum or compare together. */
    REDUCE("reduce", "batch_norm2d", "norm_pool", "cross_entropy", "nll") {
        @Override
        boolean fits(KernelShape shape, Map<OpenClParameter, Integer> values, Limits limits) {
            return get(values, OpenClParameter.REDUCE_TEAM) <= limits.groupItems;
        }
    },
    POOL("max_pool2d", "avg_pool2d", "norm_pool") {
        @Override
        boolean fits(KernelShape shape, Map<OpenClParameter, Integer> values, Limits limits) {
            return true;
        }
    },
    /** All kernels with a work-item per element or vector; one of them stands for all. */
    ELEMENTS("binary") {
        @Override
        boolean fits(KernelShape shape, Map<OpenClParameter, Integer> values, Limits limits) {
            return get(values, OpenClParameter.ELEMENTS_GROUP) <= limits.groupItems;
        }
    };

    private final List<String> stems;
    private volatile @Nullable String sourceKey;

    OpenClFamily(String... stems) {
        this.stems = List.of(stems);
    }

    /**
     * What a device allows.
     *
     * @param groupItems work-items in a group
     * @param localBytes local memory of a group
     */
    record Limits(long groupItems, long localBytes) {}

    /** The names of the source files without {@code .cl}. */
    List<String> stems() {
        return stems;
    }

    /** Whether a device can run kernels built with these values. */
    abstract boolean fits(KernelShape shape, Map<OpenClParameter, Integer> values, Limits limits);

    private static int get(Map<OpenClParameter, Integer> values, OpenClParameter parameter) {
        return Objects.requireNonNull(values.get(parameter));
    }

    /** The parameters of one shape. */
    List<OpenClParameter> parameters(KernelShape shape) {
        return Arrays.stream(OpenClParameter.values())
                .filter(each -> each.family() == this && !each.choices(shape).isEmpty())
                .toList();
    }

    /** Identifies the sources: parameters that were best for one version may not even fit another. */
    String sourceKey() {
        String key = sourceKey;
        if (key == null) {
            key = OpenClProgramCache.key(
                            stems.stream().map(OpenClPrograms::source).toArray(String[]::new))
                    .substring(0, 16);
            sourceKey = key;
        }
        return key;
    }

    /** As files and people call it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * See {@code tile.cl}: work-items share two tiles of tileK rows padded by a vector. Tiles that are not square take
     * less.
     */
    private static boolean tilesFit(KernelShape shape, int small, int large, int tileK, Limits limits) {
        boolean fit = small <= large;
        for (int side = large; shape == KernelShape.TILED && side >= small; side /= 2) {
            OpenClTuning.Tile tile = OpenClTuning.Tile.shared(side, side);
            fit &= (long) tile.rowItems() * tile.columnItems() <= limits.groupItems
                    && 2L * Float.BYTES * tileK * (side + OpenClTuning.WIDTH) <= limits.localBytes;
        }
        return fit;
    }
}
