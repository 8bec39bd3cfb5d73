package dev.striate.backend.opencl;

import dev.striate.backend.StridedLoop;
import java.lang.ref.Cleaner;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_context;
import org.jocl.cl_mem;

/**
 * Loop nests as kernels read them: the sizes, then the strides of each operand, in constant memory. The most recently
 * used tables are kept, so that a training loop uploads each once.
 */
final class OpenClNests {

    private static final Cleaner CLEANER = Cleaner.create();
    private static final int CAPACITY = 1024;
    private static final int UNROLLED = 4;

    private final cl_context context;
    private final Map<StridedLoop, Table> tables = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<StridedLoop, Table> eldest) {
            return size() > CAPACITY;
        }
    };

    OpenClNests(cl_context context) {
        this.context = context;
    }

    /**
     * A nest's table. Freed when nobody holds it any more: one that was evicted may still be about to be launched with.
     */
    record Table(cl_mem memory) implements OpenClMemory {}

    /** What a program is built with to know a shallow nest's depth: its loops unroll. Deeper ones share a build. */
    static List<String> macros(StridedLoop nest) {
        return nest.depth() <= UNROLLED ? List.of("LOOPS=" + nest.depth()) : List.of();
    }

    synchronized Table table(StridedLoop nest) {
        return tables.computeIfAbsent(nest, this::upload);
    }

    private Table upload(StridedLoop nest) {
        int depth = nest.depth();
        // An empty buffer cannot be made, so a nest without loops gets one unused element.
        int[] values = new int[Math.max(1, depth * (1 + nest.operands()))];
        for (int loop = 0; loop < depth; loop++) {
            values[loop] = nest.size(loop);
            for (int operand = 0; operand < nest.operands(); operand++) {
                values[depth * (1 + operand) + loop] = nest.stride(operand, loop);
            }
        }
        cl_mem memory = CL.clCreateBuffer(
                context,
                CL.CL_MEM_READ_ONLY | CL.CL_MEM_COPY_HOST_PTR,
                (long) Integer.BYTES * values.length,
                Pointer.to(values),
                null);
        Table table = new Table(memory);
        CLEANER.register(table, () -> CL.clReleaseMemObject(memory));
        return table;
    }
}
