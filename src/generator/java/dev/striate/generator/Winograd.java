package dev.striate.generator;

/**
 * What combines pixels before Winograd's products and the products behind them; {@code WinogradKernels} says what each
 * method does. Neighbours belong together: the scalar version computes pairs of lanes.
 */
final class Winograd {

    private Winograd() {}

    static void write(Loops loops) {
        loops.method("combineOuterColumns", Winograd::outerColumns);
        loops.method("combineInnerColumns", Winograd::innerColumns);
        loops.method("joinTiles", Winograd::joinTiles);
        loops.method("combineChannelLines", Winograd::channelLines);
        loops.method("combineGradientVector", Winograd::gradientVector);
    }

    /** Six values times the transposed B, each stored as soon as it is known. */
    private static void timesB(Body body, Expression[] x, Output output) {
        Expression odd = body.let("odd", x[3].minus(x[1]));
        Expression even = body.let("even", x[4].minus(x[2]));
        Expression factor = body.constant(1.5f);
        output.put(0, factor.fma(odd, x[0].minus(x[2]).plus(even)));
        Expression first = body.let("first", factor.fma(x[2], odd));
        Expression second = body.let("second", factor.fma(x[3], even));
        output.put(1, first.plus(second));
        output.put(2, first.minus(second));
        output.put(3, odd.plus(odd).plus(even));
        output.put(4, odd.minus(even.plus(even)));
        output.put(5, factor.fma(even, x[5].minus(x[3]).minus(odd)));
    }

    private interface Output {
        void put(int row, Expression value);
    }

    /** Of a vector of tiles columns 0 - 2 and 1 - 3, then these times B. */
    private static void outerColumns(Body body) {
        body.lanes(2, () -> {
            Expression[] x = new Expression[6];
            for (int row = 0; row < x.length; row++) {
                String at = "from + " + row + " * step";
                x[row] = body.let("x" + row, body.load("x", at).minus(body.load("x", at + " + 2")));
            }
            timesB(body, x, (row, value) -> body.store("v", "to + " + 2 * row + " * planeStep", value));
        });
    }

    /** Of a vector of tiles columns 1 and 2 times B, then 2 - 1 and 1 + 2. */
    private static void innerColumns(Body body) {
        body.lanes(2, () -> {
            Expression[] x = new Expression[6];
            for (int row = 0; row < x.length; row++) {
                x[row] = body.let("x" + row, body.load("x", "from + " + row + " * step"));
            }
            timesB(body, x, (row, value) -> {
                Expression inner = body.let("inner", value);
                body.store(
                        "v",
                        "to + " + 2 * row + " * planeStep",
                        body.alternating(-1, 1).fma(inner, inner.swapped()));
            });
        });
    }

    /**
     * Combines what is above each other to outer and inner columns of four lines of pixels, then what stands side by
     * side. From right to left and from top to bottom: what a line's last vector writes beyond it, the next line
     * overwrites.
     */
    private static void joinTiles(Body body) {
        body.line("int rightmost = (width - 1) / LANES * LANES;");
        // In a line with as many pixels as its tiles have, the last vector ends with it, unless it is shorter.
        body.line("int last = 2 * tiles == width ? Math.max(0, width - LANES) : width;");
        body.line("int to = yOffset;");
        body.line("int start = mOffset;");
        body.block("for (int line = 0; line < lines; line++, to += TILE_LINES * width, start += 2 * tiles)", () -> {
            body.block("for (int i = rightmost; i >= 0; i -= LANES)", () -> {
                body.line("int x = Math.min(i, last);");
                body.line("int from = start + x;");
                body.lanes(2, () -> {
                    Expression[][] m = new Expression[6][2];
                    for (int row = 1; row < 5; row++) {
                        for (int side = 0; side < 2; side++) {
                            m[row][side] = body.let(
                                    (side == 0 ? "outer" : "inner") + row,
                                    body.load("m", "from + " + (2 * row + side) + " * planeStep"));
                        }
                    }
                    Expression[] sum = new Expression[2];
                    Expression[] difference = new Expression[2];
                    for (int side = 0; side < 2; side++) {
                        sum[side] = body.let("sum", m[1][side].plus(m[2][side]));
                        difference[side] = body.let("difference", m[1][side].minus(m[2][side]));
                    }
                    join(
                            body,
                            0,
                            side -> body.load("m", "from + " + side + " * planeStep")
                                    .plus(sum[side])
                                    .plus(m[3][side].plus(m[4][side])));
                    join(body, 1, side -> weighted(body, m, side, 0.5f, -2, difference[side]));
                    join(body, 2, side -> weighted(body, m, side, 0.25f, 4, sum[side]));
                    join(
                            body,
                            3,
                            side -> weighted(
                                    body,
                                    m,
                                    side,
                                    0.125f,
                                    -8,
                                    body.load("m", "from + " + (10 + side) + " * planeStep")
                                            .plus(difference[side])));
                });
            });
        });
    }

    private interface Side {
        Expression of(int side);
    }

    private static Expression weighted(Body body, Expression[][] m, int side, float w3, float w4, Expression rest) {
        return body.constant(w3).fma(m[3][side], body.constant(w4).fma(m[4][side], rest));
    }

    /** A line of pixels from outer and inner columns. */
    private static void join(Body body, int line, Side sides) {
        Expression outer = body.let("outer", sides.of(0));
        Expression inner = body.let("inner", sides.of(1));
        Expression pixels = body.alternating(1, -1).fma(outer.plus(inner.swapped()), inner);
        body.store("y", "to + " + line + " * width + x", pixels.plus(body.uniform("bias")));
    }

    /**
     * The first line and the second times a sign, combined along them. Two columns of a tile are also the next one's.
     */
    private static void channelLines(Body body) {
        body.lanes(1, () -> {
            Expression[] x = new Expression[4];
            for (int column = 0; column < 2; column++) {
                x[column] = body.let("x" + column, channelPixel(body, column + " * channels"));
            }
            body.line("int ahead = 2 * channels;");
            body.block(
                    "for (int tile = 0, to = vOffset; tile < tiles; tile++, to += channels, ahead += 2 * channels)",
                    () -> {
                        x[2] = body.let("x2", channelPixel(body, "ahead"));
                        x[3] = body.let("x3", channelPixel(body, "ahead + channels"));
                        body.store("v", "to", x[0].minus(x[2]));
                        body.store("v", "to + planeStep", x[1].plus(x[2]));
                        body.store("v", "to + 2 * planeStep", x[2].minus(x[1]));
                        body.store("v", "to + 3 * planeStep", x[1].minus(x[3]));
                        body.assign(x[0], x[2]);
                        body.assign(x[1], x[3]);
                    });
        });
    }

    private static Expression channelPixel(Body body, String at) {
        return body.uniform("sign").fma(body.load("x", "secondLine + " + at), body.load("x", "firstLine + " + at));
    }

    /** A vector of each line, of which so many pixels count. */
    private static void gradientVector(Body body) {
        body.line("int inside = Math.min(pixels, LANES);");
        body.block(
                "for (int line = 0, from = dOffset, to = zOffset; line < lines; line++, from += 2 * width, to += zStep)",
                () -> {
                    // An image's last tiles may have no second line.
                    body.line("boolean whole = 2 * line + 1 < dLines;");
                    body.line("int below = whole ? from + width : from;");
                    body.line("int insideBelow = whole ? inside : 0;");
                    body.lanes(2, () -> {
                        Expression d0 = body.let("d", body.load("d", "from").inFirst("inside"));
                        Expression d1 = body.let("d", body.load("d", "below").inFirst("insideBelow"));
                        Expression[] rows = {d0, body.let("sum", d0.plus(d1)), body.let("difference", d0.minus(d1)), d1
                        };
                        for (int row = 0; row < rows.length; row++) {
                            body.store("z", "to + " + 2 * row + " * planeStep", rows[row]);
                            body.store(
                                    "z",
                                    "to + " + (2 * row + 1) + " * planeStep",
                                    body.alternating(1, -1).fma(rows[row], rows[row].swapped()));
                        }
                    });
                });
    }
}
