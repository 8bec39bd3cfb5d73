package dev.striate.backend;

import java.util.Arrays;

/**
 * A matrix of which few elements are stored, row by row (compressed sparse row format). The stored elements of row i
 * have the numbers {@code start(i)} up to {@code start(i + 1)} (exclusive), in ascending order of their columns.
 */
public final class SparseMatrix {

    private final int columns;
    private final int[] starts;
    private final int[] places;
    private final float[] values;

    private SparseMatrix(int columns, int[] starts, int[] places, float[] values) {
        this.columns = columns;
        this.starts = starts;
        this.places = places;
        this.values = values;
    }

    /**
     * Returns a matrix whose product with a vector is the vector at given positions, interpolated linearly. A position
     * that is a whole number has one element, 1, so that values that are not finite do not spread from the neighbour.
     *
     * @param columns   the length of the vector
     * @param positions one for each row, from 0 to {@code columns - 1}
     */
    public static SparseMatrix interpolation(int columns, double[] positions) {
        int elements = positions.length;
        for (double position : positions) {
            elements += position == (int) position ? 0 : 1;
        }
        int[] starts = new int[positions.length + 1];
        int[] places = new int[elements];
        float[] values = new float[elements];
        int count = 0;
        for (int row = 0; row < positions.length; row++) {
            int lower = (int) positions[row];
            double fraction = positions[row] - lower;
            places[count] = lower;
            values[count++] = (float) (1 - fraction);
            if (fraction > 0) {
                places[count] = lower + 1;
                values[count++] = (float) fraction;
            }
            starts[row + 1] = count;
        }
        return new SparseMatrix(columns, starts, places, values);
    }

    /** Returns the transpose. */
    public SparseMatrix transposed() {
        int[] newStarts = new int[columns + 1];
        for (int place : places) {
            newStarts[place + 1]++;
        }
        for (int row = 0; row < columns; row++) {
            newStarts[row + 1] += newStarts[row];
        }
        int[] next = newStarts.clone();
        int[] newPlaces = new int[places.length];
        float[] newValues = new float[places.length];
        for (int row = 0; row < rows(); row++) {
            for (int k = starts[row]; k < starts[row + 1]; k++) {
                int at = next[places[k]]++;
                newPlaces[at] = row;
                newValues[at] = values[k];
            }
        }
        return new SparseMatrix(rows(), newStarts, newPlaces, newValues);
    }

    /** The number of rows. */
    public int rows() {
        return starts.length - 1;
    }

    /** The number of columns. */
    public int columns() {
        return columns;
    }

    /** The number of stored elements. */
    public int elements() {
        return places.length;
    }

    /** The number of the first stored element of a row; for the number of rows, that of the elements. */
    public int start(int row) {
        return starts[row];
    }

    /** The column of stored element {@code k}. */
    public int column(int k) {
        return places[k];
    }

    /** The value of stored element {@code k}. */
    public float value(int k) {
        return values[k];
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SparseMatrix that
                && columns == that.columns
                && Arrays.equals(starts, that.starts)
                && Arrays.equals(places, that.places)
                && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * Arrays.hashCode(starts) + Arrays.hashCode(places)) + Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return "SparseMatrix(" + rows() + " by " + columns + ", " + elements() + " elements)";
    }
}
