package dev.striate.backend.opencl;

import dev.striate.backend.SparseMatrix;
import dev.striate.backend.StridedLoop;
import java.lang.ref.Cleaner;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_context;
import org.jocl.cl_mem;

/**
 * Loop nests and sparse matrices as kernels read them. The most recently used tables are kept, so that a training loop
 * uploads each once.
 */
final class OpenClTables {

    private static final Cleaner CLEANER = Cleaner.create();
    private static final int CAPACITY = 1024;
    private static final int UNROLLED = 4;

    private final cl_context context;
    private final Map<Object, Table> tables = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Object, Table> eldest) {
            return size() > CAPACITY;
        }
    };

    OpenClTables(cl_context context) {
        this.context = context;
    }

    /**
     * Integers on the device. Freed when nobody holds it any more: one that was evicted may still be about to be launched with.
     */
    record Table(cl_mem memory) implements OpenClMemory {}

    /** What a program is built with to know a shallow nest's depth: its loops unroll. Deeper ones share a build. */
    static List<String> macros(StridedLoop nest) {
        return nest.depth() <= UNROLLED ? List.of("LOOPS=" + nest.depth()) : List.of();
    }

    /** A nest: the sizes, then the strides of each operand. */
    Table table(StridedLoop nest) {
        return table(nest, OpenClTables::words);
    }

    /**
     * A sparse matrix: where the stored elements of each row start and those of the last end, then their columns, then
     * the bits of their values.
     */
    Table table(SparseMatrix matrix) {
        return table(matrix, OpenClTables::words);
    }

    private synchronized <K> Table table(K key, Function<K, int[]> words) {
        return tables.computeIfAbsent(key, absent -> upload(words.apply(key)));
    }

    private static int[] words(StridedLoop nest) {
        int depth = nest.depth();
        // An empty buffer cannot be made, so a nest without loops gets one unused element.
        int[] words = new int[Math.max(1, depth * (1 + nest.operands()))];
        for (int loop = 0; loop < depth; loop++) {
            words[loop] = nest.size(loop);
            for (int operand = 0; operand < nest.operands(); operand++) {
                words[depth * (1 + operand) + loop] = nest.stride(operand, loop);
            }
        }
        return words;
    }

    private static int[] words(SparseMatrix matrix) {
        int elements = matrix.elements();
        int places = matrix.rows() + 1;
        int[] words = new int[places + 2 * elements];
        for (int row = 0; row < places; row++) {
            words[row] = matrix.start(row);
        }
        for (int k = 0; k < elements; k++) {
            words[places + k] = matrix.column(k);
            words[places + elements + k] = Float.floatToRawIntBits(matrix.value(k));
        }
        return words;
    }

    private Table upload(int[] words) {
        cl_mem memory = CL.clCreateBuffer(
                context,
                CL.CL_MEM_READ_ONLY | CL.CL_MEM_COPY_HOST_PTR,
                (long) Integer.BYTES * words.length,
                Pointer.to(words),
                null);
        Table table = new Table(memory);
        CLEANER.register(table, () -> CL.clReleaseMemObject(memory));
        return table;
    }
}
