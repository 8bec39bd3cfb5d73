package dev.striate.op;

import static dev.striate.WindowOption.ceilMode;
import static dev.striate.WindowOption.countIncludePad;
import static dev.striate.WindowOption.dilation;
import static dev.striate.WindowOption.groups;
import static dev.striate.WindowOption.outputPadding;
import static dev.striate.WindowOption.padding;
import static dev.striate.WindowOption.stride;

import dev.striate.ClassificationOptions;
import dev.striate.CrossEntropyResult;
import dev.striate.Generator;
import dev.striate.IntTensor;
import dev.striate.Interpolation;
import dev.striate.LossReduction;
import dev.striate.MaxPool2dResult;
import dev.striate.Padding;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.TopK;
import dev.striate.WindowOption;
import dev.striate.op.OpCase.Arguments;
import dev.striate.op.OpCase.Results;
import dev.striate.op.OpCase.SimpleCall;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * The one list of cases of every operation. A new case is one line here and is checked in every way that {@link
 * OpCasesTest} knows, on every device.
 *
 * <p>Sizes are chosen where kernels break: 1, primes, one less and one more than the tiles of 16, 32 and 64, the
 * work-groups of 256, and the blocks of 256 and 512 that long sums are cut into.
 */
final class OpCases {

    private static final float NAN = Float.NaN;
    private static final float INF = Float.POSITIVE_INFINITY;

    private static final float[] NO_KINKS = {};
    private static final float[] KINK_AT_0 = {0};
    private static final float[] KINKS_AT_3 = {-3, 3};

    private final List<OpCase> cases = new ArrayList<>();

    private OpCases() {}

    static List<OpCase> all() {
        OpCases list = new OpCases();
        list.arithmetic();
        list.comparisons();
        list.unary();
        list.prelu();
        list.reductions();
        list.shapes();
        list.parts();
        list.gather();
        list.topk();
        list.smallest();
        list.prod();
        list.variance();
        list.logSumExp();
        list.matmul();
        list.linear();
        list.conv2d();
        list.convTranspose2d();
        list.maxPool2d();
        list.avgPool2d();
        list.adaptiveAvgPool2d();
        list.im2col();
        list.batchNorm2d();
        list.normPool();
        list.groupNorm();
        list.localResponseNorm();
        list.upsample();
        list.imagePad();
        list.pixelShuffle();
        list.globalMaxPool2d();
        list.dropout();
        list.softmax();
        list.losses();
        list.elementLosses();
        list.classWeights();
        list.shiftedLogits();
        list.networks();
        list.withoutElements();
        return list.cases;
    }

    private OpCase add(String operation, String name, SimpleCall call) {
        OpCase c = OpCase.of(operation, name, call);
        cases.add(c);
        return c;
    }

    // ---- Element by element

    private void arithmetic() {
        int[][][] shapes = {
            {{}, {}},
            {{1}, {1}},
            {{7}, {7}},
            {{257}, {257}},
            {{2, 3, 5}, {2, 3, 5}},
            {{3, 4}, {}},
            {{}, {3, 4}},
            {{5, 7}, {7}},
            {{7}, {5, 7}},
            {{5, 1}, {5, 7}},
            {{5, 1}, {1, 7}},
            {{2, 3, 4, 5}, {3, 1, 1}},
            {{2, 1, 4, 1}, {3, 1, 5}},
            {{65, 33}, {65, 1}},
            {{33, 1, 65}, {1, 17, 1}},
            {{4, 1, 1000}, {4, 3, 1000}},
        };
        for (int[][] pair : shapes) {
            int[] a = pair[0];
            int[] b = pair[1];
            String name = Shape.of(a) + " " + Shape.of(b);
            add("add", name, x -> x.get(0).add(x.get(1))).normal(a).normal(b);
            add("sub", name, x -> x.get(0).sub(x.get(1)))
                    .normal(a)
                    .normal(b)
                    .magnitudesOf(x -> x.get(0).add(x.get(1)));
            add("mul", name, x -> x.get(0).mul(x.get(1))).normal(a).normal(b);
            add("div", name, x -> x.get(0).div(x.get(1))).normal(a).uniform(0.5f, 2, b);
        }
        float[] left = {NAN, INF, -INF, INF, 0, 1, -1, 0, 1};
        float[] right = {1, 1, INF, INF, INF, 0, 0, 0, NAN};
        add("add", "special", x -> x.get(0).add(x.get(1)))
                .values(left, 9)
                .values(right, 9)
                .kinked();
        add("sub", "special", x -> x.get(0).sub(x.get(1)))
                .values(left, 9)
                .values(right, 9)
                .kinked();
        add("mul", "special", x -> x.get(0).mul(x.get(1)))
                .values(left, 9)
                .values(right, 9)
                .kinked();
        add("div", "special", x -> x.get(0).div(x.get(1)))
                .values(left, 9)
                .values(right, 9)
                .kinked();
        add("add", "to itself", x -> x.get(0).add(x.get(0))).normal(3, 5);
        add("mul", "by itself", x -> x.get(0).mul(x.get(0))).normal(3, 5);
        add("div", "by negative values", x -> x.get(0).div(x.get(1)))
                .normal(3, 5)
                .uniform(-2, -0.5f, 3, 5);

        affine("add", "0.1", x -> x.get(0).add(0.1f), 1, 0.1);
        affine("sub", "0.1", x -> x.get(0).sub(0.1f), 1, 0.1);
        affine("mul", "-3.7", x -> x.get(0).mul(-3.7f), 3.7, 0);
        affine("div", "-3", x -> x.get(0).div(-3f), 1 / 3.0, 0);
        affine("neg", "x", x -> x.get(0).neg(), 1, 0);
        // Where 1 / value leaves float32's normal numbers.
        extremeQuotients(1e-39f, 1e-20f);
        extremeQuotients(-0x1p-128f, 1e-20f);
        extremeQuotients(Float.MIN_VALUE, 1e-20f);
        extremeQuotients(3e38f, 1e20f);
        extremeQuotients(-Float.MAX_VALUE, 1e20f);
    }

    private void comparisons() {
        int[][][] shapes = {
            {{}, {}},
            {{1}, {1}},
            {{257}, {257}},
            {{3, 4}, {}},
            {{}, {3, 4}},
            {{5, 7}, {7}},
            {{7}, {5, 7}},
            {{5, 1}, {1, 7}},
            {{2, 1, 4, 1}, {3, 1, 5}},
            {{65, 33}, {65, 1}}
        };
        for (int[][] pair : shapes) {
            int[] a = pair[0];
            int[] b = pair[1];
            String name = Shape.of(a) + " " + Shape.of(b);
            add("maximum", name, x -> x.get(0).maximum(x.get(1)))
                    .normal(a)
                    .normal(b)
                    .accuracy(Accuracy.selection());
            add("minimum", name, x -> x.get(0).minimum(x.get(1)))
                    .normal(a)
                    .normal(b)
                    .accuracy(Accuracy.selection());
            // pow has 16 ulp, which are 32 units, and sums of up to 65 terms follow: less than 8 sqrt(65) units.
            add("pow", "of tensors " + name, x -> x.get(0).pow(x.get(1)))
                    .uniform(0.3f, 3, a)
                    .uniform(-2, 2, b)
                    .accuracy(Accuracy.stable(65));
            Shape shape = Shape.broadcast("where", Shape.of(a), Shape.of(b));
            add("where", name, x -> Tensor.where(pattern(x, shape), x.get(0), x.get(1)))
                    .normal(a)
                    .normal(b)
                    .accuracy(Accuracy.selection());
        }
        add("where", "condition is broadcast", x -> Tensor.where(pattern(x, Shape.of(5, 1)), x.get(0), x.get(1)))
                .normal(5, 7)
                .normal(7)
                .accuracy(Accuracy.selection());
        add("where", "NaN is a condition, -0 is none", x -> Tensor.where(x.get(2), x.get(0), x.get(1)))
                .values(new float[] {1, NAN, -0f, INF}, 4)
                .values(new float[] {5, 6, NAN, -0f}, 4)
                .values(new float[] {NAN, -0f, 2, 0}, 4)
                .constant()
                .kinked()
                .accuracy(Accuracy.selection());
        float[] left = {NAN, INF, -INF, 0, -0f, 1, 2, -1, 1, 0, NAN, -2, -2, 0};
        float[] right = {1, INF, INF, -0f, 0, 1, 1, 0, NAN, 2, NAN, 3, 0.5f, -1};
        add("maximum", "special", x -> x.get(0).maximum(x.get(1)))
                .values(left, left.length)
                .values(right, right.length)
                .kinked();
        add("minimum", "special", x -> x.get(0).minimum(x.get(1)))
                .values(left, left.length)
                .values(right, right.length)
                .kinked();
        add("pow", "of tensors, special", x -> x.get(0).pow(x.get(1)))
                .values(left, left.length)
                .values(right, right.length)
                .kinked()
                .accuracy(Accuracy.relative(40));
        for (float value : new float[] {0, 1}) {
            SimpleCall[] all = {
                x -> x.get(0).eq(x.get(1)), x -> x.get(0).ne(x.get(1)),
                        x -> x.get(0).lt(x.get(1)),
                x -> x.get(0).le(x.get(1)), x -> x.get(0).gt(x.get(1)),
                        x -> x.get(0).ge(x.get(1)),
                x -> x.get(0).eq(value), x -> x.get(0).ne(value), x -> x.get(0).lt(value),
                x -> x.get(0).le(value), x -> x.get(0).gt(value), x -> x.get(0).ge(value)
            };
            for (int i = 0; i < all.length; i++) {
                add("compare", i + " with " + value, all[i])
                        .values(left, left.length)
                        .constant()
                        .values(right, right.length)
                        .constant()
                        .accuracy(Accuracy.relative(0));
            }
        }
    }

    /** A condition: every third element is 0. */
    private static Tensor pattern(Arguments x, Shape shape) {
        float[] values = new float[shape.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 3;
        }
        return Tensor.of(x.device(), shape, values);
    }

    /** Two roundings, as of other quotients. */
    private void extremeQuotients(float value, float scale) {
        add("div", Float.toString(value), x -> x.get(0).div(value))
                .values(new float[] {scale, -3 * scale, scale / 7, 0, NAN, INF, -INF}, 7)
                .upstream(scale, scale, -scale, 5 * scale, scale, scale / 3, 0)
                .kinked()
                .accuracy(Accuracy.relative(2));
    }

    /** Two roundings of the product, one of the sum: at most 2 ulp of what is added. */
    private void affine(String operation, String name, SimpleCall call, double a, double b) {
        for (int[] sizes : new int[][] {{}, {1}, {3, 5}, {257}, {1000}}) {
            OpCase c = add(operation, name + " " + Shape.of(sizes), call).normal(sizes);
            float[] x = c.inputs.get(0).values();
            c.accuracy(Accuracy.ulps(2, (i, y) -> a * Math.abs(x[i]) + b, (i, dx) -> dx));
        }
        OpCase c = add(operation, name + " special", call).normal(7).with(NAN, INF, -INF);
        float[] x = c.inputs.get(0).values();
        c.accuracy(Accuracy.ulps(2, (i, y) -> a * Math.abs(x[i]) + b, (i, dx) -> dx));
    }

    /**
     * Function values are allowed the error that OpenCL 1.2 (section 7.4) grants its built-in functions, the least
     * exact library a kernel can be written with, plus the roundings of the formula around it.
     */
    private void unary() {
        // exp 3 ulp, log 3, sqrt 3, pow 16, tanh 5, division 2.5, other operations 0.5.
        Accuracy exp = Accuracy.relative(3.5);
        for (int[] sizes : new int[][] {{}, {3, 5}, {257}, {1023}}) {
            function("exp", x -> x.get(0).exp(), NO_KINKS, sizes).accuracy(exp);
            positive("log", x -> x.get(0).log(), sizes).accuracy(Accuracy.relative(3.5));
            positive("sqrt", x -> x.get(0).sqrt(), sizes).accuracy(Accuracy.relative(3 + 2.5 + 0.5));
            positive("pow 2.5", x -> x.get(0).pow(2.5f), sizes).accuracy(Accuracy.relative(19.5));
            positive("pow -1", x -> x.get(0).pow(-1), sizes).accuracy(Accuracy.relative(19.5));
            positive("pow 0", x -> x.get(0).pow(0), sizes).accuracy(Accuracy.relative(19.5));
            function("pow 3", x -> x.get(0).pow(3), NO_KINKS, sizes).accuracy(Accuracy.relative(19.5));
            function("pow 2", x -> x.get(0).pow(2), NO_KINKS, sizes).accuracy(Accuracy.relative(19.5));
            function("abs", x -> x.get(0).abs(), KINK_AT_0, sizes).accuracy(Accuracy.relative(0));
            function("clamp", x -> x.get(0).clamp(-0.75f, 1.5f), new float[] {-0.75f, 1.5f}, sizes)
                    .accuracy(Accuracy.relative(0));
            function("relu", x -> x.get(0).relu(), KINK_AT_0, sizes).accuracy(Accuracy.relative(0));
            function("leakyRelu 0.01", x -> x.get(0).leakyRelu(0.01f), KINK_AT_0, sizes)
                    .accuracy(Accuracy.relative(1));
            function("leakyRelu -0.5", x -> x.get(0).leakyRelu(-0.5f), KINK_AT_0, sizes)
                    .accuracy(Accuracy.relative(1));
            function("elu 1", x -> x.get(0).elu(1), KINK_AT_0, sizes).accuracy(elu(1));
            function("elu 1.7", x -> x.get(0).elu(1.7f), KINK_AT_0, sizes).accuracy(elu(1.7));
            function("sigmoid", x -> x.get(0).sigmoid(), NO_KINKS, sizes).accuracy(sigmoid());
            function("silu", x -> x.get(0).silu(), NO_KINKS, sizes).accuracy(silu());
            function("hardSigmoid", x -> x.get(0).hardSigmoid(), KINKS_AT_3, sizes)
                    .accuracy(Accuracy.relative(2));
            function("hardSwish", x -> x.get(0).hardSwish(), KINKS_AT_3, sizes).accuracy(Accuracy.relative(3));
            function("softplus", x -> x.get(0).softplus(), NO_KINKS, sizes).accuracy(Accuracy.relative(6.5));
            function("mish", x -> x.get(0).mish(), NO_KINKS, sizes).accuracy(mish());
            function("tanh", x -> x.get(0).tanh(), NO_KINKS, sizes).accuracy(tanh());
            function("gelu", x -> x.get(0).gelu(), NO_KINKS, sizes).accuracy(gelu());
        }
        // Zeros of either sign, infinities, NaN, and where e^x leaves the range of float32.
        float[] special = {
            NAN, INF, -INF, 0, -0f, 100, -100, 88, -87, -88.5f, 0.625f, -0.625f, 1e-20f, -1e-20f, 1e30f, -1e30f
        };
        special("exp", x -> x.get(0).exp(), special).accuracy(exp);
        special("log", x -> x.get(0).log(), special).accuracy(Accuracy.relative(3.5));
        special("sqrt", x -> x.get(0).sqrt(), special).accuracy(Accuracy.relative(6));
        special("pow 2", x -> x.get(0).pow(2), special).accuracy(Accuracy.relative(19.5));
        special("pow 0.5", x -> x.get(0).pow(0.5f), special).accuracy(Accuracy.relative(19.5));
        special("pow 0", x -> x.get(0).pow(0), special).accuracy(Accuracy.relative(19.5));
        // IEEE 754: 1 to the power of anything is 1, and so is -1 to an infinite power.
        float[] ones = {1, -1, 0.5f, -2, 0, NAN, INF};
        for (float exponent : new float[] {INF, -INF, NAN}) {
            special("pow " + exponent, x -> x.get(0).pow(exponent), ones).accuracy(Accuracy.relative(19.5));
        }
        special("abs", x -> x.get(0).abs(), special).accuracy(Accuracy.relative(0));
        special("clamp", x -> x.get(0).clamp(-1, 0), special).accuracy(Accuracy.relative(0));
        special("relu", x -> x.get(0).relu(), special).accuracy(Accuracy.relative(0));
        special("leakyRelu 0.1", x -> x.get(0).leakyRelu(0.1f), special).accuracy(Accuracy.relative(1));
        special("elu 1", x -> x.get(0).elu(1), special).accuracy(elu(1));
        special("sigmoid", x -> x.get(0).sigmoid(), special).accuracy(sigmoid());
        special("silu", x -> x.get(0).silu(), special).accuracy(silu());
        float[] kinks = {NAN, INF, -INF, 0, -0f, 3, -3, 2.9999998f, -2.9999998f, -1.5f, 5, -5, 1e30f, -1e30f};
        special("hardSigmoid", x -> x.get(0).hardSigmoid(), kinks).accuracy(Accuracy.relative(2));
        special("hardSwish", x -> x.get(0).hardSwish(), kinks).accuracy(Accuracy.relative(3));
        special("softplus", x -> x.get(0).softplus(), special).accuracy(Accuracy.relative(6.5));
        special("mish", x -> x.get(0).mish(), special).accuracy(mish());
        special("tanh", x -> x.get(0).tanh(), special).accuracy(tanh());
        // Not minus infinity, where the formula x F(x) is infinity times 0.
        special("gelu", x -> x.get(0).gelu(), NAN, INF, 0, -0f, 20, -20, 1e-20f, 1e30f)
                .accuracy(gelu());
    }

    private void prelu() {
        int[][][] shapes = {
            {{2, 3, 5, 7}, {3}}, {{2, 3, 5, 7}, {1}}, {{4, 6}, {6}}, {{5}, {1}}, {{}, {1}}, {{33, 17, 3}, {17}}
        };
        for (int[][] pair : shapes) {
            int[] broadcast = new int[Math.max(1, pair[0].length - 1)];
            Arrays.fill(broadcast, 1);
            broadcast[0] = pair[1][0];
            add(
                            "prelu",
                            Shape.of(pair[0]) + " " + Shape.of(pair[1]),
                            x -> x.get(0).prelu(x.get(1)))
                    .awayFrom(KINK_AT_0, pair[0])
                    .normal(pair[1])
                    .magnitudesOf(x -> x.get(0).mul(x.get(1).reshape(broadcast)).add(x.get(0)));
        }
        add("prelu", "special", x -> x.get(0).prelu(x.get(1)))
                .values(new float[] {NAN, INF, -INF, 0, -0f, 1, -1}, 7)
                .values(new float[] {0.25f}, 1)
                .kinked();
    }

    private OpCase function(String function, SimpleCall call, float[] kinks, int... sizes) {
        return add(function, Shape.of(sizes).toString(), call).awayFrom(kinks, sizes);
    }

    private OpCase positive(String function, SimpleCall call, int... sizes) {
        return add(function, Shape.of(sizes).toString(), call).uniform(0.1f, 3, sizes);
    }

    private OpCase special(String function, SimpleCall call, float... values) {
        return add(function, "special", call).values(values, values.length).kinked();
    }

    /**
     * Where e^x - 1 is a difference, the error is relative to its terms, at most 1; the gradient {@code a e^x} is not
     * one.
     */
    private static Accuracy elu(double a) {
        return Accuracy.ulps(4, (i, y) -> y > 0 ? 0 : a, (i, dx) -> dx);
    }

    /** y: 3 ulp of e^-x, half of the sum, 2.5 of the division. In y (1 - y), the error of 1 - y is relative to 1. */
    static Accuracy sigmoid() {
        return (c, reference) -> {
            double[] y = reference.outputs()[0];
            double[] dy = c.upstreamValues(y.length);
            return Accuracy.ulps(7, (i, value) -> value, (i, dx) -> dy[i] * y[i])
                    .of(c, reference);
        };
    }

    /** {@code unary.cl} states 11 for y, and for the derivative 18, of the larger of it and y. */
    static Accuracy silu() {
        return (c, reference) -> {
            double[] y = reference.outputs()[0];
            double[] dy = c.upstreamValues(y.length);
            return Accuracy.ulps(18.5, (i, value) -> value, (i, dx) -> Math.abs(dx) + Math.abs(dy[i] * y[i]))
                    .of(c, reference);
        };
    }

    /** {@code unary.cl} states 20 for y, and for the derivative 48, of the larger of it and y. */
    static Accuracy mish() {
        return (c, reference) -> {
            double[] y = reference.outputs()[0];
            double[] dy = c.upstreamValues(y.length);
            return Accuracy.ulps(48.5, (i, value) -> value, (i, dx) -> Math.abs(dx) + Math.abs(dy[i] * y[i]))
                    .of(c, reference);
        };
    }

    /** y: 5 ulp. In 1 - y^2, the error of y^2, twice that of y, is relative to 1. */
    static Accuracy tanh() {
        return (c, reference) -> {
            double[] dy = c.upstreamValues(reference.outputs()[0].length);
            return Accuracy.ulps(11, (i, y) -> y / 2, (i, dx) -> dy[i]).of(c, reference);
        };
    }

    /**
     * Two quotients 2.5 ulp each, an exponential 3, the polynomial and the product with dy; {@code unary.cl} states 11.
     */
    static Accuracy gelu() {
        return Accuracy.relative(11.5);
    }

    // ---- Reductions

    private void reductions() {
        int[][] shapes = {
            {}, {1}, {7}, {257}, {1025}, {5, 7}, {1, 9}, {2, 3, 4, 5}, {65, 33}, {3, 1000}, {1000, 3}, {2, 17, 63}
        };
        for (int[] sizes : shapes) {
            reduction(sizes);
            for (int axis = 0; axis < sizes.length; axis++) {
                reduction(sizes, axis);
                argmax(sizes, axis);
            }
        }
        reduction(new int[] {2, 3, 4, 5}, 0, 2);
        reduction(new int[] {2, 3, 4, 5}, 1, 3);
        reduction(new int[] {2, 3, 4, 5}, 0, 2, 3);
        reduction(new int[] {2, 3, 4, 5}, -1, -2);
        reduction(new int[] {3, 5, 17, 17}, 0, 2, 3);
        reduction(new int[] {20000});
        for (int[] axes : new int[][] {{}, {0}, {1}}) {
            String name = "of ties " + Arrays.toString(axes);
            add("max", name, x -> x.get(0).max(axes)).ties(13, 17).accuracy(Accuracy.selection());
            add(
                            "max",
                            "NaN and infinity " + Arrays.toString(axes),
                            x -> x.get(0).max(axes))
                    .normal(9, 19)
                    .with(-INF, INF, NAN, -INF, 3, NAN, INF)
                    .accuracy(Accuracy.selection());
            add(
                            "sum",
                            "NaN and infinity " + Arrays.toString(axes),
                            x -> x.get(0).sum(axes))
                    .normal(9, 19)
                    .with(-INF, INF, NAN, -INF);
        }
        add("max", "all minus infinity", x -> x.get(0).max(1))
                .values(fill(15, -INF), 3, 5)
                .kinked()
                .accuracy(Accuracy.selection());
        indices("argmax", "of ties", x -> x.get(0).argmax(1)).ties(13, 17);
        indices("argmax", "NaN", x -> x.get(0).argmax(-1)).normal(9, 19).with(INF, NAN, NAN, -INF);
    }

    private void reduction(int[] sizes, int... axes) {
        String name = Shape.of(sizes) + " over " + (axes.length == 0 ? "all" : Arrays.toString(axes));
        int terms = terms(sizes, axes);
        add("sum", name, x -> x.get(0).sum(axes)).normal(sizes);
        add("sum", name + " kept", x -> x.get(0).sum(axes, true)).normal(sizes);
        add("mean", name, x -> x.get(0).mean(axes)).normal(sizes).accuracy(Accuracy.products(terms));
        add("mean", name + " kept", x -> x.get(0).mean(axes, true))
                .normal(sizes)
                .accuracy(Accuracy.products(terms));
        add("max", name, x -> x.get(0).max(axes)).distinct(sizes).accuracy(Accuracy.selection());
        add("max", name + " kept", x -> x.get(0).max(axes, true))
                .distinct(sizes)
                .accuracy(Accuracy.selection());
    }

    private void argmax(int[] sizes, int axis) {
        indices("argmax", Shape.of(sizes) + " along " + axis, x -> x.get(0).argmax(axis))
                .distinct(sizes);
    }

    private OpCase indices(String operation, String name, Function<Arguments, IntTensor> call) {
        OpCase c = new OpCase(operation, name, x -> new Results(List.of(), List.of(call.apply(x))));
        cases.add(c);
        return c.kinked();
    }

    private static int terms(int[] sizes, int[] axes) {
        Shape shape = Shape.of(sizes);
        int terms = 1;
        for (int axis : axes) {
            terms *= shape.size(axis);
        }
        return axes.length == 0 ? shape.elements() : terms;
    }

    private static float[] fill(int n, float value) {
        float[] values = new float[n];
        Arrays.fill(values, value);
        return values;
    }

    // ---- Moving elements

    private void shapes() {
        exact("reshape", "(2, 3, 4) to (6, 4)", x -> x.get(0).reshape(6, 4)).normal(2, 3, 4);
        exact("reshape", "with -1", x -> x.get(0).reshape(4, -1)).normal(2, 3, 4);
        exact("reshape", "to a scalar", x -> x.get(0).reshape()).normal(1, 1);
        exact("flatten", "from 1", x -> x.get(0).flatten(1)).normal(2, 3, 4, 5);
        exact("flatten", "from 0", x -> x.get(0).flatten(0)).normal(2, 3);
        exact("permute", "(2, 3, 4, 5) to 3 1 0 2", x -> x.get(0).permute(3, 1, 0, 2))
                .normal(2, 3, 4, 5);
        exact("permute", "identity", x -> x.get(0).permute(0, 1, 2)).normal(2, 3, 4);
        exact("permute", "ones", x -> x.get(0).permute(2, 0, 1)).normal(1, 7, 1);
        for (int[] sizes : new int[][] {{1, 1}, {7, 5}, {15, 17}, {16, 16}, {31, 33}, {65, 63}, {1, 257}, {257, 3}}) {
            exact("transpose", Shape.of(sizes).toString(), x -> x.get(0).transpose(0, 1))
                    .normal(sizes);
        }
        exact("transpose", "inner of (3, 17, 33)", x -> x.get(0).transpose(-1, -2))
                .normal(3, 17, 33);
        exact("toNhwc", "(2, 3, 5, 7)", x -> x.get(0).toNhwc()).normal(2, 3, 5, 7);
        exact("toNchw", "(2, 5, 7, 3)", x -> x.get(0).toNchw()).normal(2, 5, 7, 3);
        exact("slice", "first axis", x -> x.get(0).slice(0, 1, 4)).normal(5, 7);
        exact("slice", "last axis", x -> x.get(0).slice(-1, 2, 3)).normal(5, 7);
        exact("slice", "from the end", x -> x.get(0).slice(1, -3, -1)).normal(5, 7, 3);
        exact("slice", "step 3", x -> x.get(0).slice(1, 1, 17, 3)).normal(3, 17, 2);
        exact("slice", "step beyond the end", x -> x.get(0).slice(0, 2, 5, 9)).normal(5, 7);
        exact("concat", "first axis", x -> Tensor.concat(0, x.get(0), x.get(1)))
                .normal(2, 3)
                .normal(5, 3);
        exact("concat", "channels", x -> Tensor.concat(1, x.get(0), x.get(1), x.get(2)))
                .normal(2, 1, 3, 3)
                .normal(2, 4, 3, 3)
                .normal(2, 2, 3, 3);
        exact("concat", "one part", x -> Tensor.concat(1, x.get(0))).normal(2, 3);
        exact("concat", "the same part twice", x -> Tensor.concat(-1, x.get(0), x.get(0)))
                .normal(3, 4);
        exact("pad", "(3, 4) by different sides", x -> x.get(0).pad(new int[] {1, 0}, new int[] {2, 5}, 7))
                .normal(3, 4);
        exact("pad", "images", x -> x.get(0).pad(new int[] {0, 0, 1, 2}, new int[] {0, 0, 3, 4}, 0))
                .normal(2, 3, 4, 5);
        exact("pad", "by nothing", x -> x.get(0).pad(new int[] {0}, new int[] {0}, 0))
                .normal(3);
        exact("pad", "minus infinity", x -> x.get(0).pad(new int[] {1}, new int[] {1}, -INF))
                .normal(3)
                .kinked();
        exact("expand", "(3, 1) to (2, 3, 4)", x -> x.get(0).expand(2, 3, 4)).normal(3, 1);
        exact("expand", "a scalar", x -> x.get(0).expand(33, 17)).normal();
        exact("expand", "nothing", x -> x.get(0).expand(3, 4)).normal(3, 4);
        exact("permute", "special", x -> x.get(0).permute(1, 0)).normal(3, 5).with(NAN, INF, -INF, -0f);
        exact("slice", "greatest step", x -> x.get(0).slice(0, 0, 5, Integer.MAX_VALUE))
                .normal(5, 7);
        exact("slice", "special", x -> x.get(0).slice(0, 0, 2)).normal(3, 5).with(NAN, INF, -INF, -0f);
    }

    private OpCase exact(String operation, String name, SimpleCall call) {
        return add(operation, name, call).accuracy(Accuracy.selection());
    }

    private void parts() {
        exact("slice", "backward", x -> x.get(0).slice(0, 3, 0, -1)).normal(5, 7);
        exact("slice", "backward to the beginning", x -> x.get(0).slice(1, -1, -8, -1))
                .normal(5, 7, 3);
        exact("slice", "backward, step -3", x -> x.get(0).slice(1, 15, -18, -3)).normal(3, 17, 2);
        exact("slice", "backward, one element", x -> x.get(0).slice(0, 0, -6, -1))
                .normal(5, 7);
        exact("slice", "backward, greatest step", x -> x.get(0).slice(0, 4, -6, Integer.MIN_VALUE))
                .normal(5, 7);
        exact("slice", "backward, special", x -> x.get(0).slice(0, 2, 0, -1))
                .normal(3, 5)
                .with(NAN, INF, -INF, -0f);
        exact("flip", "first axis", x -> x.get(0).flip(0)).normal(5, 7);
        exact("flip", "last axis", x -> x.get(0).flip(-1)).normal(5, 257);
        exact("flip", "images", x -> x.get(0).flip(2, 3)).normal(2, 3, 5, 7);
        exact("flip", "outer axes", x -> x.get(0).flip(0, 2)).normal(3, 17, 5, 7);
        exact("flip", "all axes", x -> x.get(0).flip(0, 1, 2)).normal(33, 1, 65);
        exact("flip", "no axis", x -> x.get(0).flip()).normal(3, 4);
        exact("flip", "special", x -> x.get(0).flip(0)).normal(7).with(NAN, INF, -INF, -0f);
        for (int axis : new int[] {0, 1, 2, -1, -3}) {
            exact("stack", "along " + axis, x -> Tensor.stack(axis, x.get(0), x.get(1), x.get(2)))
                    .normal(3, 5)
                    .normal(3, 5)
                    .normal(3, 5);
        }
        exact("stack", "scalars", x -> Tensor.stack(0, x.get(0), x.get(1)))
                .normal()
                .normal();
        exact("stack", "one part", x -> Tensor.stack(1, x.get(0))).normal(7);
        exact("stack", "the same part twice", x -> Tensor.stack(-1, x.get(0), x.get(0)))
                .normal(3, 4);
        exact("squeeze", "all", x -> x.get(0).squeeze()).normal(1, 3, 1, 5);
        exact("squeeze", "some", x -> x.get(0).squeeze(0, 1)).normal(1, 3, 1, 5);
        exact("unsqueeze", "first", x -> x.get(0).unsqueeze(0)).normal(3, 5);
        exact("unsqueeze", "last", x -> x.get(0).unsqueeze(-1)).normal(3, 5);
        split("into 3, 4 and 1", x -> x.get(0).split(1, 3, 4, 1)).normal(5, 8, 3);
        split("into parts of 3", x -> x.get(0).split(0, 3)).normal(8, 5);
        split("into parts of 4", x -> x.get(0).split(-1, 4)).normal(3, 8);
        split("into one part", x -> x.get(0).split(0, 9)).normal(7, 2);
        exact("split", "in another order", x -> {
                    List<Tensor> parts = x.get(0).split(0, 2);
                    return Tensor.concat(0, parts.get(2), parts.get(0), parts.get(2));
                })
                .normal(5, 3);
    }

    private OpCase split(String name, Function<Arguments, List<Tensor>> call) {
        OpCase c = new OpCase("split", name, x -> new Results(call.apply(x), List.of()));
        cases.add(c);
        return c.accuracy(Accuracy.selection());
    }

    // ---- Selecting elements

    private void gather() {
        int[][][] shapes = {
            {{1}, {0}, {1}},
            {{5}, {0}, {9}},
            {{257}, {0}, {63}},
            {{7}, {0}, {1000}},
            {{5, 7}, {0}, {9, 7}},
            {{5, 7}, {1}, {5, 2}},
            {{65, 33}, {1}, {65, 17}},
            {{1, 17}, {-1}, {1, 257}},
            {{2, 3, 4, 5}, {1}, {2, 7, 4, 5}},
            {{2, 3, 4, 5}, {-2}, {2, 3, 1, 5}},
            {{31, 2, 65}, {1}, {31, 5, 65}},
            // Smaller along other axes.
            {{5, 7}, {0}, {9, 3}},
            {{3, 4, 5}, {1}, {1, 6, 2}},
        };
        for (int[][] s : shapes) {
            Shape indices = Shape.of(s[2]);
            int size = Shape.of(s[0]).size(s[1][0]);
            exact(
                            "gather",
                            Shape.of(s[0]) + " along " + s[1][0] + " by " + indices,
                            x -> x.get(0).gather(s[1][0], x.integers(indices, positions(indices.elements(), size))))
                    .normal(s[0]);
            if (size > 1) {
                exact(
                                "gather",
                                Shape.of(s[0]) + " along " + s[1][0] + ", the last " + indices,
                                x -> x.get(0)
                                        .gather(s[1][0], x.integers(indices, fillLabels(indices.elements(), size - 1))))
                        .normal(s[0]);
            }
        }
        exact("gather", "special", x -> x.get(0).gather(0, x.integers(Shape.of(5), 3, 2, 1, 0, 3)))
                .values(new float[] {NAN, INF, -INF, -0f}, 4)
                .kinked();
        exact("gather", "the maxima", x -> {
                    Tensor rows = x.get(0);
                    int[] best = rows.argmax(1).toIntArray();
                    return rows.gather(1, x.integers(Shape.of(13, 1), best));
                })
                .distinct(13, 7);
        int[][] selections = {{1, 0, 1}, {257, 0, 63}, {5, 0, 1000}};
        for (int[] s : selections) {
            indexSelect(new int[] {s[0]}, s[1], s[2]);
        }
        for (int axis = 0; axis < 3; axis++) {
            indexSelect(new int[] {3, 5, 17}, axis, 7);
            indexSelect(new int[] {33, 2, 65}, axis, 1);
        }
        indexSelect(new int[] {10, 64}, 0, 300);
        indexSelect(new int[] {64, 10}, -1, 300);
        exact("indexSelect", "special", x -> x.get(0).indexSelect(0, x.integers(Shape.of(3), 1, 1, 0)))
                .normal(2, 5)
                .with(NAN, INF, -INF, -0f);
        for (int[] sizes : new int[][] {{}, {1}, {7}, {257}, {3, 5}}) {
            for (int classes : new int[] {1, 10, 65}) {
                Shape labels = Shape.of(sizes);
                exact(
                        "oneHot",
                        labels + " of " + classes,
                        x -> x.integers(labels, positions(labels.elements(), classes))
                                .oneHot(classes));
            }
        }
    }

    private void indexSelect(int[] sizes, int axis, int count) {
        int size = Shape.of(sizes).size(axis);
        exact(
                        "indexSelect",
                        count + " of " + Shape.of(sizes) + " along " + axis,
                        x -> x.get(0).indexSelect(axis, x.integers(Shape.of(count), positions(count, size))))
                .normal(sizes);
    }

    /** In no order, some of them several times. */
    private static int[] positions(int count, int size) {
        int[] positions = new int[count];
        for (int i = 0; i < count; i++) {
            positions[i] = (i * 7 + i / 3 * 5) % size;
        }
        return positions;
    }

    private void topk() {
        for (int[] s : new int[][] {{1, 1}, {7, 7}, {10, 5}, {257, 3}}) {
            topk("(" + s[0] + ") by " + s[1], s[1], 0).distinct(s[0]);
            topk("(3, " + s[0] + ", 2) by " + s[1], s[1], 1).distinct(3, s[0], 2);
        }
        topk("of ties", 5, -1).ties(13, 17);
        topk("NaN and infinity", 6, 1).normal(9, 19).with(-INF, INF, NAN, -INF, 3, NAN, INF);
        topk("zeros of either sign", 4, 0)
                .values(new float[] {0, -0f, 0, -1, -0f}, 5)
                .kinked();
    }

    private OpCase topk(String name, int k, int axis) {
        OpCase c = new OpCase("topk", name, x -> {
            TopK top = x.get(0).topk(k, axis);
            return new Results(List.of(top.values()), List.of(top.indices()));
        });
        cases.add(c);
        return c.accuracy(Accuracy.selection());
    }

    // ---- Further reductions

    private void smallest() {
        for (int[] sizes : new int[][] {{}, {1}, {257}, {5, 7}, {2, 3, 4, 5}, {3, 1000}, {1000, 3}}) {
            min(sizes);
            for (int axis = 0; axis < sizes.length; axis++) {
                int along = axis;
                min(sizes, axis);
                indices(
                                "argmin",
                                Shape.of(sizes) + " along " + axis,
                                x -> x.get(0).argmin(along))
                        .distinct(sizes);
            }
        }
        min(new int[] {2, 3, 4, 5}, 0, 2);
        for (int[] axes : new int[][] {{}, {0}, {1}}) {
            exact("min", "of ties " + Arrays.toString(axes), x -> x.get(0).min(axes))
                    .ties(13, 17);
            exact(
                            "min",
                            "NaN and infinity " + Arrays.toString(axes),
                            x -> x.get(0).min(axes))
                    .normal(9, 19)
                    .with(-INF, INF, NAN, -INF, 3, NAN, INF);
        }
        for (int[] sizes : new int[][] {{1}, {257}, {13, 17}, {3, 1000}, {1000, 3}, {3, 1, 17, 5}}) {
            for (int axis = 0; axis < sizes.length; axis++) {
                int along = axis;
                String name = "of ties " + Shape.of(sizes) + " along " + axis;
                indices("argmaxLast", name, x -> x.get(0).argmaxLast(along)).ties(sizes);
                indices("argminLast", name, x -> x.get(0).argminLast(along)).ties(sizes);
            }
        }
        for (int axis : new int[] {0, 1}) {
            String name = "NaN along " + axis;
            indices("argmaxLast", name, x -> x.get(0).argmaxLast(axis))
                    .normal(9, 19)
                    .with(INF, NAN, NAN, -INF, INF);
            indices("argmin", name, x -> x.get(0).argmin(axis)).normal(9, 19).with(INF, NAN, NAN, -INF, INF);
            indices("argminLast", name, x -> x.get(0).argminLast(axis))
                    .normal(9, 19)
                    .with(INF, NAN, NAN, -INF, INF);
        }
    }

    private void min(int[] sizes, int... axes) {
        String name = Shape.of(sizes) + " over " + (axes.length == 0 ? "all" : Arrays.toString(axes));
        exact("min", name, x -> x.get(0).min(axes)).distinct(sizes);
        exact("min", name + " kept", x -> x.get(0).min(axes, true)).distinct(sizes);
    }

    private void prod() {
        for (int[] sizes : new int[][] {{}, {1}, {2}, {7}, {257}, {5, 7}, {2, 3, 4, 5}, {65, 33}, {1, 63, 1}}) {
            if (Shape.of(sizes).elements() <= 257) {
                prod(sizes);
            }
            for (int axis = 0; axis < sizes.length; axis++) {
                prod(sizes, axis);
            }
        }
        prod(new int[] {2, 3, 4, 5}, 0, 2);
        prod(new int[] {2, 3, 4, 5}, -1, 1);
        add("prod", "1025 factors", x -> x.get(0).prod())
                .uniform(0.6f, 1.5f, 1025)
                .accuracy(product(1025));
        // The gradient of a zero is the product of the others, which is 0 if there is another zero.
        add("prod", "with zeros", x -> x.get(0).prod(1))
                .values(new float[] {2, 0, -3, 4, 0, 5, 0, -2, 1, 2, 3, -4}, 3, 4)
                .accuracy(product(4));
        add("prod", "special", x -> x.get(0).prod(1))
                .values(new float[] {2, INF, -3, 1, NAN, 5, INF, 0, 1, -INF, 1, -1}, 4, 3)
                .kinked()
                .accuracy(product(3));
    }

    private void prod(int[] sizes, int... axes) {
        String name = Shape.of(sizes) + " over " + (axes.length == 0 ? "all" : Arrays.toString(axes));
        Accuracy accuracy = product(terms(sizes, axes));
        add("prod", name, x -> x.get(0).prod(axes)).awayFrom(KINK_AT_0, sizes).accuracy(accuracy);
        add("prod", name + " kept", x -> x.get(0).prod(axes, true))
                .awayFrom(KINK_AT_0, sizes)
                .accuracy(accuracy);
    }

    /** Half an ulp for each product; the gradient has one more factor in place of the one that is left out. */
    static Accuracy product(int factors) {
        return Accuracy.relative(0.5 * factors);
    }

    private void variance() {
        for (int[] sizes : new int[][] {{2}, {7}, {63}, {5, 7}, {2, 3, 4, 5}, {33, 3}}) {
            for (int correction : new int[] {1, 0, 2}) {
                variance(sizes, correction);
                for (int axis = 0; correction < 2 && axis < sizes.length; axis++) {
                    variance(sizes, correction, axis);
                }
            }
        }
        variance(new int[] {2, 3, 4, 5}, 1, 0, 2);
        variance(new int[] {2, 3, 4, 5}, -1, -1, 1);
    }

    private void variance(int[] sizes, int correction, int... axes) {
        int terms = terms(sizes, axes);
        if (terms <= correction) {
            return;
        }
        String name = Shape.of(sizes) + " over " + (axes.length == 0 ? "all" : Arrays.toString(axes)) + ", correction "
                + correction;
        add("var", name, x -> x.get(0).var(axes, correction, false))
                .normal(sizes)
                .accuracy(Accuracy.stable(terms));
        add("var", name + " kept", x -> x.get(0).var(axes, correction, true))
                .normal(sizes)
                .accuracy(Accuracy.stable(terms));
        add("std", name, x -> x.get(0).std(axes, correction, false))
                .normal(sizes)
                .accuracy(Accuracy.stable(terms));
        add("std", name + " kept", x -> x.get(0).std(axes, correction, true))
                .normal(sizes)
                .accuracy(Accuracy.stable(terms));
    }

    private void logSumExp() {
        for (int[] sizes : new int[][] {{1}, {7}, {257}, {5, 7}, {2, 3, 4, 5}, {3, 1000}}) {
            for (int axis = 0; axis < sizes.length; axis++) {
                int along = axis;
                add(
                                "logSumExp",
                                Shape.of(sizes) + " along " + axis,
                                x -> x.get(0).logSumExp(along))
                        .normal(sizes)
                        .accuracy(logSumExp(sizes, axis));
            }
        }
        int[] rows = {4, 3};
        add("logSumExp", "large", x -> x.get(0).logSumExp(1))
                .normal(rows)
                .times(1e4f)
                .accuracy(logSumExp(rows, 1))
                .kinked();
        add("logSumExp", "NaN and infinity", x -> x.get(0).logSumExp(1))
                .values(new float[] {1, INF, -INF, NAN, 2, 3, -INF, 5, 6, -INF, -INF, -INF}, rows)
                .constant()
                .accuracy(logSumExp(rows, 1));
    }

    /**
     * A sum of the maximum and a logarithm, whose own error is that of the sum of at most n, relative to 1. The gradient
     * is that of {@link #softmax} times dy.
     */
    static Accuracy logSumExp(int[] sizes, int axis) {
        int n = sizes[axis];
        return (c, reference) -> {
            double dy = largest(c.upstreamValues(reference.outputs()[0].length));
            return Accuracy.ulps(
                            4 + 4 * Math.sqrt(n),
                            (i, y) -> 1 + Math.log(n) + Math.abs(y),
                            (i, dx) -> Math.abs(dx) + dy * errorOfProbability(Math.min(1, Math.abs(dx) / dy)))
                    .of(c, reference);
        };
    }

    // ---- Products

    private void matmul() {
        product("vector vector", false, false, new int[] {7}, new int[] {7});
        product("vector matrix", false, false, new int[] {7}, new int[] {7, 5});
        product("matrix vector", false, false, new int[] {5, 7}, new int[] {7});
        product("vector batch", false, false, new int[] {7}, new int[] {3, 7, 5});
        product("batch vector", false, false, new int[] {3, 5, 7}, new int[] {7});
        int[][] sizes = {
            {1, 1, 1},
            {1, 5, 1},
            {5, 1, 3},
            {1, 1, 9},
            {9, 1, 1},
            {2, 3, 5},
            {7, 11, 13},
            {15, 15, 15},
            {16, 16, 16},
            {17, 17, 17},
            {31, 33, 32},
            {33, 31, 65},
            {63, 64, 65},
            {65, 65, 65},
            {129, 17, 33},
            {1, 300, 70},
            {70, 300, 1},
            {33, 3, 33},
            {13, 257, 19},
            {5, 1031, 7},
            {7, 5, 2100},
            {1030, 5, 3},
            {8, 64, 32},
            {8, 256, 48},
            {9, 513, 33},
            {16, 24, 64},
            {40, 300, 320},
            {200, 3, 34},
            {4, 37, 9},
            {2, 100, 40},
            {3, 2, 2060},
            {1, 600, 33}
        };
        for (int[] s : sizes) {
            products(s[0], s[1], s[2]);
        }
        product("batch", false, false, new int[] {4, 5, 6}, new int[] {4, 6, 7});
        product("batch, left for all", false, false, new int[] {5, 6}, new int[] {3, 6, 4});
        product("batch, left for all, transposed", true, true, new int[] {6, 5}, new int[] {3, 4, 6});
        product("batch, right for all", false, false, new int[] {3, 5, 6}, new int[] {6, 4});
        product("batch, right for all, transposed", true, true, new int[] {3, 6, 5}, new int[] {4, 6});
        product("batch, right for all, second transposed", false, true, new int[] {3, 5, 6}, new int[] {4, 6});
        product("batch, broadcast both ways", false, false, new int[] {2, 1, 4, 5}, new int[] {3, 5, 6});
        product("batch, broadcast, transposed", true, true, new int[] {2, 1, 5, 4}, new int[] {1, 3, 6, 5});
        product("batch of 33", false, false, new int[] {33, 3, 17}, new int[] {33, 17, 2});
        product("batch of 256, large tiles", false, true, new int[] {256, 33, 5}, new int[] {256, 41, 5});
        product("batch of 256, largest tiles", false, false, new int[] {256, 65, 2}, new int[] {256, 2, 66});
        product("batch of larger ones", true, false, new int[] {3, 65, 33}, new int[] {3, 65, 17});
        add("matmul", "NaN and infinity", x -> x.get(0).matmul(x.get(1)))
                .normal(5, 6)
                .with(NAN, INF)
                .normal(6, 7)
                .with(-INF);
        for (int rows : new int[] {1, 3, 13}) {
            add("matmul", "NaN and infinity in " + rows + " rows", x -> x.get(0).matmul(x.get(1)))
                    .normal(rows, 40)
                    .with(NAN, INF)
                    .normal(40, 37)
                    .with(-INF);
            add(
                            "matmul",
                            "NaN and infinity in " + rows + " rows, NT",
                            x -> x.get(0).matmul(x.get(1), false, true))
                    .normal(rows, 40)
                    .with(NAN, INF)
                    .normal(37, 40)
                    .with(-INF);
        }
        add("matmul", "by itself", x -> x.get(0).matmul(x.get(0))).normal(5, 5);
    }

    private void products(int m, int k, int n) {
        String name = m + " x " + k + " x " + n;
        product(name, false, false, new int[] {m, k}, new int[] {k, n});
        product(name + " TN", true, false, new int[] {k, m}, new int[] {k, n});
        product(name + " NT", false, true, new int[] {m, k}, new int[] {n, k});
        product(name + " TT", true, true, new int[] {k, m}, new int[] {n, k});
    }

    private void product(String name, boolean transposeA, boolean transposeB, int[] a, int[] b) {
        add("matmul", name, x -> x.get(0).matmul(x.get(1), transposeA, transposeB))
                .normal(a)
                .normal(b);
    }

    private void linear() {
        int[][] sizes = {
            {1, 1, 1},
            {2, 5, 3},
            {4, 6, 5},
            {7, 13, 3},
            {1, 84, 10},
            {33, 65, 17},
            {64, 31, 63},
            {3, 400, 12},
            {12, 300, 37},
            {2, 5, 2070},
            {1, 400, 120},
            {64, 84, 10}
        };
        for (int[] s : sizes) {
            String name = s[0] + " rows, " + s[1] + " to " + s[2];
            add("linear", name, x -> x.get(0).linear(x.get(1), x.get(2)))
                    .normal(s[0], s[1])
                    .normal(s[2], s[1])
                    .normal(s[2]);
            add("linear", name + ", no bias", x -> x.get(0).linear(x.get(1), null))
                    .normal(s[0], s[1])
                    .normal(s[2], s[1]);
            add("linear", name + ", then ReLU", x -> Linear.withRelu(x.get(0), x.get(1), x.get(2)))
                    .normal(s[0], s[1])
                    .normal(s[2], s[1])
                    .normal(s[2])
                    .kinked();
            add("linear", name + ", after ReLU", x -> x.get(0).relu().linear(x.get(1), x.get(2)))
                    .awayFrom(KINK_AT_0, s[0], s[1])
                    .normal(s[2], s[1])
                    .normal(s[2]);
        }
        for (int[] s : new int[][] {{1, 1, 1}, {33, 65, 17}, {64, 31, 63}, {12, 300, 37}, {64, 84, 10}}) {
            add(
                            "linear",
                            s[0] + " rows, " + s[1] + " to " + s[2] + ", first",
                            x -> x.get(0).linear(x.get(1), x.get(2)))
                    .normal(s[0], s[1])
                    .constant()
                    .normal(s[2], s[1])
                    .normal(s[2]);
        }
        // More than a CPU's cache is thought to hold.
        add("linear", "large, after ReLU", x -> x.get(0).relu().linear(x.get(1), x.get(2)))
                .awayFrom(KINK_AT_0, 3, 2070)
                .normal(130, 2070)
                .normal(130);
        add("linear", "large, then ReLU", x -> Linear.withRelu(x.get(0), x.get(1), x.get(2)))
                .normal(3, 2070)
                .normal(130, 2070)
                .normal(130)
                .kinked();
        add("linear", "no bias, then ReLU", x -> Linear.withRelu(x.get(0), x.get(1), null))
                .normal(5, 18)
                .normal(19, 18)
                .kinked();
        add("linear", "(2, 3, 6), then ReLU", x -> Linear.withRelu(x.get(0), x.get(1), x.get(2)))
                .normal(2, 3, 6)
                .normal(17, 6)
                .normal(17)
                .kinked();
        add("linear", "(2, 3, 6), after ReLU", x -> x.get(0).relu().linear(x.get(1), x.get(2)))
                .awayFrom(KINK_AT_0, 2, 3, 6)
                .normal(5, 6)
                .normal(5);
        add(
                        "linear",
                        "after ReLU and flattening",
                        x -> x.get(0).relu().flatten(1).linear(x.get(1), x.get(2)))
                .awayFrom(KINK_AT_0, 3, 2, 3, 4)
                .normal(5, 24)
                .normal(5);
        add("linear", "a ReLU with another use", x -> {
                    Tensor y = x.get(0).relu();
                    return y.linear(x.get(1), x.get(2)).add(y);
                })
                .awayFrom(KINK_AT_0, 7, 6)
                .normal(6, 6)
                .normal(6);
        add("linear", "gradient of the weight alone", x -> x.get(0).linear(x.get(1), x.get(2)))
                .normal(9, 20)
                .constant()
                .normal(33, 20)
                .normal(33)
                .constant();
        add("linear", "gradient of the bias alone", x -> x.get(0).linear(x.get(1), x.get(2)))
                .normal(9, 20)
                .constant()
                .normal(33, 20)
                .constant()
                .normal(33);
        add("linear", "NaN and infinity, after ReLU", x -> x.get(0).relu().linear(x.get(1), x.get(2)))
                .normal(5, 6)
                .with(NAN, INF, -INF)
                .normal(7, 6)
                .with(NAN, INF)
                .normal(7);
        add("linear", "NaN and infinity, then ReLU", x -> Linear.withRelu(x.get(0), x.get(1), x.get(2)))
                .normal(5, 6)
                .with(NAN, INF, -INF)
                .normal(33, 6)
                .normal(33);
        add("linear", "one vector", x -> x.get(0).linear(x.get(1), x.get(2)))
                .normal(6)
                .normal(5, 6)
                .normal(5);
        add("linear", "(2, 3, 6)", x -> x.get(0).linear(x.get(1), x.get(2)))
                .normal(2, 3, 6)
                .normal(5, 6)
                .normal(5);
    }

    private void conv2d() {
        conv("1x1 image", 1, 1, 1, 1, 1, 1, 1);
        conv("1x1 kernel", 2, 3, 5, 7, 4, 1, 1);
        conv("1x1 kernel, stride 2", 2, 3, 5, 7, 4, 1, 1, stride(2));
        conv("3x3", 2, 1, 8, 8, 4, 3, 3);
        conv("3x3 same", 2, 3, 7, 5, 4, 3, 3, padding(Padding.SAME));
        conv("3x3 padding 1", 3, 5, 7, 6, 4, 3, 3, padding(1));
        conv("5x5 LeNet", 2, 6, 14, 14, 16, 5, 5);
        conv("5x5 same, stride 2", 1, 3, 11, 8, 5, 5, 5, padding(Padding.SAME), stride(2));
        conv("4x4 same", 1, 2, 6, 7, 3, 4, 4, padding(Padding.SAME));
        conv("3x2 full", 2, 2, 4, 5, 3, 3, 2, padding(Padding.FULL));
        conv("3x3 full, dilation 2", 1, 2, 4, 5, 3, 3, 3, padding(Padding.FULL), dilation(2));
        conv("1x4, stride (1, 2), padding (0, 3)", 2, 3, 6, 6, 2, 1, 4, stride(1, 2), padding(0, 3));
        conv("4x1", 1, 3, 11, 8, 4, 4, 1, stride(3, 1), padding(2, 0), dilation(2, 1));
        conv("each side its own padding", 2, 3, 6, 5, 2, 3, 3, padding(0, 1, 2, 3));
        conv("padding wider than the image", 1, 2, 2, 3, 3, 3, 3, padding(5, 7));
        conv("padding wider than image and kernel, stride 3", 1, 2, 2, 2, 3, 3, 3, padding(6), stride(3));
        conv("stride larger than kernel", 2, 3, 11, 12, 4, 2, 3, stride(4, 5));
        conv("stride skips the last rows", 1, 2, 8, 9, 3, 3, 3, stride(3));
        conv("dilation 2", 2, 4, 12, 12, 6, 3, 3, padding(2), dilation(2));
        conv("dilation larger than the image", 1, 2, 4, 3, 3, 2, 2, padding(5), dilation(7, 6));
        conv("dilation and stride", 1, 2, 13, 11, 3, 3, 3, dilation(2, 3), stride(2, 3), padding(1));
        conv("kernel as large as the image", 3, 2, 5, 6, 7, 5, 6);
        conv("whole images of 16 channels", 33, 16, 5, 5, 120, 5, 5);
        conv("whole images of one pixel", 9, 13, 1, 1, 5, 1, 1);
        conv("whole images, stride 3", 3, 2, 4, 5, 3, 4, 5, stride(3));
        conv("whole images, one row, dilation 2", 3, 2, 1, 5, 3, 1, 5, dilation(2, 1));
        conv("whole images, 2 groups", 4, 6, 3, 3, 8, 3, 3, groups(2));
        conv("whole rows", 2, 3, 6, 5, 4, 3, 5);
        conv("one output pixel of many channels", 1, 33, 3, 3, 17, 3, 3);
        conv("2 groups", 3, 6, 12, 6, 8, 1, 3, stride(1, 2), padding(2), dilation(1, 2), groups(2));
        conv("3 groups", 2, 6, 8, 10, 9, 3, 3, padding(1), groups(3));
        conv(
                "3 groups, stride, dilation",
                1,
                6,
                6,
                10,
                9,
                4,
                2,
                stride(3, 2),
                padding(1, 0),
                dilation(2, 1),
                groups(3));
        conv("depthwise", 2, 8, 9, 9, 8, 3, 3, padding(1), groups(8));
        conv("depthwise, stride 2", 2, 5, 9, 8, 5, 3, 3, padding(1), stride(2), groups(5));
        conv("depthwise, 2 outputs each", 1, 3, 7, 7, 6, 3, 3, padding(1), groups(3));
        conv("depthwise, many channels", 1, 67, 5, 5, 67, 3, 3, padding(1), groups(67));
        conv("depthwise, 5x5 over many pixels", 2, 3, 33, 31, 3, 5, 5, padding(2), groups(3));
        conv("depthwise, stride 2, 3 outputs each", 2, 2, 17, 20, 6, 3, 3, padding(1), stride(2), groups(2));
        conv(
                "depthwise, dilation and stride",
                3,
                4,
                13,
                11,
                4,
                2,
                3,
                dilation(2, 3),
                stride(2, 3),
                padding(3),
                groups(4));
        conv("depthwise, stride larger than kernel", 1, 3, 9, 10, 3, 2, 1, stride(3, 4), groups(3));
        for (int tile : new int[] {16, 32, 64}) {
            for (int size = tile - 1; size <= tile + 1; size++) {
                conv(size + " output channels", 1, 2, 5, 4, size, 3, 3, padding(1));
                conv(size + " input channels", 1, size, 4, 5, 3, 3, 3, padding(1));
                conv(size + " output pixels", 1, 2, 3, size + 2, 3, 3, 3);
            }
        }
        conv("33 to 65 channels", 1, 33, 6, 6, 65, 3, 3, padding(1));
        conv("batch 17", 17, 3, 5, 5, 4, 3, 3);
        conv("long sums of weights", 9, 1, 29, 31, 2, 3, 3, padding(1));
        conv("many pixels to 33 channels", 2, 1, 65, 129, 33, 2, 2);
        conv("many pixels from 33 channels", 2, 33, 65, 129, 1, 2, 2, padding(1));
        conv("33 to 33 channels", 1, 33, 6, 6, 33, 1, 1);
        conv("33 to 33 channels, stride 2", 1, 33, 11, 11, 33, 1, 1, stride(2));
        conv("65 to 66 channels", 1, 65, 6, 11, 66, 1, 1);
        for (int width : new int[] {7, 8, 9, 15, 16, 17, 31, 33}) {
            // Rows that a vector just holds, or with one pixel too few or too many, of one line and of two.
            conv(width + " columns", 2, 3, 3, width, 7, 3, 3, padding(1));
            conv(width + " columns, one row, stride 2", 2, 2, 1, 2 * width, 9, 1, 3, stride(2), padding(0, 1));
        }
        // Products by themselves: of images that are loaded in parts, with many weights.
        conv("1x1 of large images", 1, 40, 58, 60, 100, 1, 1);
        conv("1x1 of large images, 2 groups", 2, 80, 58, 60, 10, 1, 1, groups(2));
        conv("1x1 to large images", 1, 7, 61, 59, 40, 1, 1);
        conv("1x1 to large images, 2 groups", 2, 6, 61, 59, 80, 1, 1, groups(2));
        conv("1x1, 40 to 50 channels", 5, 40, 8, 9, 50, 1, 1);
        conv("1x1, 66 to 70 channels, 2 groups", 3, 66, 8, 8, 70, 1, 1, groups(2));
        // Pixels over which the weight's gradient is summed in two parts, of many channels and of few.
        conv("18 by 18 pixels", 1, 2, 18, 18, 9, 1, 1);
        conv("33 by 32 pixels of one channel", 1, 1, 33, 32, 1, 1, 1);
        conv("many weights", 1, 107, 3, 3, 961, 3, 3);
        for (int batch : new int[] {1, 2, 3}) {
            // Positions that fill no vector, just one, one and a bit, and many with or without a rest, in one chain and
            // several.
            for (int size : new int[] {2, 3, 4, 5, 8, 9, 13, 16, 17}) {
                conv(batch + " of " + size + "x" + size + " to 9 channels", batch, 2, size, size, 9, 3, 3, padding(1));
                conv(batch + " of " + size + "x" + size + " in 3 chains", batch, 88, size, size, 8, 3, 3, padding(1));
            }
            conv(batch + " of 16x32 to 1 channel", batch, 3, 16, 32, 1, 3, 3, padding(1));
            conv(batch + " of 4x64 from 1 channel", batch, 1, 4, 64, 3, 3, 3, padding(1));
            conv(batch + " of 9x7 in chains, stride 2", batch, 50, 9, 7, 11, 3, 3, padding(1), stride(2));
            conv(batch + " of 6x7, 5x5, full", batch, 3, 6, 7, 5, 5, 5, padding(Padding.FULL));
            conv(batch + " of 9x8, 2 groups, 5x5", batch, 6, 9, 8, 20, 5, 5, groups(2));
            conv(batch + " of 5x13, dilation 3", batch, 4, 5, 13, 5, 3, 3, padding(3), dilation(3));
        }
        // Many channels and pixels, for which 3x3 has an algorithm of its own. The reference takes seconds, so only the
        // first also runs without a bias.
        conv("48 to 50 channels of 16x16", 6, 48, 16, 16, 50, 3, 3, padding(1));
        convWithBias("96 to 80 channels of 15x15", 8, 96, 15, 15, 80, 3, 3);
        convWithBias("300 to 66 channels of 8x8", 13, 300, 8, 8, 66, 3, 3, padding(1));
        convWithBias("64 to 68 channels, lines of 65 pixels", 2, 64, 10, 65, 68, 3, 3, padding(1));
        convWithBias("64 to 48 channels, lines of 140 pixels", 2, 64, 8, 138, 48, 3, 3, padding(Padding.FULL));
        convWithBias("72 to 72 channels, padding beyond the kernel", 12, 72, 12, 11, 72, 3, 3, padding(3, 4));
        convWithBias("67 to 68 channels, each side its own padding", 9, 67, 13, 15, 68, 3, 3, padding(2, 0, 1, 3));
        convWithRelu("65 to 64 channels of 13x16", 7, 65, 13, 16, 64, 3, 3, padding(1));
        conv("7x7 stride 2", 1, 3, 21, 19, 8, 7, 7, stride(2), padding(3));
        conv("11x11 on 1 channel", 1, 1, 15, 15, 3, 11, 11);
        conv("5x5 LeNet, first", 3, 1, 28, 28, 6, 5, 5, padding(2));
        conv("whole vectors of positions", 2, 2, 16, 16, 5, 3, 3, padding(1));
        conv("positions beyond whole vectors", 5, 3, 20, 17, 8, 3, 3);
        conv("many positions, stride 2", 2, 2, 40, 37, 5, 3, 3, stride(2), padding(1));
        conv("many positions, stride larger than kernel", 1, 2, 50, 34, 3, 1, 1, stride(3, 2));
        conv("many positions, 2 groups, dilation", 3, 4, 22, 24, 6, 3, 2, padding(1, 0), dilation(2, 3), groups(2));
        conv("many positions, padding on one side", 2, 1, 17, 18, 1, 2, 3, padding(0, 3, 0, 0));
        add("conv2d", "gradient of the weight alone", x -> x.get(0).conv2d(x.get(1), x.get(2), padding(1)))
                .normal(2, 2, 17, 17)
                .constant()
                .normal(4, 2, 3, 3)
                .normal(4)
                .constant();
        add("conv2d", "gradient of the bias alone", x -> x.get(0).conv2d(x.get(1), x.get(2), padding(1)))
                .normal(2, 2, 17, 17)
                .constant()
                .normal(4, 2, 3, 3)
                .constant()
                .normal(4);
        add("conv2d", "gradients of weight and bias", x -> x.get(0).conv2d(x.get(1), x.get(2), padding(1)))
                .normal(2, 2, 17, 17)
                .constant()
                .normal(4, 2, 3, 3)
                .normal(4);
        conv("stride far beyond the image", 1, 2, 3, 4, 3, 2, 2, stride(65_536));
        conv("greatest stride", 2, 2, 4, 3, 3, 3, 2, stride(Integer.MAX_VALUE));
        conv("1x1 kernel, greatest dilation", 1, 2, 3, 4, 3, 1, 1, dilation(Integer.MAX_VALUE));
        conv("stride and padding far beyond the image", 2, 2, 3, 4, 3, 2, 3, stride(70_000), padding(70_000, 69_999));
        conv(
                "dilation far beyond the image",
                1,
                4,
                3,
                4,
                6,
                2,
                3,
                dilation(70_000),
                stride(40_000),
                padding(70_000),
                groups(2));
        conv("padding that all windows lie in", 1, 2, 3, 4, 3, 2, 2, stride(Integer.MAX_VALUE), padding(1_000_000_000));
        conv("windows of 1x20 side by side", 2, 4, 3, 65, 6, 1, 20, stride(1, 20), groups(2));
        conv("windows of 9x10 side by side", 2, 3, 19, 31, 4, 9, 10, stride(9, 10));
        conv("windows of 9x9, stride 10", 1, 3, 29, 30, 4, 9, 9, stride(10), padding(1));
        convWithRelu(
                "stride and padding far beyond the image",
                1,
                2,
                3,
                4,
                3,
                2,
                3,
                stride(70_000),
                padding(70_000, 69_999));
        convWithRelu("windows of 9x10 side by side", 1, 3, 19, 31, 4, 9, 10, stride(9, 10));
        convWithRelu("1x1 image", 1, 1, 1, 1, 1, 1, 1);
        convWithRelu("5x5 LeNet", 2, 6, 14, 14, 16, 5, 5);
        convWithRelu("3x3 padding 1", 3, 5, 7, 6, 4, 3, 3, padding(1));
        convWithRelu("stride larger than kernel", 2, 3, 11, 12, 4, 2, 3, stride(4, 5));
        convWithRelu("dilation and stride", 1, 2, 13, 11, 3, 3, 3, dilation(2, 3), stride(2, 3), padding(1));
        convWithRelu("whole images", 33, 16, 5, 5, 17, 5, 5);
        convWithRelu("3 groups, stride", 1, 6, 6, 10, 9, 4, 2, stride(3, 2), padding(1, 0), groups(3));
        convWithRelu("depthwise", 2, 8, 9, 9, 8, 3, 3, padding(1), groups(8));
        convWithRelu("33 to 65 channels", 1, 33, 6, 6, 65, 3, 3, padding(1));
        convWithRelu("whole vectors of positions", 2, 2, 16, 16, 5, 3, 3, padding(1));
        convWithRelu("positions beyond whole vectors", 5, 3, 20, 17, 8, 3, 3);
        convWithRelu("many pixels", 2, 1, 65, 129, 33, 2, 2);
        add("conv2d", "NaN and infinity, then ReLU", x -> Conv2d.withRelu(x.get(0), x.get(1), null, padding(1)))
                .normal(1, 2, 7, 7)
                .with(NAN, INF)
                .normal(3, 2, 3, 3);
        add("conv2d", "NaN and infinity, after ReLU", x -> x.get(0).relu().conv2d(x.get(1), null, padding(1)))
                .normal(1, 2, 7, 7)
                .with(NAN, INF, -INF)
                .normal(3, 2, 3, 3);
        // The first pixel of the second image is one that only one tap may read.
        add("conv2d", "infinity in a corner", x -> x.get(0).conv2d(x.get(1), null))
                .normal(2, 1, 19, 19)
                .with(INF)
                .normal(4, 1, 3, 3);
        add("conv2d", "NaN and infinity", x -> x.get(0).conv2d(x.get(1), null, padding(1)))
                .normal(1, 2, 7, 7)
                .with(NAN, INF)
                .normal(3, 2, 3, 3);
    }

    private void conv(String name, int n, int c, int h, int w, int out, int kh, int kw, WindowOption... options) {
        convWithBias(name, n, c, h, w, out, kh, kw, options);
        add("conv2d", name + ", no bias", x -> x.get(0).conv2d(x.get(1), null, options))
                .normal(n, c, h, w)
                .normal(out, c / groupsOf(options), kh, kw);
    }

    private void convWithBias(
            String name, int n, int c, int h, int w, int out, int kh, int kw, WindowOption... options) {
        add("conv2d", name, x -> x.get(0).conv2d(x.get(1), x.get(2), options))
                .normal(n, c, h, w)
                .normal(out, c / groupsOf(options), kh, kw)
                .normal(out);
    }

    /** ReLU as a kernel's last step, and its gradient as the last of the input gradient's. */
    private void convWithRelu(
            String name, int n, int c, int h, int w, int out, int kh, int kw, WindowOption... options) {
        int perGroup = c / groupsOf(options);
        add("conv2d", name + ", then ReLU", x -> Conv2d.withRelu(x.get(0), x.get(1), x.get(2), options))
                .normal(n, c, h, w)
                .normal(out, perGroup, kh, kw)
                .normal(out)
                .kinked();
        add("conv2d", name + ", no bias, then ReLU", x -> Conv2d.withRelu(x.get(0), x.get(1), null, options))
                .normal(n, c, h, w)
                .normal(out, perGroup, kh, kw)
                .kinked();
        add("conv2d", name + ", after ReLU", x -> x.get(0).relu().conv2d(x.get(1), x.get(2), options))
                .awayFrom(KINK_AT_0, n, c, h, w)
                .normal(out, perGroup, kh, kw)
                .normal(out);
    }

    private static int groupsOf(WindowOption... options) {
        for (WindowOption option : options) {
            if (option.kind() == WindowOption.Kind.GROUPS) {
                return option.height();
            }
        }
        return 1;
    }

    private void convTranspose2d() {
        transposed("1x1", 1, 1, 1, 1, 1, 1, 1);
        transposed("3x3", 2, 3, 4, 5, 2, 3, 3);
        transposed("3x3 stride 2", 2, 3, 4, 5, 2, 3, 3, stride(2));
        transposed("4x4 stride 2 padding 1", 1, 5, 4, 4, 3, 4, 4, stride(2), padding(1));
        transposed("stride 3, output padding", 1, 2, 4, 3, 3, 3, 3, stride(3), padding(1), outputPadding(1, 2));
        transposed("stride larger than kernel", 1, 2, 3, 4, 3, 2, 2, stride(4, 3));
        transposed("dilation", 2, 2, 4, 5, 3, 3, 2, dilation(2, 3));
        transposed("each side its own padding", 1, 2, 5, 6, 3, 3, 3, stride(2), padding(0, 1, 1, 0));
        transposed("2 groups", 2, 4, 3, 3, 6, 3, 3, stride(2), groups(2));
        transposed("depthwise", 1, 5, 4, 4, 5, 3, 3, stride(2), padding(1), groups(5));
        transposed("17 to 33 channels", 1, 17, 3, 4, 33, 3, 3, padding(1));
        transposed("windows of 9x10 side by side", 2, 3, 2, 3, 4, 9, 10, stride(9, 10));
        transposed("stride 9, 2 groups", 1, 4, 2, 3, 6, 10, 9, stride(9), padding(1), groups(2));
        transposed("one pixel, greatest stride", 2, 3, 1, 1, 2, 3, 2, stride(Integer.MAX_VALUE));
        transposed("one pixel, large output", 1, 2, 1, 1, 3, 33, 32);
        transposed("stride and padding far beyond the image", 1, 2, 2, 2, 3, 2, 3, stride(70_000), padding(35_000));
        transposed(
                "stride far beyond the output, output padding",
                1,
                2,
                1,
                2,
                3,
                2,
                2,
                stride(70_000),
                outputPadding(5, 3),
                padding(0, 0, 34_999, 34_999));
    }

    private void transposed(String name, int n, int c, int h, int w, int out, int kh, int kw, WindowOption... options) {
        int perGroup = out / groupsOf(options);
        add("convTranspose2d", name, x -> x.get(0).convTranspose2d(x.get(1), x.get(2), options))
                .normal(n, c, h, w)
                .normal(c, perGroup, kh, kw)
                .normal(out);
        add("convTranspose2d", name + ", no bias", x -> x.get(0).convTranspose2d(x.get(1), null, options))
                .normal(n, c, h, w)
                .normal(c, perGroup, kh, kw);
    }

    // ---- Windows

    private void maxPool2d() {
        maxPool("1x1", 1, 1, 1, 1, 1, 1);
        maxPool("2x2", 2, 3, 8, 8, 2, 2);
        maxPool("2x2, odd image", 2, 2, 7, 9, 2, 2);
        maxPool("2x2, ceil", 2, 2, 7, 9, 2, 2, ceilMode());
        maxPool("3x3, stride 2, padding 1", 1, 3, 10, 11, 3, 3, stride(2), padding(1));
        maxPool("3x3, stride 1, overlapping", 2, 3, 6, 7, 3, 3, stride(1), padding(1));
        maxPool("same", 1, 2, 7, 6, 3, 2, stride(2), padding(Padding.SAME));
        maxPool("2x3, stride (3, 2), padding (1, 0), ceil", 2, 2, 11, 6, 2, 3, stride(3, 2), padding(1, 0), ceilMode());
        maxPool("stride larger than window", 2, 3, 11, 13, 2, 2, stride(4, 3));
        maxPool("dilation", 1, 2, 9, 10, 3, 2, stride(1, 2), dilation(2, 3));
        maxPool("dilation, padding", 2, 2, 7, 7, 3, 3, stride(2), padding(2), dilation(2));
        maxPool("each side its own padding", 1, 2, 6, 5, 3, 3, stride(2), padding(0, 1, 2, 1));
        maxPool("whole image", 3, 5, 7, 6, 7, 6);
        maxPool("17x17 window", 1, 1, 20, 19, 17, 17, stride(1));
        maxPool("many planes", 7, 37, 4, 4, 2, 2);
        maxPool(
                "greatest stride, 1x1 window with the greatest dilation",
                2,
                2,
                3,
                4,
                1,
                1,
                stride(Integer.MAX_VALUE),
                dilation(Integer.MAX_VALUE),
                ceilMode());
        maxPool(
                "dilation far beyond the image",
                1,
                2,
                3,
                4,
                2,
                2,
                dilation(70_000),
                stride(70_000),
                padding(69_999),
                ceilMode());
        maxPool("a window of 2e9 rows", 1, 2, 10, 1, 2_000_000_000, 1, stride(1), padding(1_999_999_999, 0, 0, 0));
        maxPool("a window of 2e9 columns", 1, 2, 1, 40, 1, 2_000_000_000, stride(1), padding(0, 0, 1_999_999_990, 9));
        maxPool(
                "a window of 2e9 columns, stride 3",
                1,
                2,
                1,
                99,
                1,
                2_000_000_000,
                stride(1, 3),
                padding(0, 0, 1_999_999_990, 50),
                ceilMode());
        maxPool(
                "1e9 rows with gaps",
                1,
                2,
                10,
                3,
                1_000_000_000,
                2,
                stride(1),
                dilation(2),
                padding(1_999_999_998, 0, 1, 1));
        maxPool(
                "greatest dilation of rows",
                1,
                2,
                10,
                1,
                2,
                1,
                stride(1),
                dilation(2_147_483_640, 1),
                padding(2_147_483_637, 0, 0, 0));
        maxPool(
                "greatest dilation of columns",
                1,
                2,
                1,
                10,
                1,
                2,
                stride(1),
                dilation(1, 2_147_483_640),
                padding(0, 0, 2_147_483_637, 0));
        for (int width : new int[] {3, 4, 5, 8, 9, 16, 17, 33}) {
            maxPool(width + " columns", 2, 2, 5, 2 * width, 2, 2);
            maxPool(width + " columns, padding 1", 1, 3, 4, width, 3, 3, stride(1), padding(1));
            maxPool(width + " columns, stride 3", 1, 2, 7, 3 * width, 2, 3, stride(3), padding(0, 1));
        }
        maxPool("wide", 1, 1, 3, 260, 3, 3, stride(1), padding(1));
        pooled("ties", 2, 2, stride(1)).ties(2, 3, 7, 7);
        pooled("ties, stride 2, padding 1", 3, 3, stride(2), padding(1)).ties(2, 3, 9, 8);
        pooled("all minus infinity", 2, 2).values(fill(16, -INF), 1, 1, 4, 4).kinked();
        pooled("NaN and infinity", 3, 3, stride(2), padding(1))
                .normal(2, 2, 9, 9)
                .with(NAN, INF, -INF, NAN, NAN, INF);
        pooledWithRelu("ties", 3, 3, stride(2), padding(1)).ties(2, 3, 9, 8);
        pooledWithRelu("NaN and infinity", 3, 3, stride(2), padding(1))
                .normal(2, 2, 9, 9)
                .with(NAN, INF, -INF, NAN, NAN, INF);
        pooled("a window without a pixel", 2, 2, stride(1), padding(2), dilation(2))
                .distinct(1, 2, 1, 1)
                .kinked();
    }

    private void maxPool(String name, int n, int c, int h, int w, int kh, int kw, WindowOption... options) {
        pooled(name, kh, kw, options).distinct(n, c, h, w);
        add("maxPool2d", name + ", without indices", x -> x.get(0).maxPool2d(kh, kw, options))
                .distinct(n, c, h, w)
                .accuracy(Accuracy.selection());
        pooledWithRelu(name, kh, kw, options).distinct(n, c, h, w);
    }

    private OpCase pooledWithRelu(String name, int kh, int kw, WindowOption... options) {
        OpCase c = new OpCase("maxPool2d", name + ", then ReLU", x -> {
            MaxPool2dResult result = MaxPool2d.withRelu(x.get(0), kh, kw, options);
            return new Results(List.of(result.output()), List.of(result.indices()));
        });
        cases.add(c);
        return c.accuracy(Accuracy.selection()).kinked();
    }

    private OpCase pooled(String name, int kh, int kw, WindowOption... options) {
        OpCase c = new OpCase("maxPool2d", name, x -> {
            MaxPool2dResult result = x.get(0).maxPool2dWithIndices(kh, kw, options);
            return new Results(List.of(result.output()), List.of(result.indices()));
        });
        cases.add(c);
        return c.accuracy(Accuracy.selection());
    }

    private void avgPool2d() {
        avgPool("1x1", 1, 1, 1, 1, 1, 1);
        avgPool("2x2", 2, 3, 8, 8, 2, 2);
        avgPool("2x2, ceil", 2, 2, 7, 9, 2, 2, ceilMode());
        avgPool("3x3, stride 2, padding 1", 1, 3, 10, 11, 3, 3, stride(2), padding(1));
        avgPool("3x3, stride 1, overlapping", 2, 3, 6, 7, 3, 3, stride(1), padding(1));
        avgPool("same", 1, 2, 7, 6, 3, 2, stride(2), padding(Padding.SAME));
        avgPool("2x3, stride (3, 2), padding (1, 0), ceil", 2, 2, 11, 6, 2, 3, stride(3, 2), padding(1, 0), ceilMode());
        avgPool("padding 1, ceil over the padded edge", 1, 2, 6, 6, 3, 3, stride(3), padding(1), ceilMode());
        avgPool("stride larger than window", 2, 3, 11, 13, 2, 2, stride(4, 3));
        avgPool("each side its own padding", 1, 2, 6, 5, 3, 3, stride(2), padding(0, 1, 2, 1));
        avgPool("whole image", 3, 5, 7, 6, 7, 6);
        avgPool("many planes", 7, 37, 4, 4, 2, 2);
        avgPool("greatest stride", 2, 2, 3, 4, 2, 3, stride(Integer.MAX_VALUE), padding(1), ceilMode());
        avgPool("65536 cells of padding", 1, 1, 2, 4, 1, 65_536, stride(1, 40_000), padding(0, 40_000), ceilMode());
        avgPool("a window of 2e9 rows", 1, 2, 10, 1, 2_000_000_000, 1, stride(1), padding(1_999_999_999, 0, 0, 0));
        avgPool("a window of 2e9 columns", 1, 2, 1, 40, 1, 2_000_000_000, stride(1), padding(0, 0, 1_999_999_990, 9));
        avgPool(
                "a window of 2e9 columns, stride 3",
                1,
                2,
                1,
                99,
                1,
                2_000_000_000,
                stride(1, 3),
                padding(0, 0, 1_999_999_990, 50),
                ceilMode());
        avgPool("17x17 window", 1, 1, 20, 19, 17, 17, stride(1));
        avgPool("dilation", 1, 2, 9, 10, 3, 2, stride(1, 2), dilation(2, 3));
        avgPool("dilation, padding", 2, 2, 7, 7, 3, 3, stride(2), padding(2), dilation(2));
        avgPool("dilation, padding, ceil", 2, 3, 8, 11, 3, 2, stride(3), padding(3, 2), dilation(2, 4), ceilMode());
        avgPool("dilation, same", 1, 2, 7, 6, 3, 2, dilation(2), padding(Padding.SAME));
        avgPool("dilation, windows without a pixel", 1, 2, 1, 1, 2, 2, stride(1), padding(2), dilation(2));
        avgPool(
                "greatest stride, 1x1 window with the greatest dilation",
                2,
                2,
                3,
                4,
                1,
                1,
                stride(Integer.MAX_VALUE),
                dilation(Integer.MAX_VALUE),
                ceilMode());
        avgPool(
                "dilation far beyond the image",
                1,
                2,
                3,
                4,
                2,
                2,
                dilation(70_000),
                stride(70_000),
                padding(69_999),
                ceilMode());
        avgPool(
                "1e9 rows with gaps",
                1,
                2,
                10,
                3,
                1_000_000_000,
                2,
                stride(1),
                dilation(2),
                padding(1_999_999_998, 0, 1, 1));
        avgPool(
                "greatest dilation of rows",
                1,
                2,
                10,
                1,
                2,
                1,
                stride(1),
                dilation(2_147_483_640, 1),
                padding(2_147_483_637, 0, 0, 0));
        avgPool(
                "greatest dilation of columns",
                1,
                2,
                1,
                10,
                1,
                2,
                stride(1),
                dilation(1, 2_147_483_640),
                padding(0, 0, 2_147_483_637, 0));
        for (int width : new int[] {3, 4, 5, 8, 9, 16, 17, 33}) {
            avgPool(width + " columns", 2, 2, 5, 2 * width, 2, 2);
            avgPool(width + " columns, padding 1", 1, 3, 4, width, 3, 3, stride(1), padding(1));
            avgPool(width + " columns, stride 3", 1, 2, 7, 3 * width, 2, 3, stride(3), padding(0, 1));
        }
        add("avgPool2d", "NaN and infinity", x -> x.get(0).avgPool2d(3, stride(2), padding(1)))
                .normal(2, 2, 9, 9)
                .with(NAN, INF, -INF)
                .accuracy(Accuracy.products(9));
    }

    private void avgPool(String name, int n, int c, int h, int w, int kh, int kw, WindowOption... options) {
        int pixels = Math.min(kh, h) * Math.min(kw, w);
        WindowOption[] inside = Arrays.copyOf(options, options.length + 1);
        inside[options.length] = countIncludePad(false);
        add("avgPool2d", name, x -> x.get(0).avgPool2d(kh, kw, options))
                .normal(n, c, h, w)
                .accuracy(Accuracy.products(pixels));
        add("avgPool2d", name + ", padding not counted", x -> x.get(0).avgPool2d(kh, kw, inside))
                .normal(n, c, h, w)
                .accuracy(Accuracy.products(pixels));
    }

    private void adaptiveAvgPool2d() {
        int[][] sizes = {
            {1, 1, 1, 1, 1, 1},
            {2, 3, 8, 6, 4, 3},
            {1, 2, 7, 5, 3, 2},
            {2, 2, 5, 7, 5, 7},
            {1, 3, 4, 3, 7, 5},
            {1, 2, 13, 11, 1, 4},
            {3, 19, 6, 6, 2, 2}
        };
        for (int[] s : sizes) {
            add(
                            "adaptiveAvgPool2d",
                            s[2] + "x" + s[3] + " to " + s[4] + "x" + s[5],
                            x -> x.get(0).adaptiveAvgPool2d(s[4], s[5]))
                    .normal(s[0], s[1], s[2], s[3])
                    .accuracy(Accuracy.products(s[2] * s[3]));
        }
        for (int[] s : new int[][] {{1, 1, 1, 1}, {2, 3, 7, 5}, {3, 5, 17, 17}, {1, 2, 33, 31}, {2, 65, 4, 4}}) {
            add("globalAvgPool2d", Shape.of(s).toString(), x -> x.get(0).globalAvgPool2d())
                    .normal(s)
                    .accuracy(Accuracy.products(s[2] * s[3]));
        }
    }

    private void im2col() {
        columns("1x1", 2, 3, 4, 5, 1, 1);
        columns("3x3", 2, 3, 6, 5, 3, 3);
        columns("3x3 padding 1", 1, 2, 5, 4, 3, 3, padding(1));
        columns("2x3, stride (3, 2), padding", 2, 2, 7, 8, 2, 3, stride(3, 2), padding(1, 0, 2, 1));
        columns("dilation", 1, 3, 9, 8, 3, 2, dilation(2, 3), padding(1));
        columns("stride larger than window", 1, 2, 9, 9, 2, 2, stride(4));
        columns("padding wider than the image", 1, 1, 2, 2, 3, 3, padding(4));
        columns("full", 1, 2, 3, 4, 2, 3, padding(Padding.FULL));
        columns("17 channels", 3, 17, 5, 5, 3, 3, padding(1));
        columns("stride far beyond the image", 1, 2, 3, 4, 2, 3, stride(Integer.MAX_VALUE));
        columns("stride and padding far beyond the image", 2, 2, 3, 4, 2, 3, stride(70_000), padding(70_000, 69_999));
        columns(
                "stride and dilation with a common divisor",
                1,
                2,
                30,
                25,
                4,
                5,
                stride(4, 6),
                dilation(6, 4),
                padding(3, 2));
        columns("dilation far beyond the image", 1, 1, 3, 4, 2, 3, dilation(70_000), stride(40_000), padding(70_000));
    }

    private void columns(String name, int n, int c, int h, int w, int kh, int kw, WindowOption... options) {
        exact("im2col", name, x -> x.get(0).im2col(kh, kw, options)).normal(n, c, h, w);
        Window window = Window.of("columns", kh, kw, options, WindowOption.Kind.values());
        Padding padding = window.resolve(h, w);
        Shape image = Shape.of(n, c, h, w);
        int windows = window.outHeight(image, h, padding) * window.outWidth(image, w, padding);
        add("col2im", name, x -> x.get(0).col2im(h, w, kh, kw, options)).normal(n, c * kh * kw, windows);
    }

    // ---- Layers with state of their own

    private void batchNorm2d() {
        int[][] sizes = {
            {2, 1, 1, 1},
            {1, 1, 2, 1},
            {4, 3, 6, 5},
            {1, 5, 4, 4},
            {3, 17, 1, 1},
            {2, 2, 16, 16},
            {5, 3, 17, 15},
            {64, 2, 7, 7},
            {3, 2, 65, 33},
            {2, 65, 3, 3}
        };
        for (int[] s : sizes) {
            trained(Shape.of(s).toString(), 0.1f, 1e-5f, true)
                    .normal(s)
                    .uniform(0.5f, 2, s[1])
                    .normal(s[1])
                    .normal(s[1])
                    .constant()
                    .uniform(0.5f, 2, s[1])
                    .constant();
            evaluated(Shape.of(s).toString(), 1e-5f)
                    .normal(s)
                    .uniform(0.5f, 2, s[1])
                    .normal(s[1])
                    .normal(s[1])
                    .constant()
                    .uniform(0.5f, 2, s[1])
                    .constant();
            add(
                            "batchNorm2d",
                            Shape.of(s) + ", training, then ReLU",
                            x -> BatchNorm2d.withRelu(
                                    x.get(0), new BatchNorm2d.Settings(x.get(1), x.get(2), null, null, true, 0, 1e-5f)))
                    .accuracy(new BatchNorm2dAccuracy(true, 0, 1e-5f))
                    .normal(s)
                    .uniform(0.5f, 2, s[1])
                    .normal(s[1])
                    .kinked();
            add(
                            "batchNorm2d",
                            Shape.of(s) + ", evaluating, then ReLU",
                            x -> BatchNorm2d.withRelu(
                                    x.get(0),
                                    new BatchNorm2d.Settings(x.get(1), x.get(2), x.get(3), x.get(4), false, 0, 1e-5f)))
                    .accuracy(new BatchNorm2dAccuracy(false, 0, 1e-5f))
                    .normal(s)
                    .uniform(0.5f, 2, s[1])
                    .normal(s[1])
                    .normal(s[1])
                    .constant()
                    .uniform(0.5f, 2, s[1])
                    .constant()
                    .kinked();
        }
        trained("without running statistics", 0.1f, 1e-5f, false)
                .normal(4, 3, 5, 5)
                .normal(3)
                .normal(3);
        trained("momentum 1", 1, 1e-3f, true)
                .normal(4, 3, 5, 5)
                .normal(3)
                .normal(3)
                .normal(3)
                .constant()
                .uniform(0.5f, 2, 3)
                .constant();
        trained("mean far from 0", 0.1f, 1e-5f, true)
                .uniform(999, 1003, 4, 2, 9, 9)
                .normal(2)
                .normal(2)
                .normal(2)
                .constant()
                .uniform(0.5f, 2, 2)
                .constant();
        // The mean of equal elements is that element, although their sum is rounded.
        for (float value : new float[] {3, 0.1f, 1000.3f, 12345.678f, -1e8f}) {
            for (int[] s : new int[][] {{2, 1, 5, 5}, {4, 1, 33, 31}}) {
                trained("constant channel " + value + " " + Shape.of(s), 0.1f, 1e-5f, true)
                        .values(fill(Shape.of(s).elements(), value), s)
                        .normal(1)
                        .normal(1)
                        .normal(1)
                        .constant()
                        .uniform(0.5f, 2, 1)
                        .constant()
                        .kinked();
            }
        }
        trained("nearly constant channel", 0.1f, 1e-5f, true)
                .uniform(12345.67f, 12345.69f, 4, 1, 33, 31)
                .normal(1)
                .normal(1)
                .normal(1)
                .constant()
                .uniform(0.5f, 2, 1)
                .constant()
                .kinked();
        trained("NaN in one channel", 0.1f, 1e-5f, true)
                .normal(2, 3, 5, 5)
                .with(NAN)
                .normal(3)
                .normal(3)
                .normal(3)
                .constant()
                .uniform(0.5f, 2, 3)
                .constant();
        // Distances from the mean whose squares, or the sums of these, are beyond float32 or vanish.
        for (float size : new float[] {1e-25f, 1e18f, 1e20f, 1e32f, 1e37f}) {
            for (int[] s : new int[][] {{5, 2, 3, 5}, {4, 2, 33, 31}}) {
                trained("around " + size + " " + Shape.of(s), 0.1f, 1e-5f, true)
                        .normal(s)
                        .times(size)
                        .normal(2)
                        .normal(2)
                        .normal(2)
                        .constant()
                        .uniform(0.5f, 2, 2)
                        .constant()
                        .kinked();
            }
        }
        // Gradients whose products with the distances, or the sums of these, are beyond float32 although the results
        // are not.
        for (float[] size :
                new float[][] {{1e20f, 1e20f}, {5e10f, 1e30f}, {1e30f, 1e10f}, {1e30f, 1e30f}, {1e-10f, 1e35f}}) {
            for (int[] s : new int[][] {{5, 2, 3, 5}, {4, 2, 33, 31}, {3, 3, 8, 8}}) {
                String name = "around " + size[0] + ", gradients around " + size[1] + " " + Shape.of(s);
                trained(name, 0.1f, 1e-5f, false)
                        .normal(s)
                        .times(size[0])
                        .normal(s[1])
                        .normal(s[1])
                        .upstreamTimes(size[1])
                        .kinked();
            }
        }
        trained("(N, C)", 0.1f, 1e-5f, true)
                .normal(33, 7)
                .normal(7)
                .normal(7)
                .normal(7)
                .constant()
                .uniform(0.5f, 2, 7)
                .constant();
    }

    private OpCase trained(String name, float momentum, float epsilon, boolean running) {
        OpCase c = new OpCase("batchNorm2d", name + ", training", x -> {
            Tensor mean = running ? x.get(3) : null;
            Tensor variance = running ? x.get(4) : null;
            Tensor y = x.get(0).batchNorm2d(x.get(1), x.get(2), mean, variance, true, momentum, epsilon);
            return running ? Results.of(y, x.get(3), x.get(4)) : Results.of(y);
        });
        cases.add(c);
        return c.accuracy(new BatchNorm2dAccuracy(true, momentum, epsilon));
    }

    private OpCase evaluated(String name, float epsilon) {
        return add(
                        "batchNorm2d",
                        name + ", evaluating",
                        x -> x.get(0).batchNorm2d(x.get(1), x.get(2), x.get(3), x.get(4), false, 0.1f, epsilon))
                .accuracy(new BatchNorm2dAccuracy(false, 0, epsilon));
    }

    /** On the reference, which has no kernels for it, normalisation and then pooling. */
    private void normPool() {
        normPool("2x2", new int[] {4, 3, 6, 5}, 2);
        normPool("2x2, many channels", new int[] {2, 17, 4, 4}, 2);
        normPool("2x2, odd image", new int[] {3, 2, 7, 9}, 2);
        normPool("3x3, stride 2, padding 1", new int[] {2, 3, 7, 6}, 3, stride(2), padding(1));
        normPool("3x3, stride 1, dilation 2, padding 2", new int[] {2, 2, 5, 6}, 3, stride(1), dilation(2), padding(2));
        normPool("stride larger than window", new int[] {2, 3, 7, 8}, 2, stride(3, 4));
        largeNormPool(1e20f, 1e20f, 2);
        largeNormPool(5e10f, 1e30f, 3, stride(2), padding(1));
        largeNormPool(1e30f, 1e10f, 3, stride(2), padding(1));
    }

    /** Gradients whose products with the distances are beyond float32 although the results are not. */
    private void largeNormPool(float size, float gradients, int kernel, WindowOption... options) {
        for (int[] s : new int[][] {{3, 2, 6, 8}, {4, 2, 33, 31}}) {
            String name = "around " + size + ", gradients around " + gradients + " " + Shape.of(s);
            add(
                            "normPool",
                            name,
                            x -> NormPool.runsOn(x.device())
                                    ? NormPool.apply(
                                            x.get(0),
                                            new BatchNorm2d.Settings(x.get(1), x.get(2), null, null, true, 0.1f, 1e-5f),
                                            false,
                                            kernel,
                                            kernel,
                                            options)
                                    : x.get(0)
                                            .batchNorm2d(x.get(1), x.get(2), null, null, true, 0.1f, 1e-5f)
                                            .maxPool2d(kernel, options))
                    .accuracy((c, reference) -> new Accuracy.Tolerances(
                            shareOfLargest(reference.outputs()), shareOfLargest(reference.gradients())))
                    .normal(s)
                    .times(size)
                    .uniform(0.5f, 2, s[1])
                    .normal(s[1])
                    .upstreamTimes(gradients)
                    .kinked();
        }
    }

    private static double[][] shareOfLargest(double[][] values) {
        double[][] shares = new double[values.length][];
        for (int i = 0; i < values.length; i++) {
            shares[i] = new double[values[i].length];
            Arrays.fill(
                    shares[i],
                    1e-5 * Arrays.stream(values[i]).map(Math::abs).max().orElse(0));
        }
        return shares;
    }

    private void normPool(String name, int[] sizes, int kernel, WindowOption... options) {
        for (boolean training : new boolean[] {true, false}) {
            for (boolean relu : new boolean[] {true, false}) {
                String how = (training ? ", training" : ", evaluating") + (relu ? ", then ReLU" : "");
                add("normPool", name + how, x -> {
                            Tensor mean = training ? null : x.get(3);
                            Tensor variance = training ? null : x.get(4);
                            if (NormPool.runsOn(x.device())) {
                                BatchNorm2d.Settings settings = new BatchNorm2d.Settings(
                                        x.get(1), x.get(2), mean, variance, training, 0.1f, 1e-5f);
                                return NormPool.apply(x.get(0), settings, relu, kernel, kernel, options);
                            }
                            Tensor y = x.get(0)
                                    .batchNorm2d(x.get(1), x.get(2), mean, variance, training, 0.1f, 1e-5f)
                                    .maxPool2d(kernel, options);
                            return relu ? y.relu() : y;
                        })
                        .accuracy(Accuracy.stable(sizes[0] * sizes[2] * sizes[3]))
                        .normal(sizes)
                        .uniform(0.5f, 2, sizes[1])
                        .normal(sizes[1])
                        .normal(sizes[1])
                        .constant()
                        .uniform(0.5f, 2, sizes[1])
                        .constant()
                        .kinked();
            }
        }
    }

    /** The mask must be the very same; what is kept is rounded once. */
    private void groupNorm() {
        int[][] sizes = {
            {1, 1, 2, 1},
            {2, 6, 3, 5},
            {3, 4, 1, 1},
            {5, 6},
            {2, 6, 7},
            {1, 12, 17, 15},
            {2, 4, 65, 33},
            {33, 18, 2, 2},
        };
        for (int[] s : sizes) {
            for (int groups : new int[] {1, 2, 3, s[1]}) {
                if (s[1] % groups == 0) {
                    grouped(Shape.of(s).toString(), groups, 1e-5f, s)
                            .normal(s)
                            .uniform(0.5f, 2, s[1])
                            .normal(s[1]);
                }
            }
        }
        int[] s = {3, 4, 5, 3};
        for (int groups : new int[] {2, 4}) {
            String name = groups + " groups";
            add("groupNorm", name + ", no weight, no bias", x -> x.get(0).groupNorm(groups, null, null, 1e-3f))
                    .accuracy(groupAccuracy(groups, 1e-3f, -1, -1, s))
                    .normal(s);
            add("groupNorm", name + ", no weight", x -> x.get(0).groupNorm(groups, null, x.get(1), 1e-5f))
                    .accuracy(groupAccuracy(groups, 1e-5f, -1, 1, s))
                    .normal(s)
                    .normal(4);
            add("groupNorm", name + ", no bias", x -> x.get(0).groupNorm(groups, x.get(1), null, 1e-5f))
                    .accuracy(groupAccuracy(groups, 1e-5f, 1, -1, s))
                    .normal(s)
                    .normal(4);
            grouped("mean far from 0", groups, 1e-5f, s)
                    .uniform(999, 1003, s)
                    .normal(4)
                    .normal(4);
            grouped("constant", groups, 1e-5f, s)
                    .values(fill(180, 1000.3f), s)
                    .normal(4)
                    .normal(4)
                    .kinked();
            grouped("NaN in one group", groups, 1e-5f, s)
                    .normal(s)
                    .with(NAN)
                    .normal(4)
                    .normal(4);
        }
        add("instanceNorm2d", "(2, 3, 7, 5)", x -> x.get(0).instanceNorm2d(x.get(1), x.get(2), 1e-5f))
                .accuracy(groupAccuracy(3, 1e-5f, 1, 2, 2, 3, 7, 5))
                .normal(2, 3, 7, 5)
                .normal(3)
                .normal(3);
        add("instanceNorm2d", "(5, 2, 1, 2), no parameters", x -> x.get(0).instanceNorm2d(null, null, 1e-5f))
                .accuracy(groupAccuracy(2, 1e-5f, -1, -1, 5, 2, 1, 2))
                .normal(5, 2, 1, 2);
        layered(new int[] {2, 3, 5, 7}, 7);
        layered(new int[] {2, 3, 5, 7}, 5, 7);
        layered(new int[] {2, 3, 5, 7}, 2, 3, 5, 7);
        layered(new int[] {257, 65}, 65);
        layered(new int[] {5, 4097}, 4097);
        layered(new int[] {9}, 9);
        layered(new int[] {3, 1}, 1);
        add("layerNorm", "no parameters", x -> x.get(0).layerNorm(Shape.of(5), null, null, 1e-5f))
                .accuracy(new GroupNormAccuracy(6, 1e-5f, -1, -1, i -> 0))
                .normal(2, 3, 5);
    }

    private OpCase grouped(String name, int groups, float epsilon, int... s) {
        return add(
                        "groupNorm",
                        name + ", groups: " + groups,
                        x -> x.get(0).groupNorm(groups, x.get(1), x.get(2), epsilon))
                .accuracy(groupAccuracy(groups, epsilon, 1, 2, s));
    }

    private static Accuracy groupAccuracy(int groups, float epsilon, int weight, int bias, int... s) {
        int plane = Shape.of(s).elements() / s[0] / s[1];
        return new GroupNormAccuracy(s[0] * groups, epsilon, weight, bias, i -> i / plane % s[1]);
    }

    private void layered(int[] s, int... normalized) {
        Shape shape = Shape.of(normalized);
        int runs = Shape.of(s).elements() / shape.elements();
        add("layerNorm", Shape.of(s) + " over " + shape, x -> x.get(0).layerNorm(shape, x.get(1), x.get(2), 1e-5f))
                .accuracy(new GroupNormAccuracy(runs, 1e-5f, 1, 2, i -> i % shape.elements()))
                .normal(s)
                .uniform(0.5f, 2, normalized)
                .normal(normalized);
    }

    /**
     * A power may err by 16 ulp, which is 32 units, a quotient by 2.5. The gradient has two powers and three quotients:
     * 80 units. 8 sqrt(144) units cover these and the other roundings.
     */
    private void localResponseNorm() {
        int[][] sizes = {{2, 5, 3, 2}, {1, 1, 2, 2}, {2, 7, 3}, {1, 3, 2, 2, 2}, {1, 33, 1, 2}};
        for (int[] s : sizes) {
            for (int size : new int[] {1, 2, 5}) {
                add(
                                "localResponseNorm",
                                Shape.of(s) + ", size " + size,
                                x -> x.get(0).localResponseNorm(size, 0.7f, 0.75f, 2))
                        .normal(s)
                        .accuracy(Accuracy.stable(144));
            }
        }
        add("localResponseNorm", "wider than the channels", x -> x.get(0).localResponseNorm(9, 1e-4f, 0.75f, 1))
                .normal(2, 3, 2, 3)
                .accuracy(Accuracy.stable(144));
        add("localResponseNorm", "NaN and infinity", x -> x.get(0).localResponseNorm(3, 1, 0.5f, 1))
                .normal(1, 9, 2, 2)
                .with(NAN, INF)
                .boundedUpstream()
                // A gradient is a sum of four terms that are at most 1.
                .accuracy(Accuracy.ulps(48, (i, y) -> y, (i, dx) -> 4));
    }

    // ---- Resizing and padding

    private void upsample() {
        int[][] sizes = {
            {1, 1, 1, 1, 1, 1},
            {2, 3, 4, 5, 8, 10},
            {1, 2, 5, 7, 7, 5},
            {2, 2, 3, 1, 7, 4},
            {1, 3, 7, 6, 1, 1},
            {1, 1, 1, 1, 17, 33},
            {2, 5, 9, 11, 9, 11},
            {1, 2, 33, 17, 16, 65},
            {3, 1, 2, 13, 15, 3},
            {1, 1, 2, 2, 31, 29},
        };
        for (int[] s : sizes) {
            for (Interpolation mode : Interpolation.values()) {
                resized(
                                s[2] + "x" + s[3] + " to " + s[4] + "x" + s[5],
                                mode,
                                x -> x.get(0).upsample(s[4], s[5], mode))
                        .normal(s[0], s[1], s[2], s[3]);
            }
        }
        for (double[] scales : new double[][] {{2, 2}, {1.5, 0.75}, {0.34, 3.1}, {1, 5}}) {
            for (Interpolation mode : Interpolation.values()) {
                resized(
                                "by " + scales[0] + " and " + scales[1],
                                mode,
                                x -> x.get(0).upsampleBy(scales[0], scales[1], mode))
                        .normal(2, 2, 5, 7);
            }
        }
        for (Interpolation mode : Interpolation.values()) {
            resized("NaN and infinity", mode, x -> x.get(0).upsampleBy(2, mode))
                    .normal(1, 2, 5, 6)
                    .with(NAN, INF, -INF);
        }
    }

    private OpCase resized(String name, Interpolation mode, SimpleCall call) {
        return add("upsample", name + " " + mode, call).accuracy(interpolation(mode));
    }

    /** Copies are exact; an interpolated pixel has four terms, whose weights add up to 1. */
    static Accuracy interpolation(Interpolation mode) {
        boolean copies = mode == Interpolation.NEAREST || mode == Interpolation.NEAREST_EXACT;
        return copies ? Accuracy.selection() : Accuracy.products(4);
    }

    private void imagePad() {
        int[][] sizes = {{1, 1, 2, 2}, {2, 3, 5, 4}, {1, 2, 17, 33}};
        int[][] paddings = {{0, 0, 0, 0}, {1, 1, 1, 1}, {1, 0, 0, 1}, {0, 1, 1, 0}};
        for (int[] s : sizes) {
            for (int[] p : paddings) {
                padded(s, p);
            }
        }
        padded(new int[] {2, 3, 5, 4}, new int[] {4, 3, 2, 3});
        padded(new int[] {1, 2, 33, 31}, new int[] {32, 1, 0, 30});
        exact("padEdge", "wider than the image", x -> x.get(0).padEdge(5, 3, 17, 4))
                .normal(2, 2, 2, 3);
        exact("padEdge", "one pixel", x -> x.get(0).padEdge(2, 0, 3, 1)).normal(1, 3, 1, 1);
        exact("padReflect", "NaN and infinity", x -> x.get(0).padReflect(2, 2, 2, 2))
                .normal(1, 2, 4, 5)
                .with(NAN, INF, -INF);
        exact("padEdge", "NaN and infinity", x -> x.get(0).padEdge(2, 2, 2, 2))
                .normal(1, 2, 4, 5)
                .with(NAN, INF, -INF);
    }

    private void padded(int[] s, int[] p) {
        String name = Shape.of(s) + " by " + Arrays.toString(p);
        exact("padReflect", name, x -> x.get(0).padReflect(p[0], p[1], p[2], p[3]))
                .normal(s);
        exact("padEdge", name, x -> x.get(0).padEdge(p[0], p[1], p[2], p[3])).normal(s);
    }

    private void pixelShuffle() {
        exact("pixelShuffle", "by 1", x -> x.get(0).pixelShuffle(1)).normal(2, 3, 4, 5);
        exact("pixelShuffle", "by 2", x -> x.get(0).pixelShuffle(2)).normal(2, 8, 3, 5);
        exact("pixelShuffle", "by 3, one pixel", x -> x.get(0).pixelShuffle(3)).normal(1, 9, 1, 1);
        exact("pixelShuffle", "by 3", x -> x.get(0).pixelShuffle(3)).normal(3, 18, 7, 4);
    }

    private void globalMaxPool2d() {
        for (int[] s : new int[][] {{1, 1, 1, 1}, {2, 3, 7, 5}, {3, 5, 17, 17}, {1, 2, 33, 31}, {2, 65, 4, 4}}) {
            exact("globalMaxPool2d", Shape.of(s).toString(), x -> x.get(0).globalMaxPool2d())
                    .distinct(s);
        }
        exact("globalMaxPool2d", "ties", x -> x.get(0).globalMaxPool2d()).ties(3, 2, 5, 4);
        exact("globalMaxPool2d", "NaN and infinity", x -> x.get(0).globalMaxPool2d())
                .normal(3, 2, 3, 3)
                .with(-INF, INF, NAN, NAN, INF);
    }

    private void dropout() {
        for (float p : new float[] {0, 0.1f, 0.5f, 0.999f}) {
            for (int[] sizes : new int[][] {{}, {3}, {4}, {5, 7}, {1023}}) {
                add("dropout", p + " " + Shape.of(sizes), x -> x.get(0).dropout(p, new Generator(42, 7)))
                        .normal(sizes)
                        .accuracy(Accuracy.relative(1));
            }
        }
        add("dropout", "large seed and stream", x -> x.get(0).dropout(0.5f, new Generator(-3L, 1L << 40)))
                .normal(257)
                .accuracy(Accuracy.relative(1));
        add("dropout", "NaN and infinity", x -> x.get(0).dropout(0.5f, new Generator(1)))
                .normal(65)
                .with(NAN, INF, -INF, NAN, INF, -INF)
                .accuracy(Accuracy.relative(1));
    }

    // ---- Softmax and losses

    private void softmax() {
        int[][] sizes = {{1, 1}, {6, 9}, {1, 257}, {257, 2}, {3, 1000}, {33, 17}, {2, 3, 4, 5}, {5}};
        for (int[] s : sizes) {
            for (int axis = 0; axis < s.length; axis++) {
                int along = axis;
                String name = Shape.of(s) + " along " + axis;
                add("softmax", name, x -> x.get(0).softmax(along)).normal(s).accuracy(softmax(s[axis]));
                add("logSoftmax", name, x -> x.get(0).logSoftmax(along))
                        .normal(s)
                        .accuracy(logSoftmax(s[axis]));
            }
        }
        float[] large = {1000, -1000, 999, 0, 1e30f, -1e30f, 88, 89, -1000, -1000, -1000, -999};
        add("softmax", "large", x -> x.get(0).softmax(1))
                .values(large, 3, 4)
                .kinked()
                .accuracy(softmax(4));
        add("logSoftmax", "large", x -> x.get(0).logSoftmax(1))
                .values(large, 3, 4)
                .kinked()
                .accuracy(logSoftmax(4));
        add("softmax", "masked", x -> x.get(0).softmax(1))
                .normal(3, 5)
                .with(-INF, -INF, -INF, -INF)
                .accuracy(softmax(5));
        add("logSoftmax", "masked", x -> x.get(0).logSoftmax(1))
                .normal(3, 5)
                .with(-INF, -INF, -INF, -INF)
                .accuracy(logSoftmax(5));
        add("softmax", "NaN in a row", x -> x.get(0).softmax(1))
                .normal(3, 5)
                .with(NAN)
                .accuracy(softmax(5));
        add("logSoftmax", "NaN in a row", x -> x.get(0).logSoftmax(1))
                .normal(3, 5)
                .with(NAN)
                .accuracy(logSoftmax(5));
    }

    private static double largest(double[] values) {
        return Arrays.stream(values)
                .map(Math::abs)
                .filter(Double::isFinite)
                .max()
                .orElse(0);
    }

    /**
     * No bound here depends on a shift of the logits. With p a probability, {@code max - x} is at most {@code -log p};
     * rounding it is a relative error of p of that many u, and the exponential and the sum over the classes add {@code
     * 8 sqrt(classes) u}.
     */
    private static double errorOfProbability(double p) {
        return p == 0 ? 0 : p * (1 - Math.log(p));
    }

    /**
     * The gradient is {@code y (dy - sum(dy y))}. Beside y's own error, which is multiplied with at most {@code 2
     * max|dy|}, it has that of the sum: all of y's errors come to {@code 1 + log(classes)} at most, their entropy.
     */
    static Accuracy softmax(int classes) {
        return (c, reference) -> {
            double[] y = reference.outputs()[0];
            double dy = largest(c.upstreamValues(y.length));
            return Accuracy.ulps(
                            4 * Math.sqrt(classes),
                            (i, value) -> errorOfProbability(value),
                            (i, value) -> dy * (2 * errorOfProbability(y[i]) + y[i] * (1 + Math.log(classes))))
                    .of(c, reference);
        };
    }

    /** The result is {@code -(max - x) - log(sum)}, two terms of one sign. */
    private static Accuracy logSoftmax(int classes) {
        return (c, reference) -> {
            double[] y = reference.outputs()[0];
            double dy = largest(c.upstreamValues(y.length));
            return Accuracy.ulps(
                            4 * Math.sqrt(classes),
                            (i, value) -> 1 + Math.abs(value),
                            (i, value) -> dy * (1 + classes * errorOfProbability(Math.exp(y[i]))))
                    .of(c, reference);
        };
    }

    /**
     * Logits shifted far from 0; their rounding is part of the input. Gradients stay within 1e-6 for an upstream
     * gradient of at most 1. Where neighbouring floats are more than 1 apart, the logits are spread accordingly.
     */
    private void shiftedLogits() {
        int[] few = {6, 10};
        int[] many = {3, 130};
        int[] labels = labels(few, 2);
        ClassificationOptions mean = ClassificationOptions.DEFAULT.withIgnoreIndex(2);
        for (float shift : new float[] {0, 1e3f, -1e4f, 1e5f, -1e6f, 1e7f, -1e8f, 1e9f, -1e9f}) {
            String name = "shifted by " + shift;
            for (int[] sizes : List.of(few, many)) {
                int classes = sizes[1];
                shifted(
                        add(
                                "softmax",
                                name + " " + Shape.of(sizes),
                                x -> x.get(0).softmax(1)),
                        shift,
                        softmax(classes),
                        sizes);
                shifted(
                        add(
                                        "logSoftmax",
                                        name + " " + Shape.of(sizes),
                                        x -> x.get(0).logSoftmax(1)),
                                shift,
                        logSoftmax(classes), sizes);
            }
            for (LossReduction reduction : LossReduction.values()) {
                for (float smoothing : new float[] {0, 0.1f}) {
                    ClassificationOptions options =
                            mean.withReduction(reduction).withLabelSmoothing(smoothing);
                    String how = name + ", " + reduction + ", smoothing " + smoothing;
                    Accuracy loss = crossEntropyAccuracy(few, labels, options);
                    shifted(crossEntropyOf(how, few, labels, options), shift, loss, few);
                    shifted(predicting(how, few, labels, options), shift, loss, few);
                }
            }
        }
    }

    private static void shifted(OpCase c, float shift, Accuracy outputs, int... sizes) {
        float[] logits = c.normal(sizes).inputs.get(0).values();
        for (int i = 0; i < logits.length; i++) {
            logits[i] = shift + 2 * logits[i] * Math.max(1, Math.ulp(shift));
        }
        c.kinked().boundedUpstream().accuracy((self, reference) -> {
            double[] gradient = new double[logits.length];
            Arrays.fill(gradient, 1e-6);
            return new Accuracy.Tolerances(outputs.of(self, reference).outputs(), new double[][] {gradient});
        });
    }

    private void elementLosses() {
        for (int[] s : new int[][] {{1, 1}, {7, 3}, {2, 3, 5}}) {
            int n = Shape.of(s).elements();
            for (LossReduction reduction : LossReduction.values()) {
                String name = Shape.of(s) + " " + reduction;
                // Sums of up to 30 terms, a few functions of at most 16 ulp, which are 32 units each.
                Accuracy accuracy = Accuracy.stable(100);
                add("mse", name, x -> x.get(0).mse(x.get(1), reduction))
                        .normal(s)
                        .normal(s)
                        .accuracy(accuracy);
                add("huber", name, x -> x.get(0).huber(x.get(1), 0.7f, reduction))
                        .distinct(s)
                        .times(3)
                        .values(fill(n, 0.01f), s)
                        .accuracy(accuracy);
                add(
                                "binaryCrossEntropyWithLogits",
                                name,
                                x -> x.get(0).binaryCrossEntropyWithLogits(x.get(1), null, reduction))
                        .normal(s)
                        .times(3)
                        .uniform(0, 1, s)
                        .accuracy(accuracy);
                add(
                                "binaryCrossEntropyWithLogits",
                                name + " weighted",
                                x -> x.get(0).binaryCrossEntropyWithLogits(x.get(1), x.get(2), reduction))
                        .normal(s)
                        .uniform(0, 1, s)
                        .uniform(0.5f, 3, s[s.length - 1])
                        .accuracy(accuracy);
                for (float alpha : new float[] {-1, 0.25f}) {
                    add("focalLoss", name + " alpha " + alpha, x -> x.get(0).focalLoss(x.get(1), alpha, 2, reduction))
                            .normal(s)
                            .values(zerosAndOnes(n), s)
                            .constant()
                            .accuracy(accuracy);
                }
                add("diceLoss", name, x -> x.get(0).diceLoss(x.get(1), 1, reduction))
                        .normal(s)
                        .values(zerosAndOnes(n), s)
                        .constant()
                        .accuracy(accuracy);
            }
        }
        add(
                        "binaryCrossEntropyWithLogits",
                        "large logits",
                        x -> x.get(0).binaryCrossEntropyWithLogits(x.get(1), null, LossReduction.NONE))
                .values(new float[] {100, -100, 100, -100, 1e30f, -1e30f, 0, NAN}, 8)
                .values(new float[] {1, 0, 0, 1, 1, 0, 0.5f, 1}, 8)
                .constant()
                .kinked()
                .accuracy(Accuracy.relative(8));
    }

    private static float[] zerosAndOnes(int n) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = i % 3 == 1 ? 1 : 0;
        }
        return values;
    }

    private void classWeights() {
        int[] rows = {9, 6};
        int[] pixels = {2, 5, 3, 4};
        for (LossReduction reduction : LossReduction.values()) {
            ClassificationOptions ofSix =
                    ClassificationOptions.DEFAULT.withReduction(reduction).withClassWeights(0.5f, 1, 2, 0.25f, 3, 0);
            ClassificationOptions ofFive =
                    ClassificationOptions.DEFAULT.withReduction(reduction).withClassWeights(1, 0.1f, 2, 3, 0.5f);
            weighted(reduction + " rows", rows, labels(rows, -1), ofSix);
            weighted(reduction + " ignoring", rows, labels(rows, -100), ofSix);
            weighted(reduction + " pixels", pixels, labels(pixels, -100), ofFive);
            weighted(reduction + " smoothed", rows, labels(rows, -100), ofSix.withLabelSmoothing(0.2f));
            add(
                            "nll",
                            reduction + " with class weights",
                            x -> x.get(0).nll(x.integers(labelShape(pixels), labels(pixels, -100)), ofFive))
                    .normal(pixels)
                    .accuracy(Accuracy.stable(64));
        }
    }

    private void weighted(String name, int[] sizes, int[] labels, ClassificationOptions options) {
        add(
                        "crossEntropy",
                        "with class weights, " + name,
                        x -> x.get(0).crossEntropy(x.integers(labelShape(sizes), labels), options))
                .normal(sizes)
                .accuracy(Accuracy.stable(64));
    }

    private void losses() {
        ClassificationOptions mean = ClassificationOptions.DEFAULT;
        ClassificationOptions sum = mean.withReduction(LossReduction.SUM);
        ClassificationOptions none = mean.withReduction(LossReduction.NONE);
        for (int[] s : new int[][] {{1, 1}, {1, 2}, {8, 10}, {5, 7}, {65, 3}, {3, 1000}, {257, 10}}) {
            classification(Shape.of(s) + " mean", s, labels(s, -1), mean);
            classification(Shape.of(s) + " sum", s, labels(s, -1), sum);
            classification(Shape.of(s) + " none", s, labels(s, -1), none);
        }
        int[] pixels = {2, 5, 3, 4};
        int[] rows = {9, 6};
        for (ClassificationOptions options : List.of(mean, sum, none)) {
            String name = options.reduction().toString().toLowerCase(Locale.ROOT);
            classification("per pixel " + name, pixels, labels(pixels, -1), options);
            classification("ignoring -100 " + name, rows, labels(rows, -100), options);
            classification("ignoring 2 " + name, rows, labels(rows, 2), options.withIgnoreIndex(2));
            crossEntropy("smoothing 0.1 " + name, rows, labels(rows, -1), options.withLabelSmoothing(0.1f));
            crossEntropy(
                    "smoothing 0.3 per pixel, ignoring -100 " + name,
                    pixels,
                    labels(pixels, -100),
                    options.withLabelSmoothing(0.3f));
            classification("all ignored " + name, rows, fillLabels(9, -100), options);
        }
        crossEntropy("smoothing 1", rows, labels(rows, -1), mean.withLabelSmoothing(1));
        int[] three = {3, 4};
        int[] labels = {0, 1, 3};
        crossEntropyOf("large logits", three, labels, mean)
                .values(new float[] {1000, -1000, 999, 0, 124, -87, 88, 89, -1000, -1000, -1000, -999}, three)
                .kinked();
        // The mean of losses whose sum is beyond float32: in one team, by several work-items, and after a kernel of its
        // own.
        for (int examples : new int[] {2, 3, 300, 1500, 9000}) {
            int[] two = {examples, 2};
            float[] far = new float[2 * examples];
            for (int i = 0; i < examples; i++) {
                far[2 * i + 1] = i % 3 == 2 ? 1e38f : 2e38f;
            }
            for (float smoothing : new float[] {0, 0.1f}) {
                ClassificationOptions smooth = mean.withLabelSmoothing(smoothing);
                String how = examples + " losses around 2e38, smoothing " + smoothing;
                crossEntropyOf(how, two, fillLabels(examples, 0), smooth)
                        .values(far, two)
                        .kinked();
                predicting(how, two, fillLabels(examples, 0), smooth)
                        .values(far, two)
                        .kinked();
            }
            add(
                            "nll",
                            examples + " losses of 2e38",
                            x -> x.get(0).nll(x.integers(labelShape(two), fillLabels(examples, 1)), mean))
                    .values(negated(far), two)
                    .kinked()
                    .accuracy(Accuracy.products(examples));
        }
        crossEntropyOf("a masked class", three, labels, mean)
                .values(new float[] {1, -INF, 2, 0.5f, -INF, 1, -INF, 3, -1, -2, -INF, 0.5f}, three)
                .kinked();
        crossEntropyOf("NaN in a row", three, labels, none)
                .values(new float[] {1, 3, 2, 0.5f, NAN, 1, 2, 3, -1, -2, 0, 0.5f}, three)
                .kinked();
        // More than one team computes at once.
        int[] many = {2049, 9};
        classification("many", many, labels(many, 2), mean.withIgnoreIndex(2));
        crossEntropy("many, sum, smoothing 0.1", many, labels(many, -1), sum.withLabelSmoothing(0.1f));
        for (ClassificationOptions options : List.of(mean, none)) {
            predicting("NaN and equals, " + options.reduction(), three, labels, options)
                    .values(new float[] {1, 3, 3, 0.5f, 2, NAN, NAN, 3, -INF, -INF, -INF, -INF}, three)
                    .kinked();
        }
        for (int[] s : new int[][] {{}, {1}, {5, 7}, {257}, {3, 1000}}) {
            int n = Shape.of(s).elements();
            // The difference of the inputs has half an ulp, its square 16 more (pow), the sum those of n positive
            // terms.
            add("mse", Shape.of(s).toString(), x -> x.get(0).mse(x.get(1)))
                    .normal(s)
                    .normal(s)
                    .accuracy(Accuracy.ulps(19 + 4 * Math.sqrt(n), (i, y) -> y, (i, dx) -> dx));
        }
    }

    private static int[] labels(int[] scores, int ignored) {
        int[] labels = new int[Shape.of(scores).elements() / scores[1]];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = ignored != -1 && i % 3 == 1 ? ignored : i * 7 % scores[1];
        }
        return labels;
    }

    private static float[] negated(float[] values) {
        float[] negative = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            negative[i] = -values[i];
        }
        return negative;
    }

    private static int[] fillLabels(int n, int value) {
        int[] labels = new int[n];
        Arrays.fill(labels, value);
        return labels;
    }

    private void classification(String name, int[] scores, int[] labels, ClassificationOptions options) {
        crossEntropy(name, scores, labels, options);
        boolean kinked = Arrays.stream(labels).allMatch(label -> label == options.ignoreIndex());
        OpCase nll = add("nll", name, x -> x.get(0).nll(x.integers(labelShape(scores), labels), options))
                .normal(scores)
                .accuracy(Accuracy.products(labels.length));
        if (kinked) {
            nll.kinked();
        }
    }

    private void crossEntropy(String name, int[] scores, int[] labels, ClassificationOptions options) {
        OpCase c = crossEntropyOf(name, scores, labels, options).normal(scores);
        OpCase predicting = predicting(name, scores, labels, options).normal(scores);
        if (Arrays.stream(labels).allMatch(label -> label == options.ignoreIndex())) {
            c.kinked();
            predicting.kinked();
        }
    }

    /**
     * With predictions, and with the gradient that is computed along with a loss for a backward pass that starts there.
     */
    private OpCase predicting(String name, int[] scores, int[] labels, ClassificationOptions options) {
        OpCase c = new OpCase("crossEntropy", name + ", with predictions", x -> {
            CrossEntropyResult result =
                    x.get(0).crossEntropyWithPredictions(x.integers(labelShape(scores), labels), options);
            return new Results(List.of(result.loss()), List.of(result.predictions()));
        });
        cases.add(c);
        if (options.reduction() != LossReduction.NONE) {
            c.upstream(1);
        }
        return c.accuracy(crossEntropyAccuracy(scores, labels, options));
    }

    private OpCase crossEntropyOf(String name, int[] scores, int[] labels, ClassificationOptions options) {
        return add("crossEntropy", name, x -> x.get(0).crossEntropy(x.integers(labelShape(scores), labels), options))
                .accuracy(crossEntropyAccuracy(scores, labels, options));
    }

    /**
     * An example's loss is a sum of terms none of which is negative: the logarithm of the sum, at most {@code
     * log(classes)}, and distances from the maximum. The gradient has two parts, {@code scale p} and {@code scale
     * target}; p is at most its own size plus the target.
     */
    static Accuracy crossEntropyAccuracy(int[] scores, int[] labels, ClassificationOptions options) {
        int classes = scores[1];
        int inner = Shape.of(scores).strides()[1];
        long counted = Arrays.stream(labels)
                .filter(label -> label != options.ignoreIndex())
                .count();
        return (c, reference) -> {
            double[] dy = c.upstreamValues(reference.outputs()[0].length);
            double losses = options.reduction() == LossReduction.SUM ? counted : 1;
            double share = options.reduction() == LossReduction.MEAN ? Math.max(1, counted) : 1;
            return Accuracy.ulps(
                            4 * Math.sqrt(2.0 * (classes + labels.length)),
                            (i, y) -> losses * (1 + Math.log(classes)) + Math.abs(y),
                            (i, dx) -> {
                                int example = i / inner / classes * inner + i % inner;
                                boolean isLabel = i / inner % classes == labels[example];
                                double target = (isLabel ? 1 : 0) + options.labelSmoothing() / classes;
                                double scale =
                                        Math.abs(dy[options.reduction() == LossReduction.NONE ? example : 0]) / share;
                                double p = scale == 0 ? 0 : Math.min(1, Math.abs(dx) / scale + target);
                                return scale * (errorOfProbability(p) + target);
                            })
                    .of(c, reference);
        };
    }

    private static Shape labelShape(int[] scores) {
        int[] sizes = new int[scores.length - 1];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = scores[i == 0 ? 0 : i + 1];
        }
        return Shape.of(sizes);
    }

    // ---- Several operations in a row

    private void networks() {
        int[] labels = {2, 0, 1};
        add(
                        "network",
                        "convolution, normalisation, pooling, classifier",
                        x -> x.get(0)
                                .conv2d(x.get(1), null, padding(1))
                                .batchNorm2d(x.get(2), x.get(3), null, null, true, 0.1f, 1e-5f)
                                .tanh()
                                .avgPool2d(2)
                                .flatten(1)
                                .linear(x.get(4), x.get(5))
                                .crossEntropy(x.integers(Shape.of(3), labels)))
                .normal(3, 2, 4, 4)
                .normal(3, 2, 3, 3)
                .normal(3)
                .normal(3)
                .normal(3, 12)
                .normal(3)
                .accuracy(Accuracy.stable(48));
        add("network", "a residual used twice", x -> {
                    Tensor y = x.get(0).matmul(x.get(1)).sigmoid();
                    return y.mul(y).add(x.get(0)).softmax(1);
                })
                .normal(5, 7)
                .normal(7, 7)
                .accuracy(Accuracy.stable(7));
    }

    // ---- Tensors without elements

    /** A case of which an input or the result has no elements. */
    private OpCase empty(String operation, String name, SimpleCall call) {
        return add(operation, "empty " + name, call);
    }

    /** What PyTorch gives; the shapes are compared here, the values of what has elements in EmptyTensorsTest. */
    private void withoutElements() {
        emptyElements();
        emptyParts();
        emptyReductions();
        emptyProducts();
        emptyImages();
        emptyNorms();
        emptyLosses();
    }

    private void emptyElements() {
        int[][][] shapes = {
            {{0}, {0}, {0}},
            {{0, 3}, {3}, {0, 3}},
            {{2, 0}, {2, 1}, {2, 0}},
            {{1}, {0}, {0}},
            {{}, {2, 0, 3}, {2, 0, 3}}
        };
        for (int[][] triple : shapes) {
            int[] a = triple[0];
            int[] b = triple[1];
            int[] y = triple[2];
            String name = Shape.of(a) + " " + Shape.of(b);
            empty("add", name, x -> x.get(0).add(x.get(1))).normal(a).normal(b).gives(y);
            empty("div", name, x -> x.get(0).div(x.get(1)))
                    .normal(a)
                    .uniform(1, 2, b)
                    .gives(y);
            empty("pow", name, x -> x.get(0).pow(x.get(1)))
                    .uniform(1, 2, a)
                    .normal(b)
                    .gives(y);
            empty("maximum", name, x -> x.get(0).maximum(x.get(1)))
                    .normal(a)
                    .normal(b)
                    .gives(y);
            empty("gt", name, x -> x.get(0).gt(x.get(1)))
                    .normal(a)
                    .constant()
                    .normal(b)
                    .constant()
                    .gives(y);
            empty("where", name, x -> Tensor.where(x.get(1), x.get(0), x.get(1)))
                    .normal(a)
                    .normal(b)
                    .gives(y);
        }
        empty("neg", "(0, 3)", x -> x.get(0).neg()).normal(0, 3).gives(0, 3);
        empty("relu", "(0, 3)", x -> x.get(0).relu()).normal(0, 3).gives(0, 3);
        empty("gelu", "(2, 0)", x -> x.get(0).gelu()).normal(2, 0).gives(2, 0);
        empty("prelu", "(0, 3, 4)", x -> x.get(0).prelu(x.get(1)))
                .normal(0, 3, 4)
                .normal(3)
                .gives(0, 3, 4);
        empty("dropout", "(0, 3)", x -> x.get(0).dropout(0.5f, new Generator(1)))
                .normal(0, 3)
                .gives(0, 3);
        empty("softmax", "(0, 3)", x -> x.get(0).softmax(1)).normal(0, 3).gives(0, 3);
        empty("softmax", "over nothing", x -> x.get(0).softmax(1))
                .normal(3, 0, 2)
                .gives(3, 0, 2);
        empty("logSoftmax", "(0, 3)", x -> x.get(0).logSoftmax(0)).normal(0, 3).gives(0, 3);
    }

    private void emptyParts() {
        empty("reshape", "(0, 6)", x -> x.get(0).reshape(-1, 2)).normal(0, 6).gives(0, 2);
        empty("flatten", "(0, 2, 3)", x -> x.get(0).flatten(1)).normal(0, 2, 3).gives(0, 6);
        empty("squeeze", "(1, 0, 1)", x -> x.get(0).squeeze()).normal(1, 0, 1).gives(0);
        empty("permute", "(2, 0, 3)", x -> x.get(0).permute(2, 0, 1))
                .normal(2, 0, 3)
                .gives(3, 2, 0);
        empty("flip", "(2, 0)", x -> x.get(0).flip(0, 1)).normal(2, 0).gives(2, 0);
        empty("slice", "of some", x -> x.get(0).slice(1, 2, 2)).normal(2, 3).gives(2, 0);
        empty("slice", "at the end", x -> x.get(0).slice(0, 2, 2, 3))
                .normal(2, 3)
                .gives(0, 3);
        empty("slice", "of none", x -> x.get(0).slice(0, 0, 0)).normal(0, 3).gives(0, 3);
        empty("slice", "along another axis", x -> x.get(0).slice(1, 1, 3))
                .normal(0, 3)
                .gives(0, 2);
        empty("split", "with an empty part", x -> x.get(0).split(0, 0, 3).get(0))
                .normal(3, 2)
                .gives(0, 2);
        empty("split", "of none", x -> x.get(0).split(0, 1).get(0)).normal(0, 2).gives(0, 2);
        empty("concat", "with empty parts", x -> Tensor.concat(0, x.get(0), x.get(1), x.get(2)))
                .normal(0, 2)
                .normal(3, 2)
                .normal(0, 2)
                .gives(3, 2);
        empty("concat", "along another axis", x -> Tensor.concat(1, x.get(0), x.get(1)))
                .normal(0, 2)
                .normal(0, 3)
                .gives(0, 5);
        empty("stack", "(0, 3)", x -> Tensor.stack(1, x.get(0), x.get(1)))
                .normal(0, 3)
                .normal(0, 3)
                .gives(0, 2, 3);
        empty("pad", "(0, 3)", x -> x.get(0).pad(new int[] {2, 0}, new int[] {1, 1}, 5))
                .normal(0, 3)
                .gives(3, 4);
        empty("pad", "remains (0, 4)", x -> x.get(0).pad(new int[] {0, 0}, new int[] {0, 1}, 5))
                .normal(0, 3)
                .gives(0, 4);
        empty("expand", "1 to 0", x -> x.get(0).expand(2, 0)).normal(2, 1).gives(2, 0);
        empty("expand", "0 to (3, 0)", x -> x.get(0).expand(3, 0)).normal(0).gives(3, 0);
        empty("gather", "no indices", x -> x.get(0).gather(1, x.integers(Shape.of(2, 0))))
                .normal(2, 3)
                .gives(2, 0);
        empty("gather", "in no rows", x -> x.get(0).gather(1, x.integers(Shape.of(0, 2))))
                .normal(2, 3)
                .gives(0, 2);
        empty("indexSelect", "no indices", x -> x.get(0).indexSelect(0, x.integers(Shape.of(0))))
                .normal(2, 3)
                .gives(0, 3);
        empty("indexSelect", "of none", x -> x.get(0).indexSelect(0, x.integers(Shape.of(0))))
                .normal(0, 3)
                .gives(0, 3);
        empty("oneHot", "(0)", x -> x.integers(Shape.of(0)).oneHot(3)).gives(0, 3);
    }

    private void emptyReductions() {
        empty("sum", "over nothing", x -> x.get(0).sum(0)).normal(0, 3).gives(3);
        empty("sum", "of everything", x -> x.get(0).sum()).normal(0, 3).gives();
        empty("sum", "(0, 3)", x -> x.get(0).sum(1)).normal(0, 3).gives(0);
        empty("sum", "keeps axes", x -> x.get(0).sum(new int[] {1}, true))
                .normal(2, 0, 3)
                .gives(2, 1, 3);
        empty("mean", "over nothing", x -> x.get(0).mean(0))
                .normal(0, 3)
                .kinked()
                .gives(3);
        empty("mean", "(0, 3)", x -> x.get(0).mean(1)).normal(0, 3).gives(0);
        empty("var", "over nothing", x -> x.get(0).var(0)).normal(0, 3).kinked().gives(3);
        empty("var", "(0, 3)", x -> x.get(0).var(1)).normal(0, 3).gives(0);
        empty("std", "over nothing", x -> x.get(0).std(0)).normal(0, 3).kinked().gives(3);
        empty("std", "(0, 3)", x -> x.get(0).std(1)).normal(0, 3).gives(0);
        empty("prod", "over nothing", x -> x.get(0).prod(0)).normal(0, 3).gives(3);
        empty("prod", "(0, 3)", x -> x.get(0).prod(1)).normal(0, 3).gives(0);
        empty("max", "(0, 3)", x -> x.get(0).max(1)).normal(0, 3).gives(0);
        empty("min", "(0, 3)", x -> x.get(0).min(new int[] {1}, true))
                .normal(0, 3)
                .gives(0, 1);
        empty("logSumExp", "over nothing", x -> x.get(0).logSumExp(0))
                .normal(0, 3)
                .kinked()
                .gives(3);
        empty("logSumExp", "(0, 3)", x -> x.get(0).logSumExp(1)).normal(0, 3).gives(0);
        empty("topk", "(0, 3)", x -> x.get(0).topk(2, 1).values()).normal(0, 3).gives(0, 2);
        cases.add(new OpCase(
                        "argmax",
                        "empty (0, 3)",
                        x -> new Results(
                                List.of(), List.of(x.get(0).argmax(1), x.get(0).argmin(-1))))
                .normal(0, 3)
                .constant());
    }

    private void emptyProducts() {
        int[][][] shapes = {
            {{0, 3}, {3, 2}, {0, 2}},
            {{2, 3}, {3, 0}, {2, 0}},
            {{2, 0}, {0, 3}, {2, 3}},
            {{0}, {0}, {}},
            {{0}, {0, 2}, {2}},
            {{2, 0}, {0}, {2}},
            {{0, 2, 3}, {3, 4}, {0, 2, 4}},
            {{2, 3, 0}, {0, 4}, {2, 3, 4}},
            {{0, 2, 3}, {1, 3, 4}, {0, 2, 4}},
            {{4, 2, 0}, {1, 0, 3}, {4, 2, 3}},
        };
        for (int[][] triple : shapes) {
            empty(
                            "matmul",
                            Shape.of(triple[0]) + " " + Shape.of(triple[1]),
                            x -> x.get(0).matmul(x.get(1)))
                    .normal(triple[0])
                    .normal(triple[1])
                    .gives(triple[2]);
        }
        empty("matmul", "transposed", x -> x.get(0).matmul(x.get(1), true, true))
                .normal(0, 2)
                .normal(3, 0)
                .gives(2, 3);
        int[][][] layers = {
            {{0, 3}, {2, 3}, {0, 2}},
            {{2, 0, 3}, {4, 3}, {2, 0, 4}},
            {{5, 3}, {0, 3}, {5, 0}},
            {{5, 0}, {3, 0}, {5, 3}},
            {{2, 3, 0}, {4, 0}, {2, 3, 4}},
        };
        for (int[][] triple : layers) {
            String name = Shape.of(triple[0]) + " " + Shape.of(triple[1]);
            empty("linear", name, x -> x.get(0).linear(x.get(1), x.get(2)))
                    .normal(triple[0])
                    .normal(triple[1])
                    .normal(triple[1][0])
                    .gives(triple[2]);
            empty("linear", name + " without bias", x -> x.get(0).linear(x.get(1), null))
                    .normal(triple[0])
                    .normal(triple[1])
                    .gives(triple[2]);
        }
        empty("linear", "with relu", x -> Linear.withRelu(x.get(0), x.get(1), x.get(2)))
                .normal(5, 0)
                .normal(3, 0)
                .normal(3)
                .gives(5, 3);
    }

    private void emptyImages() {
        empty("conv2d", "batch", x -> x.get(0).conv2d(x.get(1), x.get(2), stride(2), padding(1)))
                .normal(0, 4, 7, 5)
                .normal(6, 4, 3, 3)
                .normal(6)
                .gives(0, 6, 4, 3);
        empty("conv2d", "batch in groups", x -> Conv2d.withRelu(x.get(0), x.get(1), null, groups(2), dilation(2)))
                .normal(0, 4, 7, 5)
                .normal(6, 2, 2, 2)
                .gives(0, 6, 5, 3);
        // So wide that it is computed as a matrix product; see ColumnConv2d.
        empty("conv2d", "batch as columns", x -> x.get(0).conv2d(x.get(1), x.get(2), padding(1000), stride(1000)))
                .normal(0, 2, 3, 3)
                .normal(3, 2, 1, 1)
                .normal(3)
                .gives(0, 3, 3, 3);
        empty("convTranspose2d", "batch", x -> x.get(0).convTranspose2d(x.get(1), x.get(2), stride(2)))
                .normal(0, 4, 7, 5)
                .normal(4, 3, 3, 2)
                .normal(3)
                .gives(0, 3, 15, 10);
        empty("convTranspose2d", "batch as columns", x -> x.get(0).convTranspose2d(x.get(1), x.get(2), stride(300)))
                .normal(0, 2, 2, 2)
                .normal(2, 3, 1, 1)
                .normal(3)
                .gives(0, 3, 301, 301);
        empty("maxPool2d", "batch", x -> x.get(0).maxPool2d(2))
                .normal(0, 3, 6, 7)
                .gives(0, 3, 3, 3);
        empty("avgPool2d", "batch", x -> x.get(0).avgPool2d(3, padding(1), ceilMode()))
                .normal(0, 3, 6, 7)
                .gives(0, 3, 3, 3);
        empty("adaptiveAvgPool2d", "batch", x -> x.get(0).adaptiveAvgPool2d(2, 3))
                .normal(0, 3, 6, 7)
                .gives(0, 3, 2, 3);
        empty("globalMaxPool2d", "batch", x -> x.get(0).globalMaxPool2d())
                .normal(0, 3, 6, 7)
                .gives(0, 3, 1, 1);
        empty("im2col", "batch", x -> x.get(0).im2col(3, 2)).normal(0, 3, 6, 7).gives(0, 18, 24);
        empty("col2im", "batch", x -> x.get(0).col2im(6, 7, 3, 2))
                .normal(0, 18, 24)
                .gives(0, 3, 6, 7);
        for (Interpolation mode : Interpolation.values()) {
            empty("upsample", "batch " + mode, x -> x.get(0).upsample(5, 2, mode))
                    .normal(0, 3, 4, 3)
                    .gives(0, 3, 5, 2);
        }
        empty("padReflect", "batch", x -> x.get(0).padReflect(1, 2, 0, 1))
                .normal(0, 3, 4, 3)
                .gives(0, 3, 7, 4);
        empty("padEdge", "batch", x -> x.get(0).padEdge(1, 2, 0, 5))
                .normal(0, 3, 4, 3)
                .gives(0, 3, 7, 8);
        empty("pixelShuffle", "batch", x -> x.get(0).pixelShuffle(2))
                .normal(0, 12, 4, 3)
                .gives(0, 3, 8, 6);
        empty("toNhwc", "batch", x -> x.get(0).toNhwc()).normal(0, 3, 4, 5).gives(0, 4, 5, 3);
    }

    private void emptyNorms() {
        for (int[] sizes : new int[][] {{0, 3}, {0, 3, 4, 5}}) {
            empty(
                            "batchNorm2d",
                            "batch of rank " + sizes.length,
                            x -> x.get(0).batchNorm2d(x.get(1), x.get(2), x.get(3), x.get(4), false, 0.1f, 1e-5f))
                    .normal(sizes)
                    .normal(3)
                    .normal(3)
                    .normal(3)
                    .constant()
                    .uniform(1, 2, 3)
                    .constant()
                    .gives(sizes);
        }
        for (int groups : new int[] {1, 2, 4}) {
            empty("groupNorm", groups + " groups", x -> x.get(0).groupNorm(groups, x.get(1), x.get(2), 1e-5f))
                    .normal(0, 4, 3, 2)
                    .normal(4)
                    .normal(4)
                    .gives(0, 4, 3, 2);
        }
        empty("groupNorm", "no pixels", x -> x.get(0).groupNorm(2, x.get(1), x.get(2), 1e-5f))
                .normal(2, 4, 0)
                .normal(4)
                .normal(4)
                .gives(2, 4, 0);
        empty("instanceNorm2d", "batch", x -> x.get(0).instanceNorm2d(x.get(1), x.get(2), 1e-5f))
                .normal(0, 4, 3, 2)
                .normal(4)
                .normal(4)
                .gives(0, 4, 3, 2);
        empty("layerNorm", "batch", x -> x.get(0).layerNorm(Shape.of(3, 2), x.get(1), x.get(2), 1e-5f))
                .normal(0, 4, 3, 2)
                .normal(3, 2)
                .normal(3, 2)
                .gives(0, 4, 3, 2);
        empty("localResponseNorm", "batch", x -> x.get(0).localResponseNorm(3, 1, 0.75f, 1))
                .normal(0, 4, 3, 2)
                .gives(0, 4, 3, 2);
    }

    private void emptyLosses() {
        for (LossReduction reduction : LossReduction.values()) {
            int[] shape = reduction == LossReduction.NONE ? new int[] {0} : new int[0];
            int[] pixels = reduction == LossReduction.NONE ? new int[] {0, 3} : new int[0];
            ClassificationOptions options = ClassificationOptions.DEFAULT.withReduction(reduction);
            List<OpCase> added = List.of(
                    empty("crossEntropy", "" + reduction, x -> x.get(0).crossEntropy(x.integers(Shape.of(0)), options))
                            .normal(0, 4)
                            .gives(shape),
                    empty(
                                    "crossEntropy",
                                    "weighted " + reduction,
                                    x -> x.get(0)
                                            .crossEntropy(
                                                    x.integers(Shape.of(0)),
                                                    options.withClassWeights(1, 2, 3, 4)
                                                            .withLabelSmoothing(0.1f)))
                            .normal(0, 4)
                            .gives(shape),
                    empty("nll", "" + reduction, x -> x.get(0).nll(x.integers(Shape.of(0, 3)), options))
                            .normal(0, 4, 3)
                            .gives(pixels),
                    empty("mse", "" + reduction, x -> x.get(0).mse(x.get(1), reduction))
                            .normal(0, 3)
                            .normal(0, 3)
                            .gives(pixels),
                    empty("huber", "" + reduction, x -> x.get(0).huber(x.get(1), 1, reduction))
                            .normal(0, 3)
                            .normal(0, 3)
                            .gives(pixels),
                    empty(
                                    "binaryCrossEntropyWithLogits",
                                    "" + reduction,
                                    x -> x.get(0).binaryCrossEntropyWithLogits(x.get(1), x.get(2), reduction))
                            .normal(0, 3)
                            .normal(0, 3)
                            .normal(3)
                            .gives(pixels),
                    empty("focalLoss", "" + reduction, x -> x.get(0).focalLoss(x.get(1), 0.25f, 2, reduction))
                            .normal(0, 3)
                            .normal(0, 3)
                            .gives(pixels),
                    empty("diceLoss", "" + reduction, x -> x.get(0).diceLoss(x.get(1), 1, reduction))
                            .normal(0, 3)
                            .normal(0, 3)
                            .gives(shape));
            if (reduction == LossReduction.MEAN) {
                added.forEach(OpCase::kinked);
            }
        }
    }
}
