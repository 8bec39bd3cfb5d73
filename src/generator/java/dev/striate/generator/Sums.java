package dev.striate.generator;

import java.util.List;

/**
 * Sums along runs of neighbouring elements. Lanes are added up side by side, in several chains, for a block of vectors
 * at a time; the lanes' sums then go into one in double precision.
 *
 * <p>The elements behind the last whole vector come first, as the upper lanes of the vector that ends with the run; its
 * other lanes count as 0, and all of them in later blocks. So no vector lives from one block to the next: C2 boxes such
 * a one in some runs.
 */
final class Sums {

    private Sums() {}

    static void write(Loops loops) {
        loops.method("sum", Sums::sum);
        loops.method("sumRuns", Sums::sumRuns);
        loops.method("sumOfSquares", Sums::sumOfSquares);
        loops.method("sumAndDot", Sums::sumAndDot);
    }

    /** A loop over the blocks of a run; the inner part begins at {@code first} and ends before {@code stop}. */
    private static void blocks(Body b, int chains, Runnable block) {
        b.line("int bound = n / LANES * LANES;");
        b.line("int rest = n % LANES;");
        b.block("for (int first = 0; first < bound; first += " + chains + " * CHAIN * LANES)", () -> {
            b.line("int stop = Math.min(first + " + chains + " * CHAIN * LANES, bound);");
            block.run();
            b.line("rest = 0;");
        });
    }

    private static void sum(Body b) {
        b.block("if (n < LANES)", () -> b.line("return DoubleSums.sum(n, x, xOffset);"));
        b.line("double total = 0;");
        blocks(b, 4, () -> {
            b.lanes(1, () -> {
                Expression[] s = new Expression[4];
                for (int chain = 0; chain < 3; chain++) {
                    s[chain] = b.let("s" + chain, b.zero());
                }
                s[3] = b.let("s3", b.load("x", "xOffset + n - LANES").inLast("rest"));
                b.line("int i = first;");
                b.block("for (; i + 4 * LANES <= stop; i += 4 * LANES)", () -> add(b, s, 0, 1, 2, 3));
                b.block("if (i + 2 * LANES <= stop)", () -> {
                    add(b, s, 0, 1);
                    b.line("i += 2 * LANES;");
                });
                b.block("if (i < stop)", () -> b.assign(s[2], s[2].plus(b.load("x", "xOffset + i"))));
                b.store("accumulator.lanes", "0", s[0].plus(s[1]).plus(s[2].plus(s[3])));
            });
            b.line("total += Lanes.fold(accumulator.lanes, 0);");
        });
        b.line("return total;");
    }

    private static void add(Body b, Expression[] sums, int... chains) {
        for (int chain : chains) {
            b.assign(sums[chain], sums[chain].plus(b.load("x", "xOffset + i + " + chain + " * LANES")));
        }
    }

    /**
     * Four runs side by side, a chain for each, and as many of them as a chain may have terms: short ones would spend
     * their time on adding up lanes. A single loop passes from runs to the next, for C2 boxes vectors that live through
     * two.
     */
    private static void sumRuns(Body b) {
        b.line("int terms = (n + LANES - 1) / LANES;");
        b.line("double total = 0;");
        b.line("int done = 0;");
        b.block("if (n >= LANES && terms <= CHAIN)", () -> {
            b.line("int most = CHAIN / terms * terms;");
            b.block("for (int left = runs / 4 * terms; left > 0; left -= most)", () -> {
                b.line("int begin = xOffset + done * step;");
                b.lanes(1, () -> {
                    Expression[] s = new Expression[4];
                    for (int chain = 0; chain < 4; chain++) {
                        s[chain] = b.let("s" + chain, b.zero());
                    }
                    b.line("int at = begin;");
                    b.block("for (int term = Math.min(most, left), i = 0; term > 0; term--)", () -> {
                        // The last vector of a run ends with it; only lanes that the one before had not are taken.
                        b.line("int fresh = Math.min(LANES, n - i);");
                        b.line("int place = at + i + fresh - LANES;");
                        for (int chain = 0; chain < 4; chain++) {
                            Expression taken =
                                    b.load("x", "place + " + chain + " * step").inLast("fresh");
                            b.assign(s[chain], s[chain].plus(taken));
                        }
                        b.line("i += LANES;");
                        b.block("if (i >= n)", () -> {
                            b.line("i = 0;");
                            b.line("at += 4 * step;");
                        });
                    });
                    b.store("accumulator.lanes", "0", s[0].plus(s[1]).plus(s[2].plus(s[3])));
                });
                b.line("total += Lanes.fold(accumulator.lanes, 0);");
                b.line("done += Math.min(most, left) / terms * 4;");
            });
        });
        b.block("for (; done < runs; done++)", () -> b.line("total += sum(n, x, xOffset + done * step, accumulator);"));
        b.line("return total;");
    }

    /** Two chains for each of the sums. */
    private static void sumOfSquares(Body b) {
        b.block("if (n < LANES)", () -> b.line("return DoubleSums.sumOfSquares(n, x, xOffset, center, accumulator);"));
        Expression middle = b.let("middle", b.broadcast("(float) center"));
        b.line("double sums = 0;");
        b.line("double squares = 0;");
        blocks(b, 2, () -> {
            b.lanes(1, () -> {
                Expression s0 = b.let("s0", b.zero());
                Expression q0 = b.let("q0", b.zero());
                Expression s1 = b.let(
                        "s1", b.load("x", "xOffset + n - LANES").minus(middle).inLast("rest"));
                Expression q1 = b.let("q1", s1.times(s1));
                twoByTwo(
                        b,
                        i -> {
                            Expression d =
                                    b.let("d", b.load("x", "xOffset + " + i).minus(middle));
                            return List.of(d, d);
                        },
                        s0,
                        q0,
                        s1,
                        q1);
            });
            b.line("sums += Lanes.fold(accumulator.lanes, 0);");
            b.line("squares += Lanes.fold(accumulator.lanes, LANES);");
        });
        b.line("accumulator.set(sums, 0);");
        b.line("return squares;");
    }

    private static void sumAndDot(Body b) {
        b.block("if (n < LANES)", () -> {
            b.line("DoubleSums.sumAndDot(n, x, xOffset, center, y, yOffset, accumulator);");
            b.line("return;");
        });
        Expression middle = b.let("middle", b.broadcast("(float) center"));
        b.line("double sums = 0;");
        b.line("double dots = 0;");
        blocks(b, 2, () -> {
            b.lanes(1, () -> {
                Expression s0 = b.let("s0", b.zero());
                Expression d0 = b.let("d0", b.zero());
                Expression s1 = b.let("s1", b.load("y", "yOffset + n - LANES").inLast("rest"));
                Expression d1 = b.let(
                        "d1",
                        b.load("x", "xOffset + n - LANES")
                                .minus(middle)
                                .inLast("rest")
                                .times(s1));
                twoByTwo(
                        b,
                        i -> {
                            Expression y = b.let("yValue", b.load("y", "yOffset + " + i));
                            return List.of(y, b.load("x", "xOffset + " + i).minus(middle));
                        },
                        s0,
                        d0,
                        s1,
                        d1);
            });
            b.line("sums += Lanes.fold(accumulator.lanes, 0);");
            b.line("dots += Lanes.fold(accumulator.lanes, LANES);");
        });
        b.block("if (Double.isFinite(sums) && Double.isFinite(dots))", () -> {
            b.line("accumulator.set(sums, dots);");
            b.line("return;");
        });
        // In float32 a product or a partial sum overflows before the result does.
        b.line("DoubleSums.sumAndDot(n, x, xOffset, center, y, yOffset, accumulator);");
    }

    private interface Terms {
        /** What is summed at an index, and what it is multiplied with in the second sum. */
        List<Expression> at(String index);
    }

    /** Two chains of a sum s and of a sum of products q. */
    private static void twoByTwo(Body b, Terms terms, Expression s0, Expression q0, Expression s1, Expression q1) {
        b.line("int i = first;");
        b.block("for (; i + 2 * LANES <= stop; i += 2 * LANES)", () -> {
            add(b, terms.at("i"), s0, q0);
            add(b, terms.at("i + LANES"), s1, q1);
        });
        b.block("if (i < stop)", () -> add(b, terms.at("i"), s0, q0));
        b.store("accumulator.lanes", "0", s0.plus(s1));
        b.store("accumulator.lanes", "LANES", q0.plus(q1));
    }

    private static void add(Body b, List<Expression> terms, Expression s, Expression q) {
        b.assign(s, s.plus(terms.get(0)));
        b.assign(q, terms.get(1).fma(terms.get(0), q));
    }

    /** Dot products of one vector with several lines: four at a time, so that its elements are loaded once for all. */
    static void writeDots(Loops loops) {
        String signature = "(int n, float[] a, int aOffset, float[] b, int bOffset, int step, float[] y, int yOffset,"
                + " float[] scratch)";
        loops.method("private static void dots1" + signature, body -> dots(body, 1));
        loops.method("private static void dots4" + signature, body -> dots(body, 4));
        loops.method("dots", body -> {
            body.line("int line = 0;");
            for (int count : new int[] {4, 1}) {
                body.block(
                        "for (; line <= lines - " + count + "; line += " + count + ")",
                        () -> body.line("dots" + count
                                + "(n, a, aOffset, b, bOffset + line * step, step, y, yOffset + line, scratch);"));
            }
        });
    }

    private static void dots(Body b, int lines) {
        b.line("int bound = n / LANES * LANES;");
        b.lanes(1, () -> {
            Expression[][] s = new Expression[lines][2];
            for (int line = 0; line < lines; line++) {
                for (int chain = 0; chain < 2; chain++) {
                    s[line][chain] = b.let("s" + line + chain, b.zero());
                }
            }
            b.line("int i = 0;");
            b.block("for (; i + 2 * LANES <= bound; i += 2 * LANES)", () -> addProducts(b, s, 2));
            b.block("if (i < bound)", () -> addProducts(b, s, 1));
            for (int line = 0; line < lines; line++) {
                b.store("scratch", line + " * LANES", s[line][0].plus(s[line][1]));
            }
        });
        // One lane after the other: the order in which reduceLanes adds is not specified.
        b.block("for (int line = 0; line < " + lines + "; line++)", () -> {
            b.line("float sum = 0;");
            b.block("for (int i = line * LANES; i < (line + 1) * LANES; i++)", () -> b.line("sum += scratch[i];"));
            b.block(
                    "for (int i = bound; i < n; i++)",
                    () -> b.line("sum = fma(a[aOffset + i], b[bOffset + line * step + i], sum);"));
            b.line("y[yOffset + line] = sum;");
        });
    }

    private static void addProducts(Body b, Expression[][] s, int vectors) {
        for (int v = 0; v < vectors; v++) {
            Expression x = b.let("x" + v, b.load("a", "aOffset + i + " + v + " * LANES"));
            for (int line = 0; line < s.length; line++) {
                Expression factor = b.load("b", "bOffset + " + line + " * step + i + " + v + " * LANES");
                b.assign(s[line][v], x.fma(factor, s[line][v]));
            }
        }
    }
}
