package dev.striate.backend.cpu.simd;

/** Tiles of dot products without vectors. */
final class ScalarDotTiles implements DotTiles {

    /** Four lanes at a time: every vector has so many or a multiple. */
    @Override
    public void tile(
            int tileRows,
            int positions,
            float[] dy,
            int dyOffset,
            int rows,
            int rowStep,
            float[] x,
            int xOffset,
            int[] starts,
            int firstStart,
            float[] sums,
            int at) {
        int lanes = lanes();
        int taps = tileTaps(tileRows);
        for (int sum = 0; sum < tileRows * taps; sum++) {
            int row = dyOffset + Math.min(sum / taps, rows - 1) * rowStep;
            int tap = xOffset + starts[firstStart + sum % taps];
            for (int lane = 0; lane < lanes; lane += 4) {
                float c0 = 0;
                float c1 = 0;
                float c2 = 0;
                float c3 = 0;
                for (int i = lane; i < positions; i += lanes) {
                    c0 = Lanes.fma(dy[row + i], x[tap + i], c0);
                    c1 = Lanes.fma(dy[row + i + 1], x[tap + i + 1], c1);
                    c2 = Lanes.fma(dy[row + i + 2], x[tap + i + 2], c2);
                    c3 = Lanes.fma(dy[row + i + 3], x[tap + i + 3], c3);
                }
                int to = at + sum * lanes + lane;
                sums[to] += c0;
                sums[to + 1] += c1;
                sums[to + 2] += c2;
                sums[to + 3] += c3;
            }
        }
    }
}
