package dev.striate.nn;

import dev.striate.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A network as a table.
 *
 * @param title      the network's kind
 * @param input      the input's shape, batch included
 * @param rows       the modules in the order in which the input passes them, containers before their parts
 * @param parameters how many numbers are trained, all together
 */
public record Summary(String title, Shape input, List<Row> rows, long parameters) {

    /**
     * One module.
     *
     * @param name       its dotted name, empty for the whole network
     * @param type       its kind and sizes
     * @param output     its output's shape, batch included
     * @param parameters how many numbers of its own are trained, those of its parts and those counted in an earlier row excepted
     */
    public record Row(String name, String type, Shape output, long parameters) {}

    public Summary {
        rows = List.copyOf(rows);
    }

    /** The table with aligned columns, a line per row, no line break at the end. */
    @Override
    public String toString() {
        List<String[]> lines = new ArrayList<>();
        lines.add(new String[] {"Layer", "Type", "Output shape", "Parameters"});
        lines.add(new String[] {"(input)", "", input.toString(), ""});
        for (Row row : rows) {
            lines.add(new String[] {row.name, row.type, row.output.toString(), grouped(row.parameters)});
        }
        lines.add(new String[] {"Total", title, "", grouped(parameters)});
        int[] widths = new int[4];
        for (String[] line : lines) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line[i].length());
            }
        }
        String rule = "-".repeat(widths[0] + widths[1] + widths[2] + widths[3] + 6);
        String format = "%-" + widths[0] + "s  %-" + widths[1] + "s  %-" + widths[2] + "s  %" + widths[3] + "s";
        List<String> text = new ArrayList<>();
        lines.forEach(line -> text.add(String.format(format, (Object[]) line).stripTrailing()));
        text.add(1, rule);
        text.add(text.size() - 1, rule);
        return String.join("\n", text);
    }

    private static String grouped(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }
}
