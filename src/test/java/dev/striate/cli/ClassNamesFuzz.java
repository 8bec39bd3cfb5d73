package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.Shape;
import dev.striate.data.Dataset;
import dev.striate.fuzz.FuzzTarget;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** The classes of a model, one per line, then an empty line, then those of a data set with one image of each. */
public final class ClassNamesFuzz implements FuzzTarget {

    @Override
    public void run(byte[] input) {
        String[] lists = new String(input, StandardCharsets.UTF_8).split("\n\n", 2);
        List<String> known = List.of(lists[0].split("\n"));
        OneImageEach images = new OneImageEach(List.of(lists[lists.length - 1].split("\n")));
        Dataset matched = ClassNames.match(images, known, Path.of("model.safetensors"));
        assertEquals(known, matched.classNames());
        for (int i = 0; i < images.size(); i++) {
            assertEquals(images.classNames().get(i), known.get(matched.label(i)));
        }
    }

    private record OneImageEach(List<String> classNames) implements Dataset {

        @Override
        public int size() {
            return classNames.size();
        }

        @Override
        public Shape imageShape() {
            return Shape.of(1, 1, 1);
        }

        @Override
        public int classes() {
            return classNames.size();
        }

        @Override
        public void read(int index, float[] target, int offset) {
            target[offset] = index;
        }

        @Override
        public int label(int index) {
            return index;
        }
    }
}
