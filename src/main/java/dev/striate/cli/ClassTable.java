package dev.striate.cli;

import dev.striate.disk.PrintableText;
import dev.striate.train.Evaluation;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Prints the evaluation of each class. */
final class ClassTable {

    private static final int MOST_CLASSES_IN_A_MATRIX = 20;
    private static final int LONGEST_NAME = 20;
    private static final int CELL = 6;
    private static final int PAIRS = 10;

    private final Evaluation evaluation;
    private final List<String> names;
    private final int nameColumns;

    ClassTable(Evaluation evaluation, List<String> names) {
        this.evaluation = evaluation;
        this.names = names.stream()
                .map(name -> shortened(PrintableText.of(name), LONGEST_NAME))
                .toList();
        this.nameColumns = Math.max(
                "true class".length(),
                this.names.stream().mapToInt(String::length).max().orElse(0));
    }

    private static String shortened(String name, int columns) {
        return name.length() <= columns ? name : name.substring(0, columns - 1) + "~";
    }

    /** Prints the number of images, recall, precision and F1 of each class. */
    void printScores(PrintStream out) {
        out.printf(
                Locale.ROOT,
                "%-" + nameColumns + "s  %7s  %9s  %9s  %9s%n",
                "class",
                "images",
                "recall",
                "precision",
                "F1");
        for (int label = 0; label < names.size(); label++) {
            out.printf(
                    Locale.ROOT,
                    "%-" + nameColumns + "s  %,7d  %9s  %9s  %9s%n",
                    names.get(label),
                    evaluation.total(label),
                    percent(evaluation.recall(label)),
                    percent(evaluation.precision(label)),
                    percent(evaluation.f1(label)));
        }
    }

    /** Prints the confusion matrix if it fits the terminal, else the pairs of classes that are confused most often. */
    void printConfusion(PrintStream out) {
        if (names.size() <= MOST_CLASSES_IN_A_MATRIX && nameColumns + CELL * names.size() < Terminal.columns()) {
            printMatrix(out);
        } else {
            printPairs(out);
        }
    }

    private void printMatrix(PrintStream out) {
        StringBuilder head = new StringBuilder(String.format("%-" + nameColumns + "s", "true class"));
        names.forEach(name -> head.append(String.format("%" + CELL + "s", shortened(name, CELL - 1))));
        out.println(" ".repeat(nameColumns) + " predicted class");
        out.println(head);
        for (int label = 0; label < names.size(); label++) {
            StringBuilder line = new StringBuilder(String.format("%-" + nameColumns + "s", names.get(label)));
            for (int count : evaluation.confusion()[label]) {
                line.append(String.format("%" + CELL + "s", count == 0 ? "." : Integer.toString(count)));
            }
            out.println(line);
        }
    }

    private record Pair(int label, int predicted, int count) {}

    private void printPairs(PrintStream out) {
        List<Pair> pairs = new ArrayList<>();
        int[][] confusion = evaluation.confusion();
        for (int label = 0; label < confusion.length; label++) {
            for (int predicted = 0; predicted < confusion.length; predicted++) {
                if (label != predicted && confusion[label][predicted] > 0) {
                    pairs.add(new Pair(label, predicted, confusion[label][predicted]));
                }
            }
        }
        pairs.sort(Comparator.comparingInt(Pair::count).reversed());
        out.println("Most frequent confusions:");
        pairs.stream()
                .limit(PAIRS)
                .forEach(pair -> out.printf(
                        Locale.ROOT,
                        "%,7d  %s predicted as %s%n",
                        pair.count,
                        names.get(pair.label),
                        names.get(pair.predicted)));
    }

    static String percent(double fraction) {
        return Double.isNaN(fraction) ? "-" : String.format(Locale.ROOT, "%.2f %%", 100 * fraction);
    }
}
