package dev.striate.nn;

import dev.striate.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Collects a row for each module that the shape rules pass, in the order in which they are entered. */
final class SummaryTrace {

    private final BiFunction<Module, Shape, Summary.Row> toRow;
    private final List<Summary.@Nullable Row> rows = new ArrayList<>();

    SummaryTrace(BiFunction<Module, Shape, Summary.Row> toRow) {
        this.toRow = toRow;
    }

    /** Keeps a row for a module whose output is not known yet. */
    int enter() {
        rows.add(null);
        return rows.size() - 1;
    }

    void leave(int row, Module module, Shape output) {
        rows.set(row, toRow.apply(module, output));
    }

    /** All rows; the first, the whole module's, only where nothing else would stand there. */
    List<Summary.Row> rows() {
        List<Summary.Row> all = rows.stream().map(Objects::requireNonNull).toList();
        return all.size() > 1 && all.get(0).parameters() == 0 ? all.subList(1, all.size()) : all;
    }
}
