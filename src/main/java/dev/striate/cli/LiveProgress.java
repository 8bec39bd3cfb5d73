package dev.striate.cli;

import dev.striate.train.BatchEnd;
import dev.striate.train.EpochEnd;
import dev.striate.train.PlainProgress;
import dev.striate.train.TrainingListener;
import dev.striate.train.TrainingStart;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** A line on a terminal that shows the progress of a training: loss, accuracy, images per second and the time left. */
final class LiveProgress implements TrainingListener, AutoCloseable {

    private static final long REDRAW_NANOS = 100_000_000;

    /** The speed is that of about this time. */
    private static final double SMOOTHING_SECONDS = 3;

    private final PrintStream out;
    private final String label;
    private final boolean linePerEpoch;
    private final int columns = Terminal.columns();
    private int imagesPerEpoch;
    private int imagesBefore;
    private long drawn;
    private double imagesPerSecond = Double.NaN;
    private long epochStarted;
    private double epochSeconds = Double.NaN;
    private boolean onLine;

    /**
     * Creates a progress line on a stream.
     *
     * @param label        the start of the line
     * @param linePerEpoch whether to print a line for each epoch above it
     */
    LiveProgress(PrintStream out, String label, boolean linePerEpoch) {
        this.out = out;
        this.label = label;
        this.linePerEpoch = linePerEpoch;
        // Ctrl-C ends the line, too.
        Runtime.getRuntime().addShutdownHook(new Thread(this::close));
    }

    @Override
    public void onStart(TrainingStart start) {
        imagesPerEpoch = start.images();
        // Off by a few images if the last batch is smaller than the others.
        imagesBefore = (int) ((long) imagesPerEpoch * start.step() / start.steps());
        drawn = System.nanoTime();
        epochStarted = start.step() == 0 ? drawn : 0;
    }

    @Override
    public void onBatch(BatchEnd batch) {
        long now = System.nanoTime();
        boolean first = Double.isNaN(imagesPerSecond);
        if (!first && now - drawn < REDRAW_NANOS && batch.step() < batch.steps()) {
            return;
        }
        double seconds = (now - drawn) * 1e-9;
        double speed = (batch.images() - imagesBefore) / seconds;
        double share = first ? 1 : 1 - Math.exp(-seconds / SMOOTHING_SECONDS);
        imagesPerSecond = first ? speed : imagesPerSecond + share * (speed - imagesPerSecond);
        imagesBefore = batch.images();
        drawn = now;
        double epochLeft = (imagesPerEpoch - batch.images()) / imagesPerSecond;
        double perEpoch = Double.isNaN(epochSeconds) ? imagesPerEpoch / imagesPerSecond : epochSeconds;
        double left = epochLeft + (batch.epochs() - batch.epoch()) * perEpoch;
        draw(line(label, batch, imagesPerSecond, epochLeft, left, columns - 1));
    }

    @Override
    public void onEpoch(EpochEnd epoch) {
        // The next epoch starts now. The first one of a resumed run is not measured if it was not whole.
        long now = System.nanoTime();
        if (epochStarted != 0) {
            epochSeconds = (now - epochStarted) * 1e-9;
        }
        epochStarted = now;
        drawn = now;
        imagesBefore = 0;
        if (linePerEpoch) {
            draw(fitted(PlainProgress.line(epoch), columns - 1));
            close();
        }
    }

    /** A part of the line, which is omitted if the line is too narrow for it and for all more important parts. */
    private record Part(int place, String text) {}

    /**
     * Returns the line with as many of its parts as fit into some columns: {@code epoch 3/10  step 120/391  loss 0.4321
     * acc 91.2 %  12,345 images/s  epoch 0:12  all 3:45}.
     *
     * @param epochLeft the seconds that are left of the epoch
     * @param left      the seconds that are left of the training
     */
    static String line(
            String label, BatchEnd batch, double imagesPerSecond, double epochLeft, double left, int columns) {
        String epoch = batch.epoch() + "/" + batch.epochs();
        String step = padded(batch.step(), batch.steps());
        List<Part> byImportance = new ArrayList<>();
        byImportance.add(new Part(1, (label.isEmpty() ? "" : label + " ") + epoch));
        byImportance.add(new Part(2, step));
        if (!Double.isNaN(batch.loss())) {
            byImportance.add(new Part(3, String.format(Locale.ROOT, "loss %.4f", batch.loss())));
        }
        byImportance.add(new Part(7, clock(left) + " left"));
        byImportance.add(new Part(5, String.format(Locale.ROOT, "%,.0f images/s", imagesPerSecond)));
        byImportance.add(new Part(6, "epoch " + clock(epochLeft)));
        if (!Double.isNaN(batch.accuracy())) {
            byImportance.add(new Part(4, String.format(Locale.ROOT, "acc %.1f %%", 100 * batch.accuracy())));
        }
        List<Part> shown = new ArrayList<>();
        int used = 0;
        for (Part part : byImportance) {
            used += part.text.length() + (shown.isEmpty() ? 0 : 2);
            if (used > columns && !shown.isEmpty()) {
                break;
            }
            shown.add(part);
        }
        shown.sort(Comparator.comparingInt(Part::place));
        return String.join("  ", shown.stream().map(Part::text).toList());
    }

    private static String padded(int step, int steps) {
        return String.format(Locale.ROOT, "%" + String.valueOf(steps).length() + "d/%d", step, steps);
    }

    /** Returns {@code 3:45} or {@code 1:02:03}. */
    private static String clock(double seconds) {
        long whole = Math.round(seconds);
        return whole < 3600
                ? String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
    }

    /** Returns as many parts of the line, which are separated by two spaces, as fit. */
    static String fitted(String line, int columns) {
        int end = line.length();
        while (end > columns && end > 0) {
            end = line.lastIndexOf("  ", end - 1);
        }
        return end > 0 ? line.substring(0, end).stripTrailing() : line;
    }

    /** Replaces the line. */
    private synchronized void draw(String text) {
        // Spaces cover the rest of the last line. Some terminals wrap when the last column is written.
        out.print("\r" + text + " ".repeat(Math.max(0, columns - 1 - text.length())));
        out.flush();
        onLine = true;
    }

    /** Ends the line. */
    @Override
    public synchronized void close() {
        if (onLine) {
            out.println();
            onLine = false;
        }
    }
}
