package dev.striate.nn;

import dev.striate.Shape;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A network as a table.
 *
 * @param title      the network's kind
 * @param input      the input's shape, batch included
 * @param rows       the modules in the order in which the input passes them, containers before their parts
 * @param parameters how many numbers are trained, all together
 */
public record Summary(String title, Shape input, List<Row> rows, long parameters) {

    private static final String[] HEADINGS =
            {"Layer", "Type", "Output shape", "Parameters", "Multiply-adds", "Field", "Jump", "Centre"};

    private static final int FIELD_COLUMN = 5;

    /** Columns of text are on the left, those of numbers on the right. */
    private static final int TEXT_COLUMNS = 3;

    /**
     * One module.
     *
     * @param name         its dotted name, empty for the whole network
     * @param type         its kind and sizes
     * @param output       its output's shape, batch included
     * @param parameters   how many numbers of its own are trained, those of its parts and those of an earlier row excepted
     * @param multiplyAdds how many multiplications by weights, each with its addition, it does per image, its parts excepted
     * @param field        what the units of its output see of the network's input, null where it cannot be told
     */
    public record Row(
            String name, String type, Shape output, long parameters, long multiplyAdds, @Nullable ReceptiveField field) {}

    public Summary {
        rows = List.copyOf(rows);
    }

    /** How many multiplications by weights, each with its addition, are done per image. */
    public long multiplyAdds() {
        return rows.stream().mapToLong(Row::multiplyAdds).sum();
    }

    /** The table with aligned columns, a line per row, no line break at the end; without the receptive fields. */
    @Override
    public String toString() {
        return table(FIELD_COLUMN);
    }

    /**
     * The table with receptive fields, of images only: size, jump and the first unit's centre in pixels, as rows x columns where
     * these differ.
     */
    public String withReceptiveFields() {
        return table(HEADINGS.length);
    }

    private String table(int columns) {
        List<String[]> lines = new ArrayList<>();
        lines.add(HEADINGS);
        lines.add(new String[] {"(input)", "", input.toString(), "", "", "", "", ""});
        for (Row row : rows) {
            // Only images have a next unit.
            boolean grid = row.output.rank() == 4;
            lines.add(new String[] {row.name, row.type, row.output.toString(), grouped(row.parameters), grouped(row.multiplyAdds),
                axes(row.field, ReceptiveField.Axis::pixels), grid ? axes(row.field, ReceptiveField.Axis::jump) : "",
                grid ? axes(row.field, ReceptiveField.Axis::center) : ""});
        }
        lines.add(new String[] {"Total", title, "", grouped(parameters), grouped(multiplyAdds()), "", "", ""});
        int[] widths = new int[columns];
        for (String[] line : lines) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], line[i].length());
            }
        }
        String format = IntStream.range(0, widths.length)
                .mapToObj(i -> "%" + (i < TEXT_COLUMNS ? "-" : "") + widths[i] + "s")
                .collect(Collectors.joining("  "));
        String rule = "-".repeat(Arrays.stream(widths).sum() + 2 * (widths.length - 1));
        List<String> text = new ArrayList<>();
        lines.forEach(line -> text.add(String.format(format, (Object[]) line).stripTrailing()));
        text.add(1, rule);
        text.add(text.size() - 1, rule);
        return String.join("\n", text);
    }

    private static String grouped(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }

    /** One number where both axes have the same, nothing where they are not known. */
    private static String axes(@Nullable ReceptiveField field, ToDoubleFunction<ReceptiveField.Axis> value) {
        if (field == null) {
            return "";
        }
        String height = number(value.applyAsDouble(field.height()));
        String width = number(value.applyAsDouble(field.width()));
        return height.equals(width) ? height : height + " x " + width;
    }

    private static String number(double value) {
        return new BigDecimal(value, new MathContext(4)).stripTrailingZeros().toPlainString();
    }
}
