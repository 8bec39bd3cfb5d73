package dev.striate.backend.opencl;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Kernels that are tuned together, of one source or several. */
enum OpenClFamily {
    MATMUL("matmul", "matmul_pack") {
        @Override
        boolean fits(Map<OpenClParameter, Integer> values, Limits limits) {
            return tilesFit(
                    OpenClParameter.MATMUL_SMALL_TILE,
                    OpenClParameter.MATMUL_LARGE_TILE,
                    OpenClParameter.MATMUL_TILE_K,
                    values,
                    limits);
        }
    },
    CONV2D("conv2d", "conv2d_direct", "conv2d_pieces", "conv2d_channels", "conv2d_layout") {
        @Override
        boolean fits(Map<OpenClParameter, Integer> values, Limits limits) {
            return tilesFit(
                    OpenClParameter.CONV2D_SMALL_TILE,
                    OpenClParameter.CONV2D_LARGE_TILE,
                    OpenClParameter.CONV2D_TILE_K,
                    values,
                    limits);
        }
    },
    /** All kernels with a work-item per element or vector; one of them stands for all. */
    ELEMENTS("binary") {
        @Override
        boolean fits(Map<OpenClParameter, Integer> values, Limits limits) {
            return values.getOrDefault(OpenClParameter.ELEMENTS_GROUP, 1) <= limits.groupItems;
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
    abstract boolean fits(Map<OpenClParameter, Integer> values, Limits limits);

    /** The parameters of one shape. */
    List<OpenClParameter> parameters(KernelShape shape) {
        return Arrays.stream(OpenClParameter.values())
                .filter(each -> each.family() == this && each.shape() == shape)
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
    private static boolean tilesFit(
            OpenClParameter small,
            OpenClParameter large,
            OpenClParameter tileK,
            Map<OpenClParameter, Integer> values,
            Limits limits) {
        if (!values.containsKey(large)) {
            return true;
        }
        int least = Objects.requireNonNull(values.get(small));
        int most = Objects.requireNonNull(values.get(large));
        int depth = Objects.requireNonNull(values.get(tileK));
        boolean fit = least <= most;
        for (int side = most; side >= least; side /= 2) {
            OpenClTuning.Tile tile = OpenClTuning.Tile.square(side);
            fit &= (long) tile.rowItems() * tile.columnItems() <= limits.groupItems
                    && 2L * Float.BYTES * depth * (side + 4) <= limits.localBytes;
        }
        return fit;
    }
}
