package dev.striate.bench.common;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** A table in Markdown, its first column aligned to the left and the others to the right. */
public final class Table {

    private static final String[] FIGURES = {"ms", "GFLOP/s", "of peak", "GB/s", "images/s"};

    private final StringBuilder text = new StringBuilder();

    public Table(Object... heads) {
        text.append('\n');
        row(heads).text.append("|---|").append("---:|".repeat(heads.length - 1)).append('\n');
    }

    public Table row(Object... cells) {
        text.append('|');
        Arrays.stream(cells).forEach(cell -> text.append(' ').append(cell).append(" |"));
        text.append('\n');
        return this;
    }

    @Override
    public String toString() {
        return text.toString();
    }

    public static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    /** Returns nothing for a figure that has no meaning or was not measured. */
    public static String figure(String pattern, double value) {
        return value > 0 && Double.isFinite(value) ? format(pattern, value) : "";
    }

    public static String millis(double seconds) {
        return figure("%.4g", 1e3 * seconds);
    }

    /** Returns the headings of a table of speeds: the first column, the figures of a call, and others. */
    public static Object[] heads(String first, Object... others) {
        return cells(first, FIGURES, others);
    }

    /**
     * Returns the cells of such a table.
     *
     * @param peak FLOP/s, or NaN
     */
    public static Object[] cells(String first, Cost cost, double seconds, double peak, Object... others) {
        double speed = cost.flops() / seconds;
        Object[] figures = {
            millis(seconds),
            figure("%.1f", speed / 1e9),
            figure("%.0f %%", 100 * speed / peak),
            figure("%.1f", cost.bytes() / seconds / 1e9),
            figure("%,.0f", cost.images() / seconds)
        };
        return cells(first, figures, others);
    }

    private static Object[] cells(String first, Object[] figures, Object[] others) {
        return Stream.of(new Object[] {first}, figures, others)
                .flatMap(Arrays::stream)
                .toArray();
    }

    public static String facts(Map<String, String> facts) {
        StringBuilder list = new StringBuilder();
        facts.forEach((name, value) -> list.append(format("- %s: %s%n", name, value)));
        return list.toString();
    }

    /** Returns the rows of a run on the given sides besides Striate, and the comparison of their results. */
    public static String measured(List<Measured> rows, double peak, List<String> peers) {
        Table table = new Table(heads(
                "work",
                peers.stream()
                        .flatMap(peer -> Stream.of(peer + ", ms", "of peak", "ratio"))
                        .toArray()));
        for (Measured row : rows) {
            table.row(cells(
                    row.failure() == null ? row.name() : row.name() + ", failed: " + row.failure(),
                    row.cost(),
                    row.seconds(Measured.STRIATE),
                    peak,
                    peers.stream()
                            .flatMap(peer -> Stream.of(
                                    millis(row.seconds(peer)),
                                    figure("%.0f %%", 100 * row.cost().flops() / row.seconds(peer) / peak),
                                    figure("%.2f", row.ratio(peer))))
                            .toArray()));
        }
        if (peers.isEmpty()) {
            return table.toString();
        }
        Table checks = checks();
        rows.forEach(row -> row.checks().forEach(check -> checks.check(row.name(), check)));
        return table + "\nA ratio is the other side's time divided by Striate's: above 1, Striate is faster.\n"
                + checks;
    }

    /** Returns a table for {@link #check}. */
    public static Table checks() {
        return new Table("same work: result", "Striate", "other side", "difference", "allowed");
    }

    /** Adds the comparison of a result of both sides. */
    public Table check(String row, Check check) {
        return row(
                row + ": " + check.name(),
                format("%.6f", check.striate()),
                format("%.6f", check.peer()),
                format("%.1e", check.difference()),
                format("%.1e%s", check.allowed(), check.holds() ? "" : ", **exceeded**"));
    }

    /** Prints a result that differs more than rounding explains. */
    public static void printIfWrong(String row, Check check) {
        if (!check.holds()) {
            System.err.println(format(
                    "not the same work: %s: %s differ by %.2e, rounding explains %.2e",
                    row, check.name(), check.difference(), check.allowed()));
        }
    }
}
