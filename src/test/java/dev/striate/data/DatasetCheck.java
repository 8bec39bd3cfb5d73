package dev.striate.data;

import static org.junit.jupiter.api.Assertions.assertTrue;

/** The properties of every data set that was read. */
final class DatasetCheck {

    private DatasetCheck() {}

    static void check(Splits splits) {
        check(splits.train());
        check(splits.test());
    }

    private static void check(Dataset images) {
        float[] values = new float[images.imageShape().elements()];
        for (int i = 0; i < images.size(); i++) {
            int label = images.label(i);
            assertTrue(label >= 0 && label < images.classes(), "label " + label);
            images.read(i, values, 0);
            for (float value : values) {
                assertTrue(value >= 0 && value <= 1, "value " + value);
            }
        }
    }
}
