package dev.striate.data;

import dev.striate.Shape;
import java.util.List;

/** Images of 1x2x3 pixels that tell their index: pixel i of image n is {@code 10 n + i}. Its class is n mod 3. */
record CountingImages(int size) implements Dataset {

    @Override
    public Shape imageShape() {
        return Shape.of(1, 2, 3);
    }

    @Override
    public int classes() {
        return 3;
    }

    @Override
    public List<String> classNames() {
        return List.of("a", "b", "c");
    }

    @Override
    public void read(int index, float[] target, int offset) {
        for (int i = 0; i < 6; i++) {
            target[offset + i] = 10 * index + i;
        }
    }

    @Override
    public int label(int index) {
        return index % 3;
    }
}
