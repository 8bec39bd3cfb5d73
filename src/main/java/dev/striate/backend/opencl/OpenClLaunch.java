package dev.striate.backend.opencl;

import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.SparseMatrix;
import dev.striate.backend.StridedLoop;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_event;

/** A kernel and its arguments, collected in the order of its parameters. */
final class OpenClLaunch {

    /**
     * NVIDIA's GPUs count the groups of these dimensions in 16 bits; what its OpenCL makes of more is not documented.
     */
    private static final long MOST_GROUPS = 65_535;

    private final OpenClRuntime runtime;
    private final OpenClPrograms.Kernel kernel;
    private final List<Argument> arguments = new ArrayList<>();

    OpenClLaunch(OpenClRuntime runtime, OpenClPrograms.Kernel kernel) {
        this.runtime = runtime;
        this.kernel = kernel;
    }

    /** @param owner keeps the memory alive until the launch */
    private record Argument(long size, Pointer value, Object owner) {}

    /** Buffers, an argument each. */
    OpenClLaunch buffers(Buffer... buffers) {
        for (Buffer buffer : buffers) {
            memory(OpenClBuffer.of(buffer));
        }
        return this;
    }

    OpenClLaunch indices(IndexBuffer buffer) {
        return memory((OpenClIndexBuffer) buffer);
    }

    /** A nest's table and its depth, two arguments. */
    OpenClLaunch nest(StridedLoop nest) {
        return memory(runtime.tables().table(nest)).ints(nest.depth());
    }

    /** The table of a sparse matrix. */
    OpenClLaunch matrix(SparseMatrix matrix) {
        return memory(runtime.tables().table(matrix));
    }

    private OpenClLaunch memory(OpenClMemory memory) {
        return add(Sizeof.cl_mem, Pointer.to(memory.memory()), memory);
    }

    /** Integers, an argument each. */
    OpenClLaunch ints(int... values) {
        for (int value : values) {
            words(value);
        }
        return this;
    }

    /** One of the records that {@link OpenClStruct} lists. */
    OpenClLaunch struct(Record value) {
        return words(OpenClStruct.words(value));
    }

    private OpenClLaunch words(int... words) {
        return add((long) Integer.BYTES * words.length, Pointer.to(words), words);
    }

    /** Floats, an argument each. */
    OpenClLaunch floats(float... values) {
        for (float value : values) {
            float[] boxed = {value};
            add(Float.BYTES, Pointer.to(boxed), boxed);
        }
        return this;
    }

    /** A {@code ulong}. */
    OpenClLaunch unsignedLong(long value) {
        long[] boxed = {value};
        return add(Long.BYTES, Pointer.to(boxed), boxed);
    }

    private OpenClLaunch add(long size, Pointer value, Object owner) {
        arguments.add(new Argument(size, value, owner));
        return this;
    }

    /** Runs one work-item per element or more; the kernel leaves out those beyond the end. */
    void runItems(int items) {
        int local = runtime.parameters().get(OpenClParameter.ELEMENTS_GROUP);
        run(new long[] {(long) OpenClTuning.ceilDiv(items, local) * local}, new long[] {local});
    }

    /** Runs one work-item per vector of elements. */
    void runVectors(int elements) {
        runItems(OpenClTuning.ceilDiv(elements, OpenClTuning.WIDTH));
    }

    /** Runs groups of work-items that work together. */
    void runTeams(int teams, int team) {
        run(new long[] {(long) teams * team}, new long[] {team});
    }

    /** The same, with groups in three dimensions; their work-items are in the first. */
    void runTeams(int x, int y, int z, int team) {
        run(new long[] {(long) x * team, y, z}, new long[] {team, 1, 1});
    }

    /** Runs the groups of {@code tile.cl}, one per tile of each of {@code products} results. */
    void runTiles(int rows, int columns, int products, OpenClTuning.Tile tile) {
        long x = tile.columnItems();
        long y = tile.rowItems();
        run(
                new long[] {
                    OpenClTuning.ceilDiv(columns, tile.columns()) * x,
                    OpenClTuning.ceilDiv(rows, tile.rows()) * y,
                    products
                },
                new long[] {x, y, 1});
    }

    private void run(long[] global, long[] local) {
        try {
            enqueueInParts(global, local);
        } finally {
            Reference.reachabilityFence(arguments);
        }
    }

    /**
     * The size of a group is always given: some drivers compile anew for each they choose. More groups in the second or
     * third dimension than a GPU can count there are launched in parts; kernels take their places from global ids,
     * which go on.
     */
    private void enqueueInParts(long[] global, long[] local) {
        long[] most = global.clone();
        for (int i = 1; i < most.length; i++) {
            most[i] = Math.min(global[i], MOST_GROUPS * local[i]);
        }
        long[] offset = new long[global.length];
        long[] part = new long[global.length];
        boolean more;
        do {
            for (int i = 0; i < part.length; i++) {
                part[i] = Math.min(most[i], global[i] - offset[i]);
            }
            enqueue(offset, part, local);
            more = false;
            for (int i = 1; i < offset.length && !more; i++) {
                offset[i] += part[i];
                more = offset[i] < global[i];
                offset[i] = more ? offset[i] : 0;
            }
        } while (more);
    }

    private void enqueue(long[] offset, long[] global, long[] local) {
        runtime.enqueue("the launch of " + kernel.title(), () -> {
            // A kernel holds its arguments between calls, so setting them and launching must not be interleaved.
            synchronized (runtime.programs()) {
                for (int i = 0; i < arguments.size(); i++) {
                    Argument argument = arguments.get(i);
                    CL.clSetKernelArg(kernel.handle(), i, argument.size, argument.value);
                }
                cl_event event = runtime.isProfiling() ? new cl_event() : null;
                CL.clEnqueueNDRangeKernel(
                        runtime.queue(), kernel.handle(), global.length, offset, global, local, 0, null, event);
                if (event != null) {
                    runtime.profiled(event);
                }
            }
        });
        runtime.trace().launched(kernel.title());
    }
}
