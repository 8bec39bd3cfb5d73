package dev.striate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.fuzz.FuzzTarget;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Two shapes of the sizes that the input's halves hold, four bytes each, and the shape that both broadcast to. */
public final class ShapeFuzz implements FuzzTarget {

    @Override
    public void run(byte[] input) {
        int[] sizes = new int[input.length / Integer.BYTES];
        ByteBuffer.wrap(input).asIntBuffer().get(sizes);
        Shape a = shape(Arrays.copyOf(sizes, sizes.length / 2));
        Shape b = shape(Arrays.copyOfRange(sizes, sizes.length / 2, sizes.length));
        Shape both = Shape.broadcast("fuzz", a, b);
        assertTrue(both.elements() == 0 || both.elements() >= Math.max(a.elements(), b.elements()));
        assertTrue(both.elements() == 0 || a.elements() > 0 && b.elements() > 0);
        assertEquals(both, Shape.broadcast("fuzz", b, a));
        assertEquals(both.rank(), a.broadcastStrides(both).length);
    }

    private static Shape shape(int[] sizes) {
        Shape shape = Shape.of(sizes);
        BigInteger elements = BigInteger.ONE;
        // What a 0 hides is limited too.
        BigInteger extent = BigInteger.ONE;
        for (int size : sizes) {
            assertTrue(size >= 0);
            elements = elements.multiply(BigInteger.valueOf(size));
            extent = extent.multiply(BigInteger.valueOf(Math.max(1, size)));
        }
        assertEquals(elements, BigInteger.valueOf(shape.elements()));
        assertTrue(extent.bitLength() < Integer.SIZE);
        return shape;
    }
}
