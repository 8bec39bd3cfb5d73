package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.CopyKernels;
import dev.striate.backend.StridedLoop;
import java.util.Arrays;

/** Strided copies, in runs of the innermost loop. */
final class CpuCopy implements CopyKernels {

    private final CpuThreads threads;

    CpuCopy(CpuContext context) {
        this.threads = context.threads();
    }

    @Override
    public void fill(float value, Buffer target) {
        CpuBuffer out = CpuBuffer.of(target);
        threads.forRange(
                out.length(),
                out.length() / 8L,
                (from, to) -> Arrays.fill(out.array, out.offset + from, out.offset + to, value));
    }

    @Override
    public void copy(StridedLoop loop, int sourceOffset, Buffer source, int targetOffset, Buffer target) {
        CpuBuffer in = CpuBuffer.of(source);
        CpuBuffer out = CpuBuffer.of(target);
        int turns = loop.turns();
        threads.forRange(turns, turns / 2L, (from, to) -> {
            for (Runs runs = new Runs(loop, from, to); runs.next(); ) {
                int read = in.offset + sourceOffset + runs.position(0);
                int write = out.offset + targetOffset + runs.position(1);
                int readStride = runs.stride(0);
                int writeStride = runs.stride(1);
                int length = runs.length();
                if (readStride == 1 && writeStride == 1) {
                    System.arraycopy(in.array, read, out.array, write, length);
                } else {
                    for (int i = 0; i < length; i++) {
                        out.array[write + i * writeStride] = in.array[read + i * readStride];
                    }
                }
            }
        });
    }
}
