package dev.striate.io;

import dev.striate.Shape;
import dev.striate.disk.PrintableText;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The description of a tensor in the header of a {@linkplain Safetensors safetensors file}. It may be a tensor that
 * cannot be read as a {@link dev.striate.Tensor}: of an unsupported type, without elements, or with 2^31 elements or
 * more.
 *
 * @param type  the name of the numbers' type, such as {@code F32}
 * @param shape the sizes along the axes, outermost first; a size may be 0
 * @param begin the offset of the tensor's first byte in bytes, counted from the end of the header
 * @param end   the offset after its last byte
 */
public record SafetensorsEntry(String type, List<Long> shape, long begin, long end) {

    public SafetensorsEntry {
        shape = List.copyOf(shape);
    }

    /** @throws ArithmeticException if the number exceeds 2^63 - 1 */
    long elements() {
        long elements = isEmpty() ? 0 : 1;
        for (int axis = 0; axis < shape.size() && elements > 0; axis++) {
            elements = Math.multiplyExact(elements, shape.get(axis));
        }
        return elements;
    }

    boolean isEmpty() {
        return shape.contains(0L);
    }

    /** Returns the type of the numbers, or null if it is not supported. */
    @Nullable
    NumberType numberType() {
        return NumberType.named(type);
    }

    /** Returns the reason why this cannot be read as a tensor, or null if it can. */
    @Nullable
    String obstacle() {
        String what = "is of type " + PrintableText.excerpt(type) + " and shape " + shapeText();
        return numberType() == null
                ? what + "; the types that can be read are " + List.of(NumberType.values())
                : fits() ? null : what + "; a tensor has fewer than 2^31 elements";
    }

    /** Returns whether {@link Shape} allows these sizes. */
    private boolean fits() {
        long extent = 1;
        for (long size : shape) {
            if (size > Integer.MAX_VALUE) {
                return false;
            }
            extent *= Math.max(1, size);
            if (extent > Integer.MAX_VALUE) {
                return false;
            }
        }
        return true;
    }

    /** Returns the shape of a tensor without an {@link #obstacle}. */
    Shape tensorShape() {
        return Shape.of(shape.stream().mapToInt(Math::toIntExact).toArray());
    }

    boolean hasShape(Shape wanted) {
        return shapeText().equals(wanted.toString());
    }

    /** Returns the shape in the form of {@link Shape#toString()}. */
    String shapeText() {
        return shape.stream().map(String::valueOf).collect(Collectors.joining(", ", "(", ")"));
    }
}
