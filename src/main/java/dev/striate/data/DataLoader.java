package dev.striate.data;

import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.StriateException;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Hands out a data set in batches, epoch by epoch. The last batch of an epoch has the images that are left, or is dropped, see
 * {@link #dropLast}.
 *
 * <pre>{@code
 * DataLoader loader = DataLoader.of(TinyDigits.train(), 32).shuffle(seed).transform(new RandomCrop(1));
 * for (Batch batch : loader) { ... }      // epoch 0
 * for (Batch batch : loader) { ... }      // epoch 1, in another order
 * }</pre>
 *
 * <p>The batches depend on the seed and the epoch only, not on how far ahead they are prepared or by which thread. Settings take
 * effect with the next epoch.
 *
 * <p>Batches are prepared in the background by daemon threads, one task per batch, and a task is handed to them only when the
 * consumer takes a batch. So an epoch that is abandoned halfway, by a {@code break} or an exception, leaves no thread that waits:
 * at most the batches that were asked for are finished, and threads end after a second without work.
 *
 * <p>A loader is used by one thread at a time.
 */
public final class DataLoader implements Iterable<Batch> {

    /** Sets the draws made here apart from others under the same seed, such as initial weights: "loader" in ASCII. */
    private static final long PURPOSE = 0x6C6F61646572L;

    /** Streams of permutations start here, those of images are below. */
    private static final long PERMUTATIONS = 1L << 63;

    private static final int THREADS = Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors() / 4));

    private final Dataset dataset;
    private final int batchSize;
    private final Executor background = background();
    private final Queue<float[]> spare = new ConcurrentLinkedQueue<>();
    private boolean shuffled;
    private long seed;
    private List<Transform> transforms = List.of();
    private int prefetch = 2;
    private boolean dropsLast;
    private int epoch;

    private DataLoader(Dataset dataset, int batchSize) {
        this.dataset = dataset;
        this.batchSize = batchSize;
    }

    /**
     * A loader that hands out the images in their order, unchanged.
     *
     * @throws StriateException if the batch size is below 1
     */
    public static DataLoader of(Dataset dataset, int batchSize) {
        if (batchSize < 1) {
            throw new StriateException("DataLoader: a batch has at least 1 image, got a batch size of " + batchSize);
        }
        return new DataLoader(dataset, batchSize);
    }

    /** In another random order every epoch. Sets the {@link #seed}, too. */
    public DataLoader shuffle(long seed) {
        this.shuffled = true;
        return seed(seed);
    }

    /** The seed of shuffling and of random transforms, 0 by default. */
    public DataLoader seed(long seed) {
        this.seed = seed;
        return this;
    }

    /** What is done to each image, one after the other. Replaces what was set before. */
    public DataLoader transform(Transform... transforms) {
        this.transforms = List.of(transforms);
        return this;
    }

    /**
     * How many batches are prepared ahead, 2 by default; with 0, each is prepared when it is asked for, by the asking thread.
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
     * Whether the images that do not fill a batch at the end of an epoch are left out, false by default. If the loader shuffles,
     * they are different ones in each epoch. Batch normalisation, for example, may be unable to train on a last batch of one image.
     *
     * @throws StriateException if wanted and the data set does not fill one batch
     */
    public DataLoader dropLast(boolean wanted) {
        if (wanted && dataset.size() < batchSize) {
            throw new StriateException("DataLoader: dropLast would leave no batch, because the data set has " + dataset.size()
                    + " images and a batch " + batchSize + "; use a smaller batch size");
        }
        this.dropsLast = wanted;
        return this;
    }

    /**
     * Makes the next epoch number {@code next}, as for resuming a training.
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

    /** A new loader of all images in the same batch size, in the data set's order and without the random transforms. */
    public DataLoader forEvaluation() {
        return of(dataset, batchSize)
                .seed(seed)
                .transform(transforms.stream().filter(transform -> !transform.isRandom()).toArray(Transform[]::new))
                .prefetch(prefetch);
    }

    /** The seed of shuffling and of random transforms. */
    public long seed() {
        return seed;
    }

    /** Whether every epoch has a random order of its own. */
    public boolean isShuffled() {
        return shuffled;
    }

    public Dataset dataset() {
        return dataset;
    }

    /** Whether the images that do not fill a batch at the end of an epoch are left out. */
    public boolean dropsLast() {
        return dropsLast;
    }

    /** The number of images in every batch but perhaps the last. */
    public int batchSize() {
        return batchSize;
    }

    /** The number of batches in an epoch, including a smaller last one unless that is dropped. */
    public int batches() {
        return dropsLast ? dataset.size() / batchSize : (dataset.size() - 1) / batchSize + 1;
    }

    /** The number of images in an epoch, those of the data set without the ones that are dropped. */
    public int images() {
        return dropsLast ? batches() * batchSize : dataset.size();
    }

    /** The number of the next epoch, counted from 0. */
    public int epoch() {
        return epoch;
    }

    /** Starts the next epoch. */
    @Override
    public Epoch iterator() {
        return iterator(0);
    }

    /**
     * Starts the next epoch in its middle, as for resuming a training: at the batch {@code first}, counted from 0. The batches
     * before are not prepared, and those from there on are what they are in a whole epoch.
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
        ThreadPoolExecutor executor = new ThreadPoolExecutor(THREADS, THREADS, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
                work -> {
                    Thread thread = new Thread(work, "striate-data-loader");
                    thread.setDaemon(true);
                    return thread;
                });
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    /** The batches of one epoch. Closing it early drops what was prepared ahead; it need not be closed. */
    public final class Epoch implements Iterator<Batch>, AutoCloseable {

        private final int number;
        private final long key = seed ^ PURPOSE;
        private final int @Nullable [] order;
        private final List<Transform> chain = transforms;
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

        /** Which epoch this is, counted from 0. */
        public int number() {
            return number;
        }

        @Override
        public boolean hasNext() {
            return taken < batches;
        }

        /**
         * The next batch.
         *
         * @throws StriateException if an image cannot be read or transformed, or the thread was interrupted while it waited; the
         *                          epoch is over then
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
                // As without prefetch: callers recognise a full heap and a broken installation by the type.
                if (e.getCause() instanceof VirtualMachineError error) {
                    throw error;
                }
                if (e.getCause() instanceof LinkageError error) {
                    throw error;
                }
                throw new StriateException("DataLoader: preparing batch " + taken + " of epoch " + number + " failed: "
                        + e.getCause(), e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StriateException("DataLoader: interrupted while waiting for batch " + taken + " of epoch " + number, e);
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
            float[] images = take(count * image.elements());
            for (int i = 0; i < count; i++) {
                int index = order == null ? start + i : order[start + i];
                indices[i] = index;
                int offset = i * image.elements();
                try {
                    dataset.read(index, images, offset);
                    labels[i] = label(index);
                    if (!chain.isEmpty()) {
                        Draws draws = new Draws(key, number, index);
                        for (Transform transform : chain) {
                            transform.apply(images, offset, image, draws);
                        }
                    }
                } catch (RuntimeException e) {
                    String reason = e.getMessage() == null ? e.toString() : e.getMessage();
                    throw new StriateException("DataLoader: image " + index + " in epoch " + number + ": " + reason, e);
                }
            }
            return new Batch(images, Shape.of(count, image.size(0), image.size(1), image.size(2)), labels, indices,
                    DataLoader.this::recycle);
        }

        /** Drops what was prepared ahead; there are no more batches. */
        @Override
        public void close() {
            taken = batches;
            for (FutureTask<Batch> task : pending) {
                // No interrupt: it could hit a data set amid reading a file and close that for everybody.
                task.cancel(false);
            }
            pending.clear();
        }
    }

    private int label(int index) {
        int label = dataset.label(index);
        if (label < 0 || label >= dataset.classes()) {
            throw new StriateException("its label is " + label + ", expected 0 .. " + (dataset.classes() - 1));
        }
        return label;
    }

    private float[] take(int length) {
        // The last, partial batch is rare enough to go without reuse.
        float[] images = length == batchSize * dataset.imageShape().elements() ? spare.poll() : null;
        return images == null ? new float[length] : images;
    }

    private void recycle(float[] images) {
        if (images.length == batchSize * dataset.imageShape().elements()) {
            spare.add(images);
        }
    }
}
