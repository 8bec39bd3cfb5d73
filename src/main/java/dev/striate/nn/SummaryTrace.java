package dev.striate.nn;

import dev.striate.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Collects the rows of a {@link Summary} while the shape rules run, in the order in which the blocks are entered. It
 * also tracks the receptive field of the current input.
 */
final class SummaryTrace {

    private final RowMaker maker;
    private final List<Summary.@Nullable Row> rows = new ArrayList<>();
    private @Nullable ReceptiveField field;

    /** Creates the row of a block. */
    interface RowMaker {

        Summary.Row row(Block block, Shape input, Shape output, @Nullable ReceptiveField field);
    }

    /** @param input the shape of the network's input; only images {@code (N, C, H, W)} have receptive fields */
    SummaryTrace(Shape input, RowMaker maker) {
        this.maker = maker;
        this.field = input.rank() == 4 ? ReceptiveField.ofInput(input.size(2), input.size(3)) : null;
    }

    /** Reserves a row for a block before its output is known, and returns its index. */
    int enter() {
        rows.add(null);
        return rows.size() - 1;
    }

    void leave(int row, Block block, Shape input, Shape output) {
        rows.set(row, maker.row(block, input, output, field));
    }

    /** Returns the receptive field of the next block's input, or null if it is unknown. */
    @Nullable
    ReceptiveField field() {
        return field;
    }

    void field(@Nullable ReceptiveField next) {
        field = next;
    }

    /**
     * Returns the rows. The first, which is that of the whole block, is omitted if it has no parameters of its own and
     * is not the only row.
     */
    List<Summary.Row> rows() {
        List<Summary.Row> all = rows.stream().map(Objects::requireNonNull).toList();
        return all.size() > 1 && all.get(0).parameters() == 0 ? all.subList(1, all.size()) : all;
    }
}
