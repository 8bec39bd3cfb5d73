package dev.striate.backend;

/**
 * {@code planes = batch * channels} images whose rows and columns become weighted sums of rows and columns.
 *
 * @param vertical   {@code (outHeight, inHeight)}: the weights of the input's rows in each output row
 * @param horizontal {@code (outWidth, inWidth)}: the same for columns
 */
public record Resample2dGeometry(int planes, SparseMatrix vertical, SparseMatrix horizontal) {

    /** The geometry of the gradient, which takes images of the output's size to those of the input's. */
    public Resample2dGeometry transposed() {
        return new Resample2dGeometry(planes, vertical.transposed(), horizontal.transposed());
    }

    public int inHeight() {
        return vertical.columns();
    }

    public int inWidth() {
        return horizontal.columns();
    }

    public int outHeight() {
        return vertical.rows();
    }

    public int outWidth() {
        return horizontal.rows();
    }
}
