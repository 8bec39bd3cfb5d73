package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.GatherGeometry;
import dev.striate.backend.GatherKernels;
import dev.striate.backend.IndexBuffer;
import java.util.Arrays;

/**
 * Selects elements along an axis. For the gradient, the threads share the lines along the axis: each element of the
 * gradient belongs to one thread, which adds in the order of the indices.
 */
final class CpuGather implements GatherKernels {

    private final CpuThreads threads;

    CpuGather(CpuContext context) {
        this.threads = context.threads();
    }

    @Override
    public void forward(GatherGeometry g, Buffer x, IndexBuffer indices, Buffer y) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(y);
        int[] index = CpuIndexBuffer.of(indices).array;
        int inner = g.axis().inner();
        int rows = g.axis().outer() * g.count();
        threads.forRange(rows, rows * (inner + 4L), (from, to) -> {
            for (int row = from; row < to; row++) {
                int source = in.offset + row / g.count() * g.axis().size() * inner;
                int target = out.offset + row * inner;
                if (g.shared()) {
                    System.arraycopy(in.array, source + index[row % g.count()] * inner, out.array, target, inner);
                } else {
                    for (int i = 0; i < inner; i++) {
                        out.array[target + i] = in.array[source + index[row * inner + i] * inner + i];
                    }
                }
            }
        });
    }

    @Override
    public void gradient(GatherGeometry g, Buffer dy, IndexBuffer indices, Buffer dx) {
        CpuBuffer in = CpuBuffer.of(dy);
        CpuBuffer out = CpuBuffer.of(dx);
        int[] index = CpuIndexBuffer.of(indices).array;
        int inner = g.axis().inner();
        int lines = g.axis().outer() * inner;
        threads.forRange(lines, lines * (g.axis().size() / 4L + 2L * g.count()), (from, to) -> {
            for (int line = from, width; line < to; line += width) {
                width = Math.min(inner - line % inner, to - line);
                addLines(g, line / inner, line % inner, width, index, in, out);
            }
        });
    }

    /** The gradient of {@code width} lines side by side, the first at {@code (outer, *, first)}. */
    private static void addLines(
            GatherGeometry g, int outer, int first, int width, int[] index, CpuBuffer dy, CpuBuffer dx) {
        int inner = g.axis().inner();
        int size = g.axis().size();
        int target = dx.offset + outer * size * inner + first;
        if (width == inner) {
            Arrays.fill(dx.array, target, target + size * inner, 0f);
        } else {
            for (int i = 0; i < size; i++) {
                Arrays.fill(dx.array, target + i * inner, target + i * inner + width, 0f);
            }
        }
        for (int j = 0; j < g.count(); j++) {
            int row = (outer * g.count() + j) * inner + first;
            for (int i = 0; i < width; i++) {
                int place = index[g.shared() ? j : row + i];
                dx.array[target + place * inner + i] += dy.array[dy.offset + row + i];
            }
        }
    }
}
