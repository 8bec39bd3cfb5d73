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
 * A table of the blocks of a network.
 *
 * @param title      the type of the network
 * @param input      the shape of the input, batch included
 * @param rows       the blocks in order of computation, containers before their parts
 * @param parameters the total number of trained values
 */
public record Summary(String title, Shape input, List<Row> rows, long parameters) {

    private static final String[] HEADINGS = {
        "Layer", "Type", "Output shape", "Parameters", "Multiply-adds", "Field", "Stride", "Centre"
    };

    private static final int FIELD_COLUMN = 5;

    /** The first columns contain text, the others numbers. */
    private static final int TEXT_COLUMNS = 3;

    /**
     * A block.
     *
     * @param name         the dotted name, empty for the whole network
     * @param type         the type and sizes
     * @param output       the shape of the output, batch included
     * @param parameters   the number of trained values, without those of its parts and of earlier rows
     * @param multiplyAdds the number of multiply-adds with weights per image, without those of its parts
     * @param field        the receptive field of the output, or null if it is unknown
     */
    public record Row(
            String name,
            String type,
            Shape output,
            long parameters,
            long multiplyAdds,
            @Nullable ReceptiveField field) {}

    public Summary {
        rows = List.copyOf(rows);
    }

    /** Returns the total number of multiply-adds with weights per image. */
    public long multiplyAdds() {
        return rows.stream().mapToLong(Row::multiplyAdds).sum();
    }

    /** Returns the table as text with aligned columns, without receptive fields and without a final line break. */
    @Override
    public String toString() {
        return table(FIELD_COLUMN);
    }

    /**
     * Returns the table as text with the receptive fields of layers whose output is images: size, stride (the distance
     * between neighbouring fields) and centre of the first field in pixels, written as rows x columns if these differ.
     */
    public String withReceptiveFields() {
        return table(HEADINGS.length);
    }

    private String table(int columns) {
        List<String[]> lines = new ArrayList<>();
        lines.add(HEADINGS);
        lines.add(new String[] {"(input)", "", input.toString(), "", "", "", "", ""});
        for (Row row : rows) {
            // The distance to the next unit exists for images only.
            boolean grid = row.output.rank() == 4;
            lines.add(new String[] {
                row.name,
                row.type,
                row.output.toString(),
                grouped(row.parameters),
                grouped(row.multiplyAdds),
                axes(row.field, ReceptiveField.Axis::pixels),
                grid ? axes(row.field, ReceptiveField.Axis::jump) : "",
                grid ? axes(row.field, ReceptiveField.Axis::center) : ""
            });
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

    /** One number if both axes are equal, and an empty text if the field is unknown. */
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
