package dev.striate.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.io.Image;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TransformTest {

    private static final float GUARD = -1;

    @Test
    void normalizeIsPerChannel() {
        float[] images = {GUARD, 1, 2, 3, 4, GUARD};
        new Normalize(new float[] {1, 3}, new float[] {2, 0.5f}).apply(images, 1, Shape.of(2, 1, 2), draws(0));
        assertArrayEquals(new float[] {GUARD, 0, 0.5f, 0, 2, GUARD}, images);
    }

    @Test
    void aPictureIsNormalizedInOneCall() {
        Image picture = new Image(new byte[] {0, 51, (byte) 255, 102, 0, 0}, Shape.of(3, 1, 2));
        try (Tensor batch = new Normalize(new float[] {0, 1, 0}, new float[] {0.5f, 1, 1})
                        .toTensor(picture, Device.reference());
                Tensor plain = picture.toTensor(Device.reference())) {
            assertEquals(Shape.of(1, 3, 1, 2), batch.shape());
            assertArrayEquals(new float[] {0, 0.4f, 0, -0.6f, 0, 0}, batch.toFloatArray(), 1e-7f);
            assertEquals(Shape.of(1, 3, 1, 2), plain.shape());
            assertArrayEquals(new float[] {0, 0.2f, 1, 0.4f, 0, 0}, plain.toFloatArray(), 1e-7f);
        }
    }

    @Test
    void normalizeRejectsWhatDoesNotFit() {
        assertThrows(StriateException.class, () -> new Normalize(new float[2], new float[] {1}));
        assertThrows(StriateException.class, () -> new Normalize(0, 0));
        assertThrows(StriateException.class, () -> new Normalize(0, Float.NaN));
        assertThrows(StriateException.class, () -> new Normalize(0, Float.POSITIVE_INFINITY));
        assertEquals(
                "Normalize: means are finite, got [NaN]",
                assertThrows(StriateException.class, () -> new Normalize(Float.NaN, 1))
                        .getMessage());
        assertThrows(StriateException.class, () -> new Normalize(Float.NEGATIVE_INFINITY, 1));
        ShapeException e = assertThrows(
                ShapeException.class, () -> new Normalize(0, 1).apply(new float[3], 0, Shape.of(3, 1, 1), draws(0)));
        assertEquals("Normalize: has 1 means, the image (3, 1, 1) has 3 channels", e.getMessage());
    }

    @Test
    void flipMirrorsEachRow() {
        float[] images = {GUARD, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, GUARD};
        new RandomHorizontalFlip(1).apply(images, 1, Shape.of(2, 2, 3), draws(0));
        assertArrayEquals(new float[] {GUARD, 3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10, GUARD}, images);
        float[] even = {1, 2, 3, 4};
        new RandomHorizontalFlip(1).apply(even, 0, Shape.of(1, 1, 4), draws(0));
        assertArrayEquals(new float[] {4, 3, 2, 1}, even);
        new RandomHorizontalFlip(0).apply(even, 0, Shape.of(1, 1, 4), draws(0));
        assertArrayEquals(new float[] {4, 3, 2, 1}, even);
    }

    @Test
    void flipHappensAsOftenAsAsked() {
        int flipped = 0;
        for (int i = 0; i < 10_000; i++) {
            float[] image = {0, 1};
            new RandomHorizontalFlip(0.25f).apply(image, 0, Shape.of(1, 1, 2), draws(i));
            flipped += (int) image[0];
        }
        // Four standard deviations, sqrt(10000 * 0.25 * 0.75) = 43.3 each.
        assertEquals(2500, flipped, 174);
    }

    /** Against the definition: pad, then cut. */
    @Test
    void cropIsAPartOfThePaddedImage() {
        int channels = 2;
        int height = 3;
        int width = 4;
        for (int down = -5; down <= 5; down++) {
            for (int right = -5; right <= 5; right++) {
                float[] image = new float[channels * height * width + 2];
                float[] expected = new float[image.length];
                image[0] = expected[0] = GUARD;
                image[image.length - 1] = expected[image.length - 1] = GUARD;
                for (int i = 0; i < channels * height * width; i++) {
                    int channel = i / (height * width);
                    int row = i / width % height;
                    int column = i % width;
                    image[1 + i] = value(channel, row, column, height, width);
                    expected[1 + i] = value(channel, row + down, column + right, height, width);
                }
                RandomCrop.crop(image, 1, Shape.of(channels, height, width), down, right);
                assertArrayEquals(expected, image, "down " + down + ", right " + right);
            }
        }
    }

    /** Nearly every shift by so much leaves nothing of an image. */
    @Test
    void theWidestCropShiftsWithoutOverflow() {
        for (int i = 0; i < 100; i++) {
            float[] image = {GUARD, 1, 2, 3, 4, GUARD};
            new RandomCrop((1 << 30) - 1).apply(image, 1, Shape.of(1, 2, 2), draws(i));
            assertArrayEquals(new float[] {GUARD, 0, 0, 0, 0, GUARD}, image);
        }
    }

    private static float value(int channel, int row, int column, int height, int width) {
        return row < 0 || row >= height || column < 0 || column >= width
                ? 0
                : 1 + (channel * height + row) * width + column;
    }

    @Test
    void cropMeetsEveryShiftAndMovesAllChannelsAlike() {
        Set<Integer> places = new HashSet<>();
        for (int i = 0; i < 400; i++) {
            float[] images = new float[50];
            images[12] = 1;
            images[25 + 12] = 2;
            new RandomCrop(2).apply(images, 0, Shape.of(2, 5, 5), draws(i));
            int place = 0;
            while (images[place] != 1) {
                place++;
            }
            assertEquals(2, images[25 + place]);
            places.add(place);
        }
        assertEquals(25, places.size());
    }

    @Test
    void settingsOutOfRangeAreRejected() {
        assertThrows(StriateException.class, () -> new RandomCrop(-1));
        assertEquals(
                "RandomCrop: a padding is in 0 .. 1073741823, got 1073741824",
                assertThrows(StriateException.class, () -> new RandomCrop(1 << 30))
                        .getMessage());
        assertThrows(StriateException.class, () -> new RandomHorizontalFlip(1.5f));
        assertThrows(StriateException.class, () -> new RandomHorizontalFlip(Float.NaN));
    }

    @Test
    void onlyAugmentationIsRandom() {
        assertTrue(new RandomCrop(1).isRandom());
        assertTrue(new RandomHorizontalFlip(0.5f).isRandom());
        assertEquals(false, new Normalize(0, 1).isRandom());
    }

    private static Draws draws(int index) {
        return new Draws(7, 0, index);
    }
}
