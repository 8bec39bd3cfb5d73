package dev.striate.plot;

import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.data.Dataset;
import dev.striate.train.Evaluation;
import java.awt.Color;
import java.awt.Font;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Images with the predictions of a classifier: mistakes first, then some correct ones. If there are more than fit, the
 * selection is spread evenly over the data set, because many data sets are sorted by class.
 */
public final class Samples extends Picture {

    private static final int COLUMNS = 6;
    private static final int MISTAKE_ROWS = 5;
    private static final int ROWS = 6;
    private static final int SIDE = 96;
    private static final int MARGIN = 16;
    private static final int GAP = 14;
    private static final int FRAME = 3;
    private static final int SIGN = 11;
    private static final int TEXT_WIDTH = SIDE + GAP - SIGN - 9;
    private static final int LINE = Canvas.TEXT + 4;
    private static final int TILE = FRAME + SIDE + FRAME + 2 * LINE + GAP;
    private static final int TOP = MARGIN + Canvas.HEADING + 3 * LINE;
    private static final Font TITLE = Canvas.bold(Canvas.HEADING);
    private static final Font TEXT = Canvas.font(12);
    private static final Color MISTAKE = Palette.VERMILLION;
    private static final Color RIGHT = Palette.BLUE;

    private final Dataset dataset;
    private final Evaluation evaluation;
    private final List<String> names;

    /**
     * Samples of a data set.
     *
     * @param evaluation on all of the data set's images, in their order
     * @throws StriateException if the evaluation covers another number of images, or if the numbers of names and
     *     classes differ
     */
    public Samples(Dataset dataset, Evaluation evaluation, List<String> classNames) {
        if (evaluation.total() != dataset.size() || classNames.size() != evaluation.confusion().length) {
            throw new StriateException("Samples: expected an evaluation of the data set's " + dataset.size()
                    + " images and " + evaluation.confusion().length + " class names, got an evaluation of "
                    + evaluation.total() + " images and " + classNames.size() + " names");
        }
        this.dataset = dataset;
        this.evaluation = evaluation;
        this.names = List.copyOf(classNames);
    }

    @Override
    BufferedImage draw() {
        List<Integer> mistakes = select(false, MISTAKE_ROWS * COLUMNS);
        int rowsLeft = ROWS - (mistakes.size() + COLUMNS - 1) / COLUMNS;
        List<Integer> right = select(true, rowsLeft * COLUMNS);
        // The correct ones start on a new row.
        int firstRight = (mistakes.size() + COLUMNS - 1) / COLUMNS * COLUMNS;
        int rows = (firstRight + right.size() + COLUMNS - 1) / COLUMNS;
        Canvas canvas = new Canvas(2 * MARGIN + COLUMNS * (SIDE + GAP) - GAP, TOP + rows * TILE + MARGIN - GAP);
        int wrong = evaluation.total() - evaluation.correct();
        String title = String.format(Locale.ROOT, "%,d mistakes in %,d images", wrong, evaluation.total());
        canvas.text(title, TITLE, Palette.INK, MARGIN, MARGIN + Canvas.HEADING);
        canvas.cross(MISTAKE, MARGIN, TOP - LINE - SIGN, SIGN);
        canvas.text("wrong: prediction and true class", TEXT, Palette.INK, MARGIN + SIGN + 5, TOP - LINE);
        int second = MARGIN + 3 * (SIDE + GAP);
        canvas.tick(RIGHT, second, TOP - LINE - SIGN, SIGN);
        canvas.text("correct", TEXT, Palette.INK, second + SIGN + 5, TOP - LINE);
        for (int i = 0; i < mistakes.size(); i++) {
            tile(canvas, i, mistakes.get(i));
        }
        for (int i = 0; i < right.size(); i++) {
            tile(canvas, firstRight + i, right.get(i));
        }
        return canvas.finish();
    }

    private List<Integer> select(boolean right, int most) {
        int[] all = IntStream.range(0, dataset.size())
                .filter(index -> isRight(index) == right)
                .toArray();
        int count = Math.min(all.length, most);
        return IntStream.range(0, count)
                .mapToObj(i -> all[(int) ((long) i * all.length / count)])
                .toList();
    }

    private boolean isRight(int index) {
        return evaluation.predictions()[index] == dataset.label(index);
    }

    private void tile(Canvas canvas, int place, int index) {
        int x = MARGIN + place % COLUMNS * (SIDE + GAP);
        int y = TOP + place / COLUMNS * TILE;
        boolean right = isRight(index);
        Shape shape = dataset.imageShape();
        float[] values = new float[shape.elements()];
        dataset.read(index, values, 0);
        canvas.fill(Palette.LINE, x, y + FRAME, SIDE, SIDE);
        canvas.imageWithin(Pixels.image(values, 0, shape), x, y + FRAME, SIDE);
        canvas.frame(right ? RIGHT : MISTAKE, FRAME, x, y + FRAME, SIDE, SIDE);
        int baseline = y + 2 * FRAME + SIDE + LINE;
        String predicted = Canvas.fit(names.get(evaluation.predictions()[index]), TEXT, TEXT_WIDTH);
        canvas.text(predicted, TEXT, Palette.INK, x + SIGN + 5, baseline);
        if (right) {
            canvas.tick(RIGHT, x, baseline - SIGN, SIGN);
        } else {
            canvas.cross(MISTAKE, x, baseline - SIGN, SIGN);
            canvas.text(
                    Canvas.fit("true: " + names.get(dataset.label(index)), TEXT, TEXT_WIDTH),
                    TEXT,
                    Palette.INK,
                    x + SIGN + 5,
                    baseline + LINE);
        }
    }
}
