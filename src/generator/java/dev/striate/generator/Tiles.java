package dev.striate.generator;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Tiles of products. A tile has rows x vectors accumulators, each an independent chain of multiply-adds; at least 8
 * hide the latency. Kernels differ only in how operands are loaded and results stored. There is a method for each
 * shape, since every vector must stay in a local variable of one method, and the methods stay small enough for C2 to
 * inline all of it. Their scalar versions, one for all shapes of a kernel, are written by hand:
 * {@code ScalarProductTiles}, {@code ScalarConvKernels}, {@code ScalarDotTiles} and {@code ScalarWinogradTiles}.
 */
final class Tiles {

    private final Body body;
    private final int rows;
    private final int vectors;
    private final Expression[][] sums;

    /** Declares the accumulators; those of a row begin with the same value. */
    private Tiles(Body body, int rows, int vectors, IntFunction<Expression> start) {
        this.body = body;
        this.rows = rows;
        this.vectors = vectors;
        this.sums = new Expression[rows][vectors];
        for (int row = 0; row < rows; row++) {
            for (int v = 0; v < vectors; v++) {
                Expression first = v > 0 ? sums[row][0] : start.apply(row);
                sums[row][v] = body.let("c" + row + "_" + v, first);
            }
        }
    }

    /**
     * Adds the products of a step. All rows reuse one variable for their factor. With a variable per row, C2 hoists the
     * broadcasts and runs out of registers.
     */
    private void step(IntFunction<Expression> ofRow, IntFunction<Expression> ofVector) {
        List<Expression> columns = new ArrayList<>();
        for (int v = 0; v < vectors; v++) {
            columns.add(body.let("x" + v, ofVector.apply(v)));
        }
        Expression factor = null;
        for (int row = 0; row < rows; row++) {
            if (factor == null) {
                factor = body.let("factor", ofRow.apply(row));
            } else {
                body.assign(factor, ofRow.apply(row));
            }
            for (int v = 0; v < vectors; v++) {
                body.assign(sums[row][v], factor.fma(columns.get(v), sums[row][v]));
            }
        }
    }

    private interface Place {
        String of(int row, int vector);
    }

    /** Adds what an array holds to the accumulators. */
    private void add(String array, Place place) {
        for (int row = 0; row < rows; row++) {
            for (int v = 0; v < vectors; v++) {
                body.assign(sums[row][v], sums[row][v].plus(body.load(array, place.of(row, v))));
            }
        }
    }

    private void store(String array, Place place) {
        for (int row = 0; row < rows; row++) {
            for (int v = 0; v < vectors; v++) {
                body.store(array, place.of(row, v), sums[row][v]);
            }
        }
    }

    /** Declares where each row begins, {@code stride} apart. */
    private static void rowStarts(Body body, String name, int rows, String first, String stride) {
        for (int row = 0; row < rows; row++) {
            body.line("int " + name + row + " = " + (row == 0 ? first : name + (row - 1) + " + " + stride) + ";");
        }
    }

    private static String lanes(int vector) {
        return vector == 0 ? "" : " + " + vector + " * LANES";
    }

    /** A method for each shape, and one that chooses among them by rows or taps; the last shape takes the others. */
    private static void shapes(Loops loops, String name, String choice, Shape... shapes) {
        String signature = loops.signature(name);
        String parameters = signature.substring(signature.indexOf('('));
        for (Shape shape : shapes) {
            loops.vectorMethod(
                    "private static void " + name + shape + parameters, body -> shape.body.write(body, shape));
        }
        loops.vectorMethod(name, body -> {
            for (Shape shape : shapes) {
                String call = name + shape + "(" + String.join(", ", Loops.parameters(signature)) + ");";
                if (shape.equals(shapes[shapes.length - 1])) {
                    body.line(call);
                } else {
                    body.block(
                            "if (" + choice + " == " + (choice.startsWith("tileTaps") ? shape.vectors : shape.rows)
                                    + ")",
                            () -> {
                                body.line(call);
                                body.line("return;");
                            });
                }
            }
        });
    }

    private interface ShapeBody {
        void write(Body body, Shape shape);
    }

    private record Shape(int rows, int vectors, ShapeBody body) {
        @Override
        public String toString() {
            return rows + "x" + vectors;
        }
    }

    /** Of a matrix product. */
    static void writeProducts(Loops loops) {
        // With 32 registers 24 chains, so that broadcasts and unaligned loads stay fewer than multiply-adds, and two
        // steps of the depth in a turn of the loop. With 16 chains and one step, whatever else a turn needs cost an
        // Intel core a fifth of its speed. A third step, for odd depths, is more than C2 inlines on Java 17.
        shapes(
                loops,
                "tile",
                "rows",
                new Shape(12, 2, (body, shape) -> product(body, shape, 2)),
                new Shape(4, 2, (body, shape) -> product(body, shape, 1)));
    }

    /** {@code a} comes four rows after four. */
    private static void product(Body body, Shape shape, int steps) {
        Tiles tile = new Tiles(body, shape.rows, shape.vectors, row -> body.zero());
        StringBuilder increments = new StringBuilder();
        for (int fours = 0; fours < shape.rows / 4; fours++) {
            body.line("int ia" + fours + " = aOffset + " + 4 * fours + " * depth;");
            increments.append(", ia").append(fours).append(" += ").append(4 * steps);
        }
        body.line("int ib = bOffset;");
        String columns = steps * shape.vectors + " * LANES";
        body.block("for (int p = 0; p < depth; p += " + steps + increments + ", ib += " + columns + ")", () -> {
            for (int s = 0; s < steps; s++) {
                int step = s;
                tile.step(
                        row -> body.broadcast("a[ia" + row / 4 + " + " + (4 * step + row % 4) + "]"),
                        v -> body.load("b", "ib" + lanes(step * shape.vectors + v)));
            }
        });
        rowStarts(body, "from", shape.rows, "dOffset", "dStride");
        rowStarts(body, "to", shape.rows, "cOffset", "cStride");
        tile.add("d", (row, v) -> "from" + row + lanes(v));
        tile.store("c", (row, v) -> "to" + row + lanes(v));
    }

    /** Of a convolution, whose second operand is read where it lies; the halves of a row of vectors lie apart. */
    static void writeConvolution(Loops loops) {
        shapes(
                loops,
                "tile",
                "tileRows",
                // For 32 registers.
                new Shape(8, 2, Tiles::convolution),
                new Shape(6, 2, Tiles::convolution),
                // For 16 registers.
                new Shape(4, 2, Tiles::convolution),
                // For three channels, those of a colour picture, and for fewer.
                new Shape(3, 4, Tiles::convolution),
                new Shape(2, 4, Tiles::convolution),
                new Shape(1, 8, Tiles::convolution));
    }

    private static void convolution(Body body, Shape shape) {
        int half = shape.vectors / 2;
        // They start from the bias rather than add it: less for C2 to inline.
        Tiles tile = new Tiles(
                body, shape.rows, shape.vectors, row -> body.broadcast("add ? 0f : bias[biasOffset + " + row + "]"));
        body.line("int second = xOffset + secondX;");
        body.block(
                "for (int p = firstStart, end = firstStart + depth, ia = aOffset; p < end; p++, ia += " + shape.rows
                        + ")",
                () -> {
                    body.line("int start = starts[p];");
                    tile.step(
                            row -> body.broadcast("a[ia + " + row + "]"),
                            v -> body.load(
                                    "x", v < half ? "xOffset + start" + lanes(v) : "second + start" + lanes(v - half)));
                });
        rowStarts(body, "to", shape.rows, "cOffset", "cStride");
        Place place = (row, v) -> "to" + row + (v < half ? lanes(v) : " + secondC" + lanes(v - half));
        body.block("if (add)", () -> tile.add("c", place));
        tile.store("c", place);
    }

    /**
     * Of dot products. One plain loop per tile: C2 then checks all bounds ahead of it, and does not run out of
     * registers. It boxes sums that live through two nested loops.
     */
    static void writeDots(Loops loops) {
        shapes(
                loops,
                "tile",
                "tileTaps(tileRows)",
                // For 32 registers: loads, most of them across two cache lines, just keep up.
                new Shape(4, 4, Tiles::dots),
                // For 32 registers and numbers of rows that 4 does not divide, 6 above all.
                new Shape(3, 5, Tiles::dots),
                // For 16 registers: 9 sums, just enough to hide the latency of a fused multiply-add.
                new Shape(3, 3, Tiles::dots));
    }

    private static void dots(Body body, Shape shape) {
        Tiles tile = new Tiles(body, shape.rows, shape.vectors, row -> body.zero());
        for (int row = 0; row < shape.rows; row++) {
            body.line("int d" + row + " = dyOffset + Math.min(" + row + ", rows - 1) * rowStep;");
        }
        for (int tap = 0; tap < shape.vectors; tap++) {
            body.line("int tap" + tap + " = xOffset + starts[firstStart + " + tap + "];");
        }
        body.block(
                "for (int i = 0; i < positions; i += LANES)",
                () -> tile.step(row -> body.load("dy", "d" + row + " + i"), v -> body.load("x", "tap" + v + " + i")));
        Place place = (row, v) -> "at" + lanes(row * shape.vectors + v);
        tile.add("sums", place);
        tile.store("sums", place);
    }

    /** Of Winograd's products: rows of pairs, each pair's halves in turn along the lanes. */
    static void writeWinograd(Loops loops) {
        shapes(loops, "tile", "tileRows()", new Shape(8, 2, Tiles::pairs), new Shape(4, 2, Tiles::pairs));
        shapes(
                loops,
                "gradientTile",
                "gradientRows()",
                new Shape(8, 2, Tiles::winogradGradient),
                new Shape(4, 2, Tiles::winogradGradient));
    }

    private static void pairs(Body body, Shape shape) {
        Tiles tile = new Tiles(body, shape.rows, shape.vectors, row -> body.zero());
        body.block(
                "for (int p = 0, iu = uOffset, iv = vOffset; p < depth; p++, iu += " + shape.rows + ", iv += vStep)",
                () -> tile.step(
                        row -> body.broadcastPair("u[iu + " + row + "]"), v -> body.load("v", "iv" + lanes(v))));
        rowStarts(body, "to", shape.rows, "mOffset", "mStep");
        tile.store("m", (row, v) -> "to" + row + lanes(v));
    }

    private static void winogradGradient(Body body, Shape shape) {
        Tiles tile = new Tiles(body, shape.rows, shape.vectors, row -> body.zero());
        body.block("for (int p = 0, iv = vOffset; p < depth; p++, iv += vStep)", () -> {
            body.line("int iz = zOffset + starts[p];");
            tile.step(row -> body.broadcast("z[iz" + lanes(row) + "]"), v -> body.load("v", "iv" + lanes(v)));
        });
        rowStarts(body, "to", shape.rows, "cOffset", "cStep");
        Place place = (row, v) -> "to" + row + lanes(v);
        body.block("if (add)", () -> tile.add("c", place));
        tile.store("c", place);
    }
}
