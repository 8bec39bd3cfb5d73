package dev.striate.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Shape;
import dev.striate.StriateException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MixTest {

    private static final int SIZE = 1003;
    private static final int BATCH = 10;
    private static final int CHANNELS = 2;
    private static final int HEIGHT = 7;
    private static final int WIDTH = 9;
    private static final int PLANE = HEIGHT * WIDTH;
    private static final Shape IMAGE = Shape.of(CHANNELS, HEIGHT, WIDTH);

    /** Against the formula, with the unmixed batch as the operand, so that no image is read after it was mixed. */
    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void mixupBlendsImages(int depth) {
        List<Batch> plain = all(labelled());
        List<Batch> mixed = all(labelled().prefetch(depth).mix(Mix.mixup(1)));
        assertEquals(plain.size(), mixed.size());
        Set<Float> shares = new HashSet<>();
        for (int b = 0; b < plain.size(); b++) {
            int[] partners = partners(plain.get(b), mixed.get(b));
            float share = mixed.get(b).labelMix().share();
            shares.add(share);
            assertArrayEquals(
                    blend(plain.get(b).images(), partners, share), mixed.get(b).images());
        }
        assertEquals(plain.size(), shares.size());
    }

    @Test
    void cutMixPastesABox() {
        List<Batch> plain = all(labelled());
        List<Batch> mixed = all(labelled().mix(Mix.cutMix(1)));
        int clipped = 0;
        int whole = 0;
        for (int b = 0; b < plain.size(); b++) {
            int[] partners = partners(plain.get(b), mixed.get(b));
            boolean[] own = own(plain.get(b), mixed.get(b), partners);
            int[] box = box(own);
            int height = box[2] - box[0];
            int width = box[3] - box[1];
            float share = mixed.get(b).labelMix().share();
            assertEquals((float) (1 - (double) (height * width) / PLANE), share);
            // Sides are even, unless an edge of the image cuts them.
            boolean touches = box[0] == 0 || box[1] == 0 || box[2] == HEIGHT || box[3] == WIDTH;
            assertTrue(touches || (height % 2 == 0 && width % 2 == 0), Arrays.toString(box));
            clipped += touches && height * width > 0 ? 1 : 0;
            whole += !touches ? 1 : 0;
            assertArrayEquals(
                    paste(plain.get(b).images(), partners, own), mixed.get(b).images());
        }
        assertTrue(clipped > 2 && whole > 2, clipped + " boxes are clipped, " + whole + " are whole");
    }

    /** The same draws as {@link Mix#cutMix} makes, and the box by its definition. */
    @Test
    void theBoxHasTheSidesAndTheCentreThatWereDrawn() {
        Shape shape = Shape.of(2, 1, 64, 48);
        int plane = 64 * 48;
        for (int batch = 0; batch < 500; batch++) {
            Draws draws = new Draws(5, 0, batch);
            double side = Math.sqrt(1 - SymmetricBeta.draw(1, draws));
            int y = draws.below(64);
            int x = draws.below(48);
            int[] partners = draws.permutation(2);
            float[] values = new float[2 * plane];
            Arrays.fill(values, plane, 2 * plane, 1);
            Mix.Mixed mixed = Mix.cutMix(1).apply(values, shape, null, null, new Draws(5, 0, batch));
            assertArrayEquals(partners, mixed.partners());
            int pasted = 0;
            for (int i = 0; i < plane; i++) {
                int row = i / 48;
                int column = i % 48;
                boolean inside = row >= y - Math.floor(side * 32)
                        && row < y + Math.floor(side * 32)
                        && column >= x - Math.floor(side * 24)
                        && column < x + Math.floor(side * 24);
                pasted += inside ? 1 : 0;
                assertEquals(inside && partners[0] == 1 ? 1 : 0, values[i]);
                assertEquals(inside && partners[0] == 1 ? 0 : 1, values[plane + i]);
            }
            assertEquals((float) (1 - (double) pasted / plane), mixed.share());
        }
    }

    @Test
    void partnersAreARandomPermutation() {
        int[] fixed = new int[BATCH];
        int batches = 0;
        for (int epoch = 0; epoch < 10; epoch++) {
            List<Batch> plain = all(labelled().epoch(epoch));
            List<Batch> mixed = all(labelled().epoch(epoch).mix(Mix.mixup(1)));
            for (int b = 0; b < SIZE / BATCH; b++) {
                int[] partners = partners(plain.get(b), mixed.get(b));
                for (int i = 0; i < BATCH; i++) {
                    fixed[i] += partners[i] == i ? 1 : 0;
                }
                batches++;
            }
        }
        for (int count : fixed) {
            assertEquals(batches / 10.0, count, 6 * Math.sqrt(batches * 0.1 * 0.9));
        }
    }

    @Test
    void eitherUsesBothEquallyOften() {
        Mix mix = Mix.either(Mix.mixup(1), Mix.cutMix(1));
        float[] values = new float[4 * PLANE];
        int blended = 0;
        for (int batch = 0; batch < 2000; batch++) {
            for (int i = 0; i < values.length; i++) {
                values[i] = Math.floorDiv(i, PLANE);
            }
            mix.apply(values, Shape.of(4, 1, HEIGHT, WIDTH), null, null, new Draws(8, 2, batch));
            boolean fractions = false;
            for (float value : values) {
                fractions |= value != (int) value;
            }
            blended += fractions ? 1 : 0;
        }
        // Blending is seen unless all four images are their own partners.
        double probability = 0.5 * 23 / 24;
        assertEquals(2000 * probability, blended, 6 * Math.sqrt(2000 * probability * (1 - probability)));
    }

    @Test
    void targetsAreMixedLikeTheImages() {
        for (Shape target : List.of(
                Shape.SCALAR,
                Shape.of(4),
                Shape.of(3, HEIGHT, WIDTH),
                Shape.of(HEIGHT, WIDTH),
                Shape.of(1, 3, 3),
                Shape.of(1, HEIGHT, 3),
                Shape.of(1, 3, WIDTH))) {
            boolean mask = target.equals(Shape.of(3, HEIGHT, WIDTH));
            List<Batch> plain = all(targeted(target));
            List<Batch> labels = all(labelled().mix(Mix.cutMix(1)));
            List<Batch> cut = all(targeted(target).mix(Mix.cutMix(1)));
            for (int b = 0; b < plain.size(); b++) {
                assertNull(cut.get(b).labelMix());
                assertArrayEquals(labels.get(b).images(), cut.get(b).images());
                int[] partners = partners(plain.get(b), labels.get(b));
                float share = labels.get(b).labelMix().share();
                float[] targets = plain.get(b).targets();
                assertArrayEquals(
                        mask
                                ? paste(targets, partners, own(plain.get(b), cut.get(b), partners))
                                : blend(targets, partners, share),
                        cut.get(b).targets());
            }
            labels = all(labelled().mix(Mix.mixup(0.5f)));
            List<Batch> blended = all(targeted(target).mix(Mix.mixup(0.5f)));
            for (int b = 0; b < plain.size(); b++) {
                int[] partners = partners(plain.get(b), labels.get(b));
                assertArrayEquals(labels.get(b).images(), blended.get(b).images());
                assertArrayEquals(
                        blend(
                                plain.get(b).targets(),
                                partners,
                                labels.get(b).labelMix().share()),
                        blended.get(b).targets());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5})
    void dependsOnSeedEpochAndBatchOnly(int depth) {
        Mix mix = Mix.either(Mix.mixup(0.2f), Mix.cutMix(1));
        List<Batch> whole = all(labelled().epoch(2).prefetch(2).mix(mix));
        for (int first : new int[] {0, 1, 7, 100}) {
            List<Batch> rest = new ArrayList<>();
            DataLoader loader = labelled().epoch(2).prefetch(depth).mix(Mix.either(Mix.mixup(0.2f), Mix.cutMix(1)));
            // Closed batches lend their memory to later ones.
            loader.iterator(first).forEachRemaining(batch -> {
                rest.add(new Batch(
                        batch.images().clone(), batch.shape(), batch.labels(), batch.indices(), batch.labelMix()));
                batch.close();
            });
            assertEquals(whole.size() - first, rest.size());
            for (int b = 0; b < rest.size(); b++) {
                Batch expected = whole.get(first + b);
                Batch batch = rest.get(b);
                assertArrayEquals(expected.images(), batch.images());
                assertArrayEquals(expected.labels(), batch.labels());
                assertArrayEquals(expected.labelMix().labels(), batch.labelMix().labels());
                assertEquals(expected.labelMix().share(), batch.labelMix().share());
            }
        }
        Set<Float> shares = shares(labelled());
        assertEquals(101, shares.size());
        assertTrue(Collections.disjoint(shares, shares(labelled().epoch(1))));
        assertTrue(Collections.disjoint(shares, shares(labelled().shuffle(6))));
    }

    @Test
    void evaluationAndOtherLoadersDoNotMix() {
        DataLoader loader = labelled().mix(Mix.mixup(1));
        for (DataLoader plain : List.of(
                labelled(), loader.forEvaluation(), labelled().mix(Mix.mixup(1)).mix(null))) {
            for (Batch batch : plain) {
                assertNull(batch.labelMix());
                for (int i = 0; i < batch.size(); i++) {
                    assertEquals(value(batch.indices()[i], 0), batch.images()[i * CHANNELS * PLANE]);
                }
            }
        }
        // The epoch under way is mixed as it was when it started.
        DataLoader.Epoch epoch = loader.prefetch(0).iterator();
        loader.mix(null);
        assertTrue(epoch.next().labelMix() != null);
    }

    @Test
    void mixesAfterTheTransforms() {
        List<Batch> plain = all(labelled().transform(new RandomCrop(2)));
        List<Batch> mixed = all(labelled().transform(new RandomCrop(2)).mix(Mix.mixup(1)));
        for (int b = 0; b < plain.size(); b++) {
            assertArrayEquals(
                    blend(
                            plain.get(b).images(),
                            partners(plain.get(b), mixed.get(b)),
                            mixed.get(b).labelMix().share()),
                    mixed.get(b).images());
        }
    }

    @Test
    void anAlphaIsFiniteAndAboveZero() {
        for (float alpha : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
            assertEquals(
                    "Mix.mixup: expected a finite alpha above 0, got " + alpha,
                    assertThrows(StriateException.class, () -> Mix.mixup(alpha)).getMessage());
            assertEquals(
                    "Mix.cutMix: expected a finite alpha above 0, got " + alpha,
                    assertThrows(StriateException.class, () -> Mix.cutMix(alpha))
                            .getMessage());
        }
    }

    private static DataLoader labelled() {
        return DataLoader.of((Dataset) new Distinct(SIZE, Shape.SCALAR), BATCH).shuffle(5);
    }

    private static DataLoader targeted(Shape target) {
        return DataLoader.of((TargetDataset) new Distinct(SIZE, target), BATCH).shuffle(5);
    }

    private static List<Batch> all(DataLoader loader) {
        List<Batch> batches = new ArrayList<>();
        loader.forEach(batches::add);
        return batches;
    }

    private static Set<Float> shares(DataLoader loader) {
        Set<Float> shares = new HashSet<>();
        for (Batch batch : loader.mix(Mix.mixup(1))) {
            shares.add(batch.labelMix().share());
        }
        return shares;
    }

    /** The positions in the batch of the partners, which labels tell: each image is a class of its own. */
    private static int[] partners(Batch plain, Batch mixed) {
        assertArrayEquals(plain.indices(), mixed.indices());
        assertArrayEquals(plain.indices(), mixed.labels());
        List<Integer> indices = Arrays.stream(plain.indices()).boxed().toList();
        int[] partners =
                Arrays.stream(mixed.labelMix().labels()).map(indices::indexOf).toArray();
        assertArrayEquals(
                IntStream.range(0, plain.size()).toArray(),
                Arrays.stream(partners).sorted().toArray());
        return partners;
    }

    private static float[] blend(float[] values, int[] partners, float share) {
        float[] blended = values.clone();
        int elements = values.length / partners.length;
        for (int i = 0; i < values.length; i++) {
            int partner = partners[i / elements];
            if (partner != i / elements) {
                blended[i] = share * values[i] + (1 - share) * values[partner * elements + i % elements];
            }
        }
        return blended;
    }

    private static float[] paste(float[] values, int[] partners, boolean[] own) {
        float[] pasted = values.clone();
        int elements = values.length / partners.length;
        for (int i = 0; i < values.length; i++) {
            if (!own[i % PLANE]) {
                pasted[i] = values[partners[i / elements] * elements + i % elements];
            }
        }
        return pasted;
    }

    /** The pixels that the first image with another partner kept. */
    private static boolean[] own(Batch plain, Batch mixed, int[] partners) {
        boolean[] own = new boolean[PLANE];
        Arrays.fill(own, true);
        for (int i = 0; i < partners.length; i++) {
            if (partners[i] != i) {
                for (int k = 0; k < PLANE; k++) {
                    int place = i * CHANNELS * PLANE + k;
                    own[k] = plain.images()[place] == mixed.images()[place];
                }
                break;
            }
        }
        return own;
    }

    /** Top, left, bottom and right of the pixels that are not an image's own, which must be a box. */
    private static int[] box(boolean[] own) {
        int[] box = {HEIGHT, WIDTH, 0, 0};
        int count = 0;
        for (int k = 0; k < PLANE; k++) {
            if (!own[k]) {
                box[0] = Math.min(box[0], k / WIDTH);
                box[1] = Math.min(box[1], k % WIDTH);
                box[2] = Math.max(box[2], k / WIDTH + 1);
                box[3] = Math.max(box[3], k % WIDTH + 1);
                count++;
            }
        }
        if (count == 0) {
            return new int[4];
        }
        assertEquals((box[2] - box[0]) * (box[3] - box[1]), count);
        return box;
    }

    private static float value(int index, int k) {
        return index + k / 1024f;
    }

    /** Images that all differ in each pixel, each a class of its own, and with targets. */
    private record Distinct(int size, Shape targetShape) implements Dataset, TargetDataset {

        @Override
        public Shape imageShape() {
            return IMAGE;
        }

        @Override
        public int classes() {
            return size;
        }

        @Override
        public List<String> classNames() {
            return IntStream.range(0, size).mapToObj(i -> "class " + i).toList();
        }

        @Override
        public void read(int index, float[] target, int offset) {
            for (int k = 0; k < IMAGE.elements(); k++) {
                target[offset + k] = value(index, k);
            }
        }

        @Override
        public int label(int index) {
            return index;
        }

        @Override
        public void readTarget(int index, float[] target, int offset) {
            for (int k = 0; k < targetShape.elements(); k++) {
                target[offset + k] = -value(index, k);
            }
        }
    }
}
