package dev.striate.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.IntTensor;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataLoaderTest {

    @Test
    void batchesAreSmallerThanTwoToThe31Elements() {
        Dataset images = new CountingImages(400_000_000);
        StriateException e = assertThrows(StriateException.class, () -> DataLoader.of(images, 400_000_000));
        assertTrue(
                e.getMessage().contains("a batch of 400000000 images (1, 2, 3) has 2^31 elements or more"),
                e.getMessage());
        assertEquals(2, DataLoader.of(images, 200_000_000).batches());
    }

    @Test
    void targetsOfABatchAreFewerThanTwoToThe31() {
        TargetDataset images = new CountingTargets(1_000_000, Shape.of(1000, 3));
        StriateException e = assertThrows(StriateException.class, () -> DataLoader.of(images, 800_000));
        assertTrue(
                e.getMessage().contains("a batch of 800000 targets (1000, 3) has 2^31 elements or more"),
                e.getMessage());
        assertEquals(2, DataLoader.of(images, 700_000).batches());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void batchesHaveTargets(int depth) {
        for (Shape target : List.of(Shape.SCALAR, Shape.of(4), Shape.of(2, 3, 5))) {
            TargetDataset images = new CountingTargets(23, target);
            int elements = target.elements();
            // The images are those of labelled data.
            List<Batch> labelled = all(augmented(5));
            List<Batch> batches = all(DataLoader.of(images, 4)
                    .prefetch(depth)
                    .shuffle(5)
                    .transform(new RandomCrop(1), new RandomHorizontalFlip(0.5f)));
            assertEquals(labelled.size(), batches.size());
            for (int b = 0; b < batches.size(); b++) {
                Batch batch = batches.get(b);
                assertArrayEquals(labelled.get(b).images(), batch.images());
                assertArrayEquals(labelled.get(b).indices(), batch.indices());
                assertFalse(batch.hasLabels());
                assertEquals(target.rank() + 1, batch.targetShape().rank());
                assertEquals(batch.size(), batch.targetShape().size(0));
                for (int axis = 0; axis < target.rank(); axis++) {
                    assertEquals(target.size(axis), batch.targetShape().size(axis + 1));
                }
                float[] expected = new float[elements];
                for (int i = 0; i < batch.size(); i++) {
                    images.readTarget(batch.indices()[i], expected, 0);
                    assertArrayEquals(expected, Arrays.copyOfRange(batch.targets(), i * elements, (i + 1) * elements));
                }
            }
        }
    }

    /** Pixel k of each channel of an image and its target has the value k, so that both show where pixels went. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void jointTransformsMoveImageAndTargetAlike(int channels) {
        Shape image = Shape.of(2, 4, 5);
        Shape target = Shape.of(channels, 4, 5);
        DataLoader loader = DataLoader.of(places(20, image, target), 4)
                .shuffle(7)
                .jointTransform(new RandomCrop(2), new RandomHorizontalFlip(0.5f), new RandomCrop(1));
        Set<String> seen = new HashSet<>();
        for (Batch batch : loader) {
            for (int i = 0; i < 4; i++) {
                float[] moved = Arrays.copyOfRange(batch.images(), i * 40, i * 40 + 20);
                seen.add(Arrays.toString(moved));
                for (int c = 0; c < channels; c++) {
                    int start = (i * channels + c) * 20;
                    assertArrayEquals(moved, Arrays.copyOfRange(batch.targets(), start, start + 20));
                }
            }
        }
        assertTrue(seen.size() > 15, "" + seen.size());
    }

    /** The transforms of the images alone come later and leave the targets alone. */
    @Test
    void jointTransformsComeFirst() {
        Shape shape = Shape.of(1, 4, 5);
        Transform doubled = (values, offset, each, draws) -> {
            for (int i = offset; i < offset + 20; i++) {
                values[i] *= 2;
            }
        };
        Transform noise = (values, offset, each, draws) -> values[offset] += draws.uniform();
        DataLoader loader = DataLoader.of(places(6, shape, shape), 6)
                .jointTransform(noise, doubled)
                .transform(new Normalize(10, 1), noise);
        Batch batch = loader.iterator().next();
        for (int i = 0; i < 6; i++) {
            Draws draws = new Draws(DataLoader.PURPOSE, 0, i);
            float first = 2 * draws.uniform();
            assertEquals(first, batch.targets()[20 * i]);
            assertEquals(first - 10 + draws.uniform(), batch.images()[20 * i]);
            assertEquals(2 * 7, batch.targets()[20 * i + 7]);
            assertEquals(2 * 7 - 10, batch.images()[20 * i + 7]);
        }
    }

    @Test
    void evaluationOmitsRandomJointTransforms() {
        Shape shape = Shape.of(1, 4, 5);
        DataLoader plain = DataLoader.of(places(6, shape, shape), 4).jointTransform(new Normalize(3, 2));
        List<Batch> expected = all(plain);
        List<Batch> batches = all(DataLoader.of(places(6, shape, shape), 4)
                .jointTransform(new RandomCrop(1), new Normalize(3, 2))
                .forEvaluation());
        assertEquals(2, batches.size());
        for (int b = 0; b < 2; b++) {
            assertArrayEquals(expected.get(b).images(), batches.get(b).images());
            assertArrayEquals(expected.get(b).images(), batches.get(b).targets());
        }
    }

    @Test
    void jointTransformsNeedTargetsOfTheSizeOfTheImages() {
        Shape image = Shape.of(1, 4, 5);
        List<DataLoader> wrong = new ArrayList<>(List.of(DataLoader.of(new CountingImages(2), 1)));
        for (Shape target : List.of(Shape.SCALAR, Shape.of(4, 5), Shape.of(1, 4, 6), Shape.of(1, 5, 5))) {
            wrong.add(DataLoader.of(places(2, image, target), 1));
        }
        for (DataLoader loader : wrong) {
            StriateException e =
                    assertThrows(StriateException.class, () -> loader.jointTransform(new RandomHorizontalFlip(1)));
            assertTrue(e.getMessage().contains("a joint transform needs targets (channels, "), e.getMessage());
            loader.jointTransform().forEvaluation();
        }
    }

    private static TargetDataset places(int size, Shape imageShape, Shape targetShape) {
        record Places(int size, Shape imageShape, Shape targetShape) implements TargetDataset {
            @Override
            public void read(int index, float[] target, int offset) {
                fill(target, offset, imageShape);
            }

            @Override
            public void readTarget(int index, float[] target, int offset) {
                fill(target, offset, targetShape);
            }

            private static void fill(float[] target, int offset, Shape shape) {
                int plane = shape.size(1) * shape.size(2);
                for (int i = 0; i < shape.elements(); i++) {
                    target[offset + i] = i % plane;
                }
            }
        }
        return new Places(size, imageShape, targetShape);
    }

    @Test
    void evaluationKeepsTheTargets() {
        DataLoader loader = DataLoader.of(new CountingTargets(3, Shape.SCALAR), 3)
                .shuffle(1)
                .forEvaluation();
        assertArrayEquals(new float[] {0, -100, -200}, all(loader).get(0).targets());
        assertEquals(3, ((TargetDataset) loader.dataset()).size());
    }

    @Test
    void memoryOfTargetsIsReused() {
        DataLoader loader =
                DataLoader.of(new CountingTargets(12, Shape.of(2)), 4).prefetch(0);
        DataLoader.Epoch epoch = loader.iterator();
        Batch first = epoch.next();
        float[] images = first.images();
        float[] targets = first.targets();
        first.close();
        first.close();
        Batch second = epoch.next();
        assertSame(images, second.images());
        assertSame(targets, second.targets());
        assertArrayEquals(new float[] {-400, -401, -500, -501, -600, -601, -700, -701}, second.targets());
        assertNotSame(targets, epoch.next().targets());
    }

    /** Images and targets of one length share the memory, but never an array. */
    @Test
    void targetsAndImagesOfOneLengthAreDifferentArrays() {
        DataLoader loader =
                DataLoader.of(new CountingTargets(40, Shape.of(1, 2, 3)), 4).prefetch(0);
        Set<float[]> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Batch batch : loader) {
            assertEquals(10 * batch.indices()[0], batch.images()[0]);
            assertEquals(-100 * batch.indices()[0], batch.targets()[0]);
            arrays.add(batch.images());
            arrays.add(batch.targets());
            batch.close();
        }
        assertEquals(2, arrays.size());
    }

    @Test
    void keepsOrderAndThePartialLastBatch() {
        DataLoader loader = DataLoader.of(new CountingImages(10), 4);
        assertEquals(3, loader.batches());
        List<Batch> batches = all(loader);
        assertEquals(List.of(4, 4, 2), batches.stream().map(Batch::size).toList());
        assertArrayEquals(new int[] {8, 9}, batches.get(2).indices());
        assertArrayEquals(new int[] {2, 0}, batches.get(2).labels());
        assertEquals(Shape.of(2, 1, 2, 3), batches.get(2).shape());
        assertArrayEquals(
                new float[] {80, 81, 82, 83, 84, 85, 90, 91, 92, 93, 94, 95},
                batches.get(2).images());
    }

    @Test
    void countsBatches() {
        assertEquals(1, DataLoader.of(new CountingImages(1), 4).batches());
        assertEquals(1, DataLoader.of(new CountingImages(4), 4).batches());
        assertEquals(2, DataLoader.of(new CountingImages(5), 4).batches());
    }

    @Test
    void dropsThePartialLastBatch() {
        DataLoader loader = DataLoader.of(new CountingImages(10), 4).shuffle(3).dropLast(true);
        assertEquals(2, loader.batches());
        assertEquals(8, loader.images());
        List<Batch> whole = all(DataLoader.of(new CountingImages(10), 4).shuffle(3));
        List<Batch> batches = all(loader);
        assertEquals(List.of(4, 4), batches.stream().map(Batch::size).toList());
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(whole.get(i).indices(), batches.get(i).indices());
        }
        assertFalse(loader.iterator(2).hasNext());
        assertThrows(StriateException.class, () -> loader.iterator(3));
        // The epoch under way is as it was when it started.
        DataLoader.Epoch epoch = loader.iterator();
        loader.dropLast(false);
        assertEquals(3, loader.batches());
        assertEquals(10, loader.images());
        epoch.next();
        epoch.next();
        assertFalse(epoch.hasNext());
        // An evaluation counts all images.
        assertEquals(3, loader.dropLast(true).forEvaluation().batches());
        assertEquals(1, DataLoader.of(new CountingImages(4), 4).dropLast(true).batches());
        StriateException e = assertThrows(
                StriateException.class,
                () -> DataLoader.of(new CountingImages(3), 4).dropLast(true));
        assertTrue(e.getMessage().contains("3 images"), e.getMessage());
    }

    @Test
    void goesToADevice() {
        try (DataLoader.Epoch epoch = DataLoader.of(new CountingImages(2), 2).iterator();
                Batch batch = epoch.next();
                Tensor images = batch.images(Device.reference());
                IntTensor labels = batch.labels(Device.reference())) {
            assertEquals(Shape.of(2, 1, 2, 3), images.shape());
            assertArrayEquals(batch.images(), images.toFloatArray());
            assertArrayEquals(new int[] {0, 1}, labels.toIntArray());
        }
    }

    @Test
    void shufflesEachEpochAnewAndCompletely() {
        DataLoader loader = DataLoader.of(new CountingImages(50), 8).shuffle(3);
        int[] first = order(loader);
        int[] second = order(loader);
        assertFalse(Arrays.equals(first, second));
        for (int[] order : List.of(first, second)) {
            assertFalse(Arrays.equals(IntStream.range(0, 50).toArray(), order));
            assertArrayEquals(
                    IntStream.range(0, 50).toArray(),
                    IntStream.of(order).sorted().toArray());
        }
        assertFalse(Arrays.equals(
                first, order(DataLoader.of(new CountingImages(50), 8).shuffle(4))));
        assertArrayEquals(
                second,
                order(DataLoader.of(new CountingImages(50), 8).shuffle(3).epoch(1)));
        assertArrayEquals(first, order(loader.epoch(0)));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 100})
    void anEpochStartsAtAnyBatch(int depth) {
        List<Batch> whole = all(augmented(5).epoch(3));
        for (int first = 0; first <= whole.size(); first++) {
            DataLoader loader = augmented(5).prefetch(depth).epoch(3);
            List<Batch> rest = new ArrayList<>();
            loader.iterator(first).forEachRemaining(rest::add);
            assertSameBatches(whole.subList(first, whole.size()), rest);
            assertEquals(4, loader.epoch());
        }
    }

    @Test
    void skippedBatchesAreNotPrepared() {
        AtomicInteger images = new AtomicInteger();
        DataLoader loader = DataLoader.of(new CountingImages(10), 4)
                .transform((pixels, offset, shape, draws) -> images.incrementAndGet());
        loader.iterator(1).forEachRemaining(batch -> {});
        assertEquals(6, images.get());
        assertThrows(StriateException.class, () -> loader.iterator(-1));
        assertThrows(StriateException.class, () -> loader.iterator(4));
        assertEquals(1, loader.epoch(), "nothing was started");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 100})
    void prefetchDoesNotChangeAnything(int depth) {
        DataLoader ahead = augmented(5).prefetch(depth);
        DataLoader direct = augmented(5).prefetch(0);
        for (int epoch = 0; epoch < 3; epoch++) {
            assertSameBatches(all(direct), all(ahead));
        }
    }

    @Test
    void transformsDependOnSeedEpochAndImageOnly() {
        float[][] first = images(augmented(5));
        assertArrayEquals(first, images(augmented(5)));
        assertNotEquals(Arrays.deepToString(first), Arrays.deepToString(images(augmented(6))));
        assertNotEquals(
                Arrays.deepToString(first),
                Arrays.deepToString(images(augmented(5).epoch(1))));
        // In another order, in other batches: the same images.
        assertArrayEquals(
                first,
                images(DataLoader.of(new CountingImages(23), 7)
                        .seed(5)
                        .transform(new RandomCrop(1), new RandomHorizontalFlip(0.5f))));
    }

    @Test
    void forEvaluationLeavesOutOrderAndAugmentation() {
        DataLoader loader =
                augmented(5).transform(new RandomCrop(1), new Normalize(1, 2), new RandomHorizontalFlip(0.5f));
        DataLoader plain = DataLoader.of(new CountingImages(23), 4).transform(new Normalize(1, 2));
        assertSameBatches(all(plain), all(loader.forEvaluation()));
        assertEquals(0, loader.epoch());
    }

    @Test
    void closedBatchesAreReusedAndOthersAreNot() {
        DataLoader loader = DataLoader.of(new CountingImages(12), 4).prefetch(0);
        DataLoader.Epoch epoch = loader.iterator();
        Batch first = epoch.next();
        float[] memory = first.images();
        first.close();
        first.close();
        assertTrue(
                assertThrows(StriateException.class, first::images).getMessage().contains("closed"));
        Batch second = epoch.next();
        assertSame(memory, second.images());
        assertArrayEquals(new float[] {40, 41, 42, 43, 44, 45}, Arrays.copyOf(second.images(), 6));
        Batch third = epoch.next();
        assertNotSame(second.images(), third.images());
    }

    @Test
    void partialBatchIsNotReused() {
        DataLoader loader = DataLoader.of(new CountingImages(5), 4).prefetch(0);
        for (int i = 0; i < 3; i++) {
            List<Integer> sizes = new ArrayList<>();
            for (Batch batch : loader) {
                sizes.add(batch.images().length);
                batch.close();
            }
            assertEquals(List.of(24, 6), sizes);
        }
    }

    @Test
    void endsWithTheLastBatch() {
        DataLoader.Epoch epoch = DataLoader.of(new CountingImages(3), 4).iterator();
        assertEquals(0, epoch.number());
        epoch.next();
        assertFalse(epoch.hasNext());
        assertThrows(NoSuchElementException.class, epoch::next);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void errorsReachTheConsumer(int depth) {
        IllegalStateException cause = new IllegalStateException("unreadable");
        DataLoader loader = DataLoader.of(new CountingImages(20), 4)
                .prefetch(depth)
                .transform((images, offset, shape, draws) -> {
                    if (images[offset] == 90) {
                        throw cause;
                    }
                });
        DataLoader.Epoch epoch = loader.iterator();
        epoch.next();
        epoch.next();
        StriateException e = assertThrows(StriateException.class, epoch::next);
        assertEquals("DataLoader: image 9 in epoch 0: unreadable", e.getMessage());
        assertSame(cause, e.getCause());
        assertFalse(epoch.hasNext());
    }

    @Test
    void severeErrorsReachTheConsumerToo() {
        AssertionError cause = new AssertionError("broken");
        DataLoader loader = DataLoader.of(new CountingImages(4), 4).transform((images, offset, shape, draws) -> {
            throw cause;
        });
        assertSame(
                cause,
                assertThrows(StriateException.class, () -> loader.iterator().next())
                        .getCause());
    }

    /** As the command line gives advice on a full heap by the error's type. */
    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void aFullHeapIsNotWrapped(int prefetch) {
        OutOfMemoryError full = new OutOfMemoryError("Java heap space");
        DataLoader loader = DataLoader.of(new CountingImages(4), 4)
                .prefetch(prefetch)
                .transform((images, offset, shape, draws) -> {
                    throw full;
                });
        DataLoader.Epoch epoch = loader.iterator();
        assertSame(full, assertThrows(OutOfMemoryError.class, epoch::next));
        assertFalse(epoch.hasNext());
    }

    @Test
    void wrongLabelIsNamed() {
        Dataset wrong = new ByteImages(new byte[3], new int[] {0, 1, 2}, Shape.of(1, 1, 1), 1, List.of("a", "b"));
        StriateException e = assertThrows(StriateException.class, () -> all(DataLoader.of(wrong, 3)));
        assertEquals("DataLoader: image 2 in epoch 0: its label is 2, expected 0 .. 1", e.getMessage());
    }

    @Test
    void abandonedEpochLeavesNoThread() throws Exception {
        AtomicInteger read = new AtomicInteger();
        DataLoader loader = DataLoader.of(new CountingImages(1000), 4)
                .prefetch(3)
                .transform((images, offset, shape, draws) -> read.incrementAndGet());
        for (Batch batch : loader) {
            assertEquals(4, batch.size());
            assertTrue(loaderThreads() > 0);
            break;
        }
        // The loader is still in use, and nothing was closed or collected: threads end because they have nothing to do.
        for (int i = 0; i < 100 && loaderThreads() > 0; i++) {
            Thread.sleep(100);
        }
        assertEquals(0, loaderThreads());
        assertEquals(4 * 4, read.get());
        assertEquals(250, all(loader).size());
    }

    @Test
    void closingDropsWhatWasPreparedAhead() {
        DataLoader.Epoch epoch =
                DataLoader.of(new CountingImages(100), 4).prefetch(3).iterator();
        epoch.next();
        epoch.close();
        assertFalse(epoch.hasNext());
        assertThrows(NoSuchElementException.class, epoch::next);
    }

    @Test
    void interruptionEndsTheWait() {
        CountDownLatch never = new CountDownLatch(1);
        DataLoader loader = DataLoader.of(new CountingImages(4), 4).transform((images, offset, shape, draws) -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        DataLoader.Epoch epoch = loader.iterator();
        Thread.currentThread().interrupt();
        StriateException e = assertThrows(StriateException.class, epoch::next);
        never.countDown();
        assertTrue(Thread.interrupted());
        assertTrue(e.getMessage().contains("interrupted"));
    }

    @Test
    void settingsOutOfRangeAreRejected() {
        assertThrows(StriateException.class, () -> DataLoader.of(new CountingImages(4), 0));
        assertThrows(
                StriateException.class,
                () -> DataLoader.of(new CountingImages(4), 1).prefetch(-1));
        assertThrows(
                StriateException.class,
                () -> DataLoader.of(new CountingImages(4), 1).epoch(-1));
        assertThrows(
                StriateException.class, () -> new Batch(new float[5], Shape.of(1, 1, 2, 3), new int[1], new int[1]));
        assertThrows(
                StriateException.class, () -> new Batch(new float[6], Shape.of(1, 1, 2, 3), new int[2], new int[1]));
    }

    private static DataLoader augmented(long seed) {
        return DataLoader.of(new CountingImages(23), 4)
                .shuffle(seed)
                .transform(new RandomCrop(1), new RandomHorizontalFlip(0.5f));
    }

    private static int loaderThreads() {
        return (int) Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t.getName().equals("striate-data-loader"))
                .count();
    }

    private static List<Batch> all(DataLoader loader) {
        List<Batch> batches = new ArrayList<>();
        loader.forEach(batches::add);
        return batches;
    }

    private static int[] order(DataLoader loader) {
        return all(loader).stream()
                .flatMapToInt(batch -> IntStream.of(batch.indices()))
                .toArray();
    }

    /** The images of an epoch by their index. */
    private static float[][] images(DataLoader loader) {
        float[][] images = new float[loader.dataset().size()][];
        for (Batch batch : loader) {
            int length = loader.dataset().imageShape().elements();
            for (int i = 0; i < batch.size(); i++) {
                images[batch.indices()[i]] = Arrays.copyOfRange(batch.images(), i * length, (i + 1) * length);
            }
        }
        return images;
    }

    private static void assertSameBatches(List<Batch> expected, List<Batch> actual) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i).images(), actual.get(i).images());
            assertArrayEquals(expected.get(i).labels(), actual.get(i).labels());
            assertArrayEquals(expected.get(i).indices(), actual.get(i).indices());
        }
    }
}
