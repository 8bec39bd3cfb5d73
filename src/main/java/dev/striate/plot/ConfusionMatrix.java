package dev.striate.plot;

import dev.striate.StriateException;
import dev.striate.train.Evaluation;
import java.awt.Color;
import java.awt.Font;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The confusion matrix of a classifier: one row per true class, one column per predicted class. The number in a cell
 * counts images, its colour shows their share of the row. Above 25 classes the numbers do not fit; the most frequent
 * mistakes are listed instead.
 */
public final class ConfusionMatrix extends Picture {

    private static final int MOST_WITH_NUMBERS = 25;
    private static final int MISTAKES_LISTED = 12;
    private static final int MOST_LABEL_WIDTH = 130;
    private static final int MARGIN = 16;
    private static final int GAP = 8;
    private static final int LINE = Canvas.TEXT + 6;
    private static final Font TITLE = Canvas.bold(Canvas.HEADING);
    private static final Font TEXT = Canvas.font(Canvas.TEXT);

    private final Evaluation evaluation;
    private final int[][] counts;
    private final List<String> names;

    /** @throws StriateException if the numbers of names and classes differ */
    public ConfusionMatrix(Evaluation evaluation, List<String> classNames) {
        this.evaluation = evaluation;
        this.counts = evaluation.confusion();
        this.names = List.copyOf(classNames);
        if (names.size() != counts.length) {
            throw new StriateException("ConfusionMatrix: expected " + counts.length
                    + " class names, one for each class of the" + " evaluation, got " + names.size());
        }
    }

    @Override
    BufferedImage draw() {
        return new Drawing().draw();
    }

    /** The layout of the picture. */
    private final class Drawing {

        private final boolean numbers = counts.length <= MOST_WITH_NUMBERS;
        private final Font labels = numbers ? TEXT : Canvas.font(7);
        private final int labelWidth = Math.min(Canvas.width(names, labels), MOST_LABEL_WIDTH);
        private final int cell = numbers ? cellWithNumbers() : 8;
        private final int side = counts.length * cell;
        private final int left = MARGIN + LINE + labelWidth + GAP;
        private final int top = MARGIN + 2 * LINE + GAP + labelHeight() + GAP;
        private final ColorBar bar = new ColorBar(
                "share of the true class (%)",
                Palette::blue,
                IntStream.of(0, 1, 5, 20, 50, 100)
                        .mapToObj(percent -> new ColorBar.Tick(shade(percent / 100.0), Integer.toString(percent)))
                        .toList());
        private final int barTop = top + side + 2 * GAP;
        private final List<String> mistakes = numbers ? List.of() : mostFrequentMistakes();
        private final String title = String.format(
                Locale.ROOT,
                "Confusion matrix: %,d of %,d correct, %.2f %%",
                evaluation.correct(),
                evaluation.total(),
                100 * evaluation.accuracy());
        private final Canvas canvas = new Canvas(width(), barTop + ColorBar.HEIGHT + mistakes.size() * LINE + MARGIN);

        private int cellWithNumbers() {
            int most = 0;
            for (int[] row : counts) {
                for (int count : row) {
                    most = Math.max(most, count);
                }
            }
            return Math.max(2 * Canvas.TEXT, Canvas.width(Integer.toString(most), TEXT) + GAP);
        }

        /** Whether all class names fit above their columns; otherwise they are rotated. */
        private boolean upright() {
            return labelWidth <= cell;
        }

        private int labelHeight() {
            return upright() ? labels.getSize() : labelWidth;
        }

        private int width() {
            int right = side + (numbers ? GAP + Canvas.width("100.0 %", TEXT) : 0);
            int below = Math.max(ColorBar.WIDTH, Canvas.width(mistakes, TEXT));
            return Math.max(left + Math.max(right, below), MARGIN + Canvas.width(title, TITLE)) + MARGIN;
        }

        BufferedImage draw() {
            canvas.text(title, TITLE, Palette.INK, MARGIN, MARGIN + Canvas.HEADING);
            canvas.text("predicted", TEXT, Palette.FAINT, left, MARGIN + 2 * LINE);
            canvas.textUpwards("true", TEXT, Palette.FAINT, MARGIN + Canvas.TEXT, top + Canvas.width("true", TEXT));
            if (numbers) {
                canvas.text("recall", TEXT, Palette.FAINT, left + side + GAP, top - GAP);
            }
            for (int label = 0; label < counts.length; label++) {
                label(label);
                for (int predicted = 0; predicted < counts.length; predicted++) {
                    cell(label, predicted);
                }
            }
            grid();
            bar.draw(canvas, left, barTop);
            for (int i = 0; i < mistakes.size(); i++) {
                canvas.text(
                        mistakes.get(i),
                        TEXT,
                        i == 0 ? Palette.FAINT : Palette.INK,
                        left,
                        barTop + ColorBar.HEIGHT + (i + 1) * LINE);
            }
            return canvas.finish();
        }

        private void label(int label) {
            String name = Canvas.fit(names.get(label), labels, labelWidth);
            double middle = (label + 0.5) * cell;
            double baseline = middle + 0.36 * labels.getSize();
            canvas.textEndingAt(name, labels, Palette.INK, left - GAP, top + baseline);
            if (upright()) {
                canvas.textCentered(name, labels, Palette.INK, left + middle, top - GAP);
            } else {
                canvas.textUpwards(name, labels, Palette.INK, left + baseline, top - GAP);
            }
            if (numbers && evaluation.total(label) > 0) {
                String recall = String.format(Locale.ROOT, "%.1f %%", 100 * fraction(label, label));
                canvas.text(recall, labels, Palette.INK, left + side + GAP, top + baseline);
            }
        }

        private void cell(int truth, int predicted) {
            Color color = Palette.blue(shade(fraction(truth, predicted)));
            int x = left + predicted * cell;
            int y = top + truth * cell;
            canvas.fill(color, x, y, cell, cell);
            if (numbers) {
                int count = counts[truth][predicted];
                canvas.textCentered(
                        Integer.toString(count),
                        TEXT,
                        count == 0 ? Palette.LINE : Palette.textOn(color),
                        x + cell / 2.0,
                        y + cell / 2.0 + 0.36 * Canvas.TEXT);
            }
        }

        private void grid() {
            int every = numbers ? 1 : 10;
            for (int i = 0; i <= counts.length; i++) {
                if (i % every == 0 || i == counts.length) {
                    canvas.line(Palette.LINE, 1, left, top + i * cell, left + side, top + i * cell);
                    canvas.line(Palette.LINE, 1, left + i * cell, top, left + i * cell, top + side);
                }
            }
        }
    }

    /** A class without images has a row of zeros. */
    private double fraction(int truth, int predicted) {
        int total = evaluation.total(truth);
        return total == 0 ? 0 : (double) counts[truth][predicted] / total;
    }

    /** The square root makes rare mistakes visible: one in a hundred already has a colour. */
    private static double shade(double fraction) {
        return Math.sqrt(fraction);
    }

    private List<String> mostFrequentMistakes() {
        record Mistake(int truth, int predicted, int images) {}

        List<Mistake> mistakes = new ArrayList<>();
        for (int truth = 0; truth < counts.length; truth++) {
            for (int predicted = 0; predicted < counts.length; predicted++) {
                if (truth != predicted && counts[truth][predicted] > 0) {
                    mistakes.add(new Mistake(truth, predicted, counts[truth][predicted]));
                }
            }
        }
        mistakes.sort(Comparator.comparingInt(Mistake::images).reversed());
        Stream<String> listed = mistakes.stream()
                .limit(MISTAKES_LISTED)
                .map(mistake -> String.format(
                        Locale.ROOT,
                        "%,d of %,d: %s predicted as %s",
                        mistake.images,
                        evaluation.total(mistake.truth),
                        names.get(mistake.truth),
                        names.get(mistake.predicted)));
        return Stream.concat(Stream.of("Most frequent mistakes"), listed).toList();
    }
}
