package dev.striate.data;

import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.StriateException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Returns the images of a data set in batches, epoch by epoch. The last batch of an epoch contains the remaining
 * images; {@link #dropLast} drops it if it is not full.
 *
 * <pre>{@code
 * DataLoader loader = DataLoader.of(TinyDigits.train(), 32).shuffle(seed).transform(new RandomCrop(1));
 * for (Batch batch : loader) { ... }      // epoch 0
 * for (Batch batch : loader) { ... }      // epoch 1, in another order
 * }</pre>
 *
 * <p>The batches depend only on the seed and the epoch, not on prefetching or threads. Settings take effect with the
 * next epoch.
 *
 * <p>Daemon threads prepare batches in the background, one task per batch. A new task is submitted only when the
 * consumer takes a batch. So if an epoch is abandoned by a {@code break} or an exception, no thread keeps waiting: the
 * submitted batches are finished, and the threads end after a second without work.
 *
 * <p>A loader must not be used by several threads at the same time.
 */
public final class DataLoader implements Iterable<Batch> {

    /**
     * Separates the random numbers of loaders from others with the same seed, such as initial weights: "loader" in
     * ASCII.
     */
    static final long PURPOSE = 0x6C6F61646572L;

    /** The first stream of permutations. The streams of images are below. */
    private static final long PERMUTATIONS = 1L << 63;

    private static final int THREADS =
            Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors() / 4));

    private final ImageSource dataset;

    /** Where labels come from; null if there are targets. */
    private final @Nullable Dataset labelled;

    /** Where targets come from; null if there are labels. */
    private final @Nullable TargetDataset targeted;

    private final int batchSize;
    private final Executor background = background();

    /** The memory of closed batches, by length. */
    private final Map<Integer, Queue<float[]>> spare = new ConcurrentHashMap<>();

    private boolean shuffled;
    private long seed;
    private List<Transform> jointTransforms = List.of();
    private List<Transform> transforms = List.of();
    private @Nullable Mix mix;
    private int prefetch = 2;
    private boolean dropsLast;
    private int epoch;

    private DataLoader(
            ImageSource dataset, @Nullable Dataset labelled, @Nullable TargetDataset targeted, int batchSize) {
        if (batchSize < 1) {
            throw new StriateException("DataLoader: a batch has at least 1 image, got a batch size of " + batchSize);
        }
        int images = Math.min(batchSize, dataset.size());
        requireFewElements(images, "images", dataset.imageShape());
        if (targeted != null) {
            requireFewElements(images, "targets", targeted.targetShape());
        }
        this.dataset = dataset;
        this.labelled = labelled;
        this.targeted = targeted;
        this.batchSize = batchSize;
    }

    private static void requireFewElements(int count, String what, Shape each) {
        if ((long) count * each.elements() > Integer.MAX_VALUE) {
            throw new StriateException("DataLoader: a batch of " + count + " " + what + " " + each
                    + " has 2^31 elements or more; use a smaller batch size");
        }
    }

    /**
     * Returns a loader that returns the images in order and unchanged, with their labels.
     *
     * @throws StriateException if the batch size is below 1, or a batch has 2^31 elements or more
     */
    public static DataLoader of(Dataset dataset, int batchSize) {
        return new DataLoader(dataset, dataset, null, batchSize);
    }

    /**
     * Returns a loader that returns the images in order and unchanged, with their targets.
     *
     * @throws StriateException if the batch size is below 1, or the images or targets of a batch have 2^31 elements or
     *     more
     */
    public static DataLoader of(TargetDataset dataset, int batchSize) {
        return new DataLoader(dataset, null, dataset, batchSize);
    }

    /** Shuffles the images in each epoch, and sets the {@link #seed}. */
    public DataLoader shuffle(long seed) {
        this.shuffled = true;
        return seed(seed);
    }

    /** Sets the seed of shuffling, random transforms and mixing; 0 by default. */
    public DataLoader seed(long seed) {
        this.seed = seed;
        return this;
    }

    /**
     * Sets the transforms that are applied to each image and, with the same random numbers, to its target: a random
     * crop or flip moves the image and the mask of a segmentation alike. They are applied in this order, before those
     * of {@link #transform}. Replaces the previous joint transforms.
     *
     * <pre>{@code
     * DataLoader loader = DataLoader.of(masks, 16)
     *         .shuffle(seed)
     *         .jointTransform(new RandomCrop(4), new RandomHorizontalFlip(0.5f))
     *         .transform(new Normalize(0.5f, 0.25f));
     * }</pre>
     *
     * @throws StriateException if the targets are not images {@code (channels, height, width)} of the height and width
     *     of the images
     */
    public DataLoader jointTransform(Transform... transforms) {
        Shape image = dataset.imageShape();
        Shape target = targeted == null ? null : targeted.targetShape();
        if (transforms.length > 0
                && (target == null
                        || target.rank() != 3
                        || target.size(1) != image.size(1)
                        || target.size(2) != image.size(2))) {
            throw new StriateException("DataLoader: a joint transform needs targets (channels, " + image.size(1) + ", "
                    + image.size(2) + ") for images " + image + ", got "
                    + (target == null ? "labels" : "targets " + target) + "; use transform to change the images only");
        }
        this.jointTransforms = List.of(transforms);
        return this;
    }

    /** Sets the transforms, which are applied to each image in this order. Replaces the previous transforms. */
    public DataLoader transform(Transform... transforms) {
        this.transforms = List.of(transforms);
        return this;
    }

    /**
     * Sets how the images of each batch are mixed with each other, after all transforms; null to not mix them, as by
     * default. {@link #forEvaluation} does not mix. How a batch is mixed depends on the seed, the epoch and its number
     * in the epoch.
     *
     * <pre>{@code
     * DataLoader loader = DataLoader.of(TinyDigits.train(), 32)
     *         .shuffle(seed)
     *         .mix(Mix.either(Mix.mixup(0.2f), Mix.cutMix(1)));
     * }</pre>
     *
     * The targets of a {@link TargetDataset} are mixed like the images. Labels remain those of the images; {@link
     * Batch#labelMix} returns those of the images that they were mixed with.
     */
    public DataLoader mix(@Nullable Mix mix) {
        this.mix = mix;
        return this;
    }

    /**
     * Sets the number of batches that are prepared in advance; 2 by default. With 0, the consuming thread prepares each
     * batch on demand.
     *
     * @throws StriateException if negative
     */
    public DataLoader prefetch(int batches) {
        if (batches < 0) {
            throw new StriateException("DataLoader: prefetch is 0 or more batches, got " + batches);
        }
        this.prefetch = batches;
        return this;
    }

    /**
     * Sets whether the last batch of an epoch is dropped if it is not full; false by default. If the loader shuffles,
     * different images are dropped in each epoch. This is useful because, for example, batch normalisation may be
     * unable to train on a last batch of one image.
     *
     * @throws StriateException if {@code wanted} is true and the data set has fewer images than a batch
     */
    public DataLoader dropLast(boolean wanted) {
        if (wanted && dataset.size() < batchSize) {
            throw new StriateException("DataLoader: dropLast would leave no batch, because the data set has "
                    + dataset.size() + " images and a batch " + batchSize + "; use a smaller batch size");
        }
        this.dropsLast = wanted;
        return this;
    }

    /**
     * Sets the number of the next epoch, for example to resume training.
     *
     * @throws StriateException if negative
     */
    public DataLoader epoch(int next) {
        if (next < 0) {
            throw new StriateException("DataLoader: epochs are counted from 0, got " + next);
        }
        this.epoch = next;
        return this;
    }

    /**
     * Returns a new loader for all images with the same batch size, in the order of the data set, without random
     * transforms and without mixing.
     */
    public DataLoader forEvaluation() {
        return new DataLoader(dataset, labelled, targeted, batchSize)
                .seed(seed)
                .jointTransform(notRandom(jointTransforms))
                .transform(notRandom(transforms))
                .prefetch(prefetch);
    }

    private static Transform[] notRandom(List<Transform> transforms) {
        return transforms.stream().filter(transform -> !transform.isRandom()).toArray(Transform[]::new);
    }

    /** Returns the seed of shuffling, random transforms and mixing. */
    public long seed() {
        return seed;
    }

    /** Returns whether the images are shuffled in each epoch. */
    public boolean isShuffled() {
        return shuffled;
    }

    /** Returns the data set, a {@link Dataset} or a {@link TargetDataset}. */
    public ImageSource dataset() {
        return dataset;
    }

    /** Returns whether the last batch of an epoch is dropped if it is not full. */
    public boolean dropsLast() {
        return dropsLast;
    }

    /** Returns the number of images per batch. The last batch may be smaller. */
    public int batchSize() {
        return batchSize;
    }

    /** Returns the number of batches per epoch, including a smaller last batch unless it is dropped. */
    public int batches() {
        return dropsLast ? dataset.size() / batchSize : (dataset.size() - 1) / batchSize + 1;
    }

    /** Returns the number of images per epoch, without dropped ones. */
    public int images() {
        return dropsLast ? batches() * batchSize : dataset.size();
    }

    /** Returns the number of the next epoch, counted from 0. */
    public int epoch() {
        return epoch;
    }

    /** Starts the next epoch. */
    @Override
    public Epoch iterator() {
        return iterator(0);
    }

    /**
     * Starts the next epoch at batch {@code first}, counted from 0, for example to resume training. Earlier batches are
     * not prepared. Later batches are the same as in a complete epoch.
     *
     * @throws StriateException unless {@code 0 <= first <= batches()}
     */
    public Epoch iterator(int first) {
        if (first < 0 || first > batches()) {
            throw new StriateException("DataLoader: an epoch of " + batches() + " batches cannot start after " + first);
        }
        return new Epoch(epoch++, first);
    }

    private static Executor background() {
        ThreadPoolExecutor executor =
                new ThreadPoolExecutor(THREADS, THREADS, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), work -> {
                    Thread thread = new Thread(work, "striate-data-loader");
                    thread.setDaemon(true);
                    return thread;
                });
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    /** The batches of one epoch. Closing is optional; it cancels the preparation of further batches. */
    public final class Epoch implements Iterator<Batch>, AutoCloseable {

        private final int number;
        private final long key = seed ^ PURPOSE;
        private final long mixKey = seed ^ Mix.PURPOSE;
        private final int @Nullable [] order;
        private final List<Transform> jointChain = jointTransforms;
        private final List<Transform> chain = transforms;
        private final @Nullable Mix mix = DataLoader.this.mix;
        private final int ahead = prefetch;
        private final int batches = batches();
        private final ArrayDeque<FutureTask<Batch>> pending = new ArrayDeque<>();
        private int submitted;
        private int taken;

        private Epoch(int number, int first) {
            this.number = number;
            this.submitted = first;
            this.taken = first;
            this.order = shuffled ? new Generator(key, PERMUTATIONS | number).permutation(dataset.size()) : null;
            while (submitted < Math.min((long) first + ahead, batches)) {
                submit();
            }
        }

        /** Returns the number of this epoch, counted from 0. */
        public int number() {
            return number;
        }

        @Override
        public boolean hasNext() {
            return taken < batches;
        }

        /**
         * Returns the next batch, and waits until it is prepared.
         *
         * @throws StriateException if an image cannot be read or transformed, or this thread was interrupted while it
         *     waited. The epoch then ends
         */
        @Override
        public Batch next() {
            if (!hasNext()) {
                throw new NoSuchElementException("epoch " + number + " has no more batches");
            }
            boolean done = false;
            try {
                Batch batch = ahead == 0 ? prepare(taken) : await();
                taken++;
                done = true;
                return batch;
            } finally {
                if (!done) {
                    close();
                }
            }
        }

        private Batch await() {
            if (submitted < batches) {
                submit();
            }
            try {
                return pending.remove().get();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof StriateException known) {
                    throw known;
                }
                // Rethrown unchanged, as without prefetching: callers recognise a full heap or a broken installation by
                // the type.
                if (e.getCause() instanceof VirtualMachineError error) {
                    throw error;
                }
                if (e.getCause() instanceof LinkageError error) {
                    throw error;
                }
                throw new StriateException(
                        "DataLoader: preparing batch " + taken + " of epoch " + number + " failed: " + e.getCause(),
                        e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StriateException(
                        "DataLoader: interrupted while waiting for batch " + taken + " of epoch " + number, e);
            }
        }

        private void submit() {
            int batch = submitted++;
            FutureTask<Batch> task = new FutureTask<>(() -> prepare(batch));
            pending.add(task);
            background.execute(task);
        }

        private Batch prepare(int batch) {
            int start = batch * batchSize;
            int count = Math.min(batchSize, dataset.size() - start);
            Shape image = dataset.imageShape();
            int[] indices = new int[count];
            int[] labels = new int[count];
            float[] images = take(count, image);
            float[] targets = targeted == null ? null : take(count, targeted.targetShape());
            for (int i = 0; i < count; i++) {
                int index = order == null ? start + i : order[start + i];
                indices[i] = index;
                int offset = i * image.elements();
                try {
                    dataset.read(index, images, offset);
                    if (labelled != null) {
                        labels[i] = label(labelled, index);
                    }
                    Draws draws = new Draws(key, number, index);
                    apply(jointChain, images, offset, image, draws);
                    apply(chain, images, offset, image, draws);
                    if (targeted != null && targets != null) {
                        Shape target = targeted.targetShape();
                        int targetOffset = i * target.elements();
                        targeted.readTarget(index, targets, targetOffset);
                        apply(jointChain, targets, targetOffset, target, new Draws(key, number, index));
                    }
                } catch (RuntimeException e) {
                    String reason = e.getMessage() == null ? e.toString() : e.getMessage();
                    throw new StriateException("DataLoader: image " + index + " in epoch " + number + ": " + reason, e);
                }
            }
            Shape shape = batchOf(count, image);
            Shape targetShape = targeted == null ? null : batchOf(count, targeted.targetShape());
            LabelMix labelMix = null;
            if (mix != null) {
                Mix.Mixed mixed = mix.apply(images, shape, targets, targetShape, new Draws(mixKey, number, batch));
                if (labelled != null) {
                    labelMix = new LabelMix(
                            Arrays.stream(mixed.partners()).map(i -> labels[i]).toArray(), mixed.share());
                }
            }
            return new Batch(
                    images,
                    shape,
                    labelled == null ? null : labels,
                    labelMix,
                    targets,
                    targetShape,
                    indices,
                    // Partial batches are rare, so their memory is not reused.
                    count == batchSize ? DataLoader.this::recycle : null);
        }

        /** Ends the epoch and cancels the preparation of further batches. */
        @Override
        public void close() {
            taken = batches;
            for (FutureTask<Batch> task : pending) {
                // No interrupt: it could close a file that a data set is reading and that other threads use.
                task.cancel(false);
            }
            pending.clear();
        }
    }

    private static void apply(List<Transform> chain, float[] values, int offset, Shape shape, Draws draws) {
        for (Transform transform : chain) {
            transform.apply(values, offset, shape, draws);
        }
    }

    private static int label(Dataset labelled, int index) {
        int label = labelled.label(index);
        if (label < 0 || label >= labelled.classes()) {
            throw new StriateException("its label is " + label + ", expected 0 .. " + (labelled.classes() - 1));
        }
        return label;
    }

    private static Shape batchOf(int count, Shape each) {
        int[] sizes = new int[each.rank() + 1];
        sizes[0] = count;
        System.arraycopy(each.toArray(), 0, sizes, 1, each.rank());
        return Shape.ofPositive(sizes);
    }

    private float[] take(int count, Shape each) {
        int length = count * each.elements();
        Queue<float[]> fitting = spare.get(length);
        float[] memory = fitting == null ? null : fitting.poll();
        return memory == null ? new float[length] : memory;
    }

    private void recycle(float[] memory) {
        spare.computeIfAbsent(memory.length, length -> new ConcurrentLinkedQueue<>())
                .add(memory);
    }
}
