package dev.striate.nn;

import dev.striate.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Collects a row for each module that the shape rules pass, in the order in which they are entered, and carries the receptive
 * field of the place they are at.
 */
final class SummaryTrace {

    private final RowMaker maker;
    private final List<Summary.@Nullable Row> rows = new ArrayList<>();
    private @Nullable ReceptiveField field;

    /** Makes the row of a module. */
    interface RowMaker {

        Summary.Row row(Module module, Shape input, Shape output, @Nullable ReceptiveField field);
    }

    /** @param input of the network; only images {@code (N, C, H, W)} have receptive fields */
    SummaryTrace(Shape input, RowMaker maker) {
        this.maker = maker;
        this.field = input.rank() == 4 ? ReceptiveField.ofInput(input.size(2), input.size(3)) : null;
    }

    /** Keeps a row for a module whose output is not known yet. */
    int enter() {
        rows.add(null);
        return rows.size() - 1;
    }

    void leave(int row, Module module, Shape input, Shape output) {
        rows.set(row, maker.row(module, input, output, field));
    }

    /** What the units see that the next module gets, null where it cannot be told. */
    @Nullable ReceptiveField field() {
        return field;
    }

    void field(@Nullable ReceptiveField next) {
        field = next;
    }

    /** All rows; the first, the whole module's, only where nothing else would stand there. */
    List<Summary.Row> rows() {
        List<Summary.Row> all = rows.stream().map(Objects::requireNonNull).toList();
        return all.size() > 1 && all.get(0).parameters() == 0 ? all.subList(1, all.size()) : all;
    }
}
