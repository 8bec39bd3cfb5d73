package dev.striate.generator;

import dev.striate.generator.Loops.Element;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The element-wise functions: each is one expression for vectors and scalars. Their names are those of
 * {@code UnaryFunction.Kind}.
 *
 * <p>Functions without an instruction are float32 polynomials. The errors stated are the greatest against double
 * precision over all floats from 2^-14 to 2^7 of either sign, rounded up; a test holds them over a sample of every
 * exponent. An ulp of a subnormal result is that of the smallest normal number. The polynomials of the exponential, the
 * logarithm and tanh are those of Moshier's Cephes library (expf, logf, tanhf).
 */
final class Functions {

    private static final String VALUE = "(int n, float a, float b, float[] x, int xOffset, float[] y, int yOffset)";
    private static final String GRADIENT =
            "(int n, float a, float b, float[] x, int xOffset, float[] dy, int dyOffset, float[] dx, int dxOffset)";

    /** Added to a float of moderate size, it leaves the nearest integer in the lowest bits. */
    private static final float ROUNDER = 0x1.8p23f;

    private static final int ROUNDER_BITS = Float.floatToRawIntBits(ROUNDER);
    /** log 2 as the sum of two floats. */
    private static final float LOG_2 = (float) Math.log(2);

    private static final float LOG_2_REST = (float) (Math.log(2) - LOG_2);
    /** {@code e^r = 1 + r + r^2 (E0 + E1 r + ...)}, highest power first. */
    private static final float[] E = {
        1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f
    };
    /** Exponent bias and mantissa bits of a float. */
    private static final int BIAS = 127;

    private static final int MANTISSA = 23;
    /** Beyond this, the normal distribution's tail is 0. */
    private static final float FURTHEST = 15f;

    private final Loops loops;
    private final List<String> kinds = new ArrayList<>();

    private Functions(Loops loops) {
        this.loops = loops;
    }

    /** Writes all of them, and a method for each direction that chooses among them. */
    static void write(Loops loops) {
        Functions f = new Functions(loops);
        f.define("AFFINE", x -> x.value().fma(x.a(), x.b()), x -> x.a());
        f.define("EXP", x -> exp(x.value()), Argument::value);
        f.define("LOG", x -> log(x.value()), x -> x.constant(1).over(x.value()));
        f.define("SQRT", x -> x.value().sqrt(), x -> x.constant(0.5f).over(x.value()));
        f.define("ABS", x -> x.value().abs(), Functions::sign);
        f.define("CLAMP", x -> x.value().max(x.a()).min(x.b()), Functions::isInside);
        f.define("RELU", x -> x.value().max(x.constant(0)), x -> x.isPositive().choose(x.constant(1), x.constant(0)));
        f.define(
                "LEAKY_RELU",
                x -> x.isPositive().choose(x.value(), x.value().times(x.a())),
                x -> x.isPositive().choose(x.constant(1), x.a()));
        f.define(
                "ELU",
                Functions::elu,
                x -> x.isPositive().choose(x.constant(1), exp(x.value()).times(x.a())));
        // Within 2.5 ulp.
        f.define(
                "SIGMOID",
                x -> sigmoid(x.value()),
                x -> x.value().times(x.constant(1).minus(x.value())));
        f.define("SILU", x -> silu(x.value()), x -> siluDerivative(x.value()));
        // Within 2 ulp; the second 3, its derivative 2.
        f.define("HARD_SIGMOID", x -> hardSigmoid(x.value()), x -> inside(x).choose(x.constant(1f / 6), x.constant(0)));
        f.define("HARD_SWISH", x -> x.value().times(hardSigmoid(x.value())), Functions::hardSwishDerivative);
        f.define("SOFTPLUS", x -> softplus(x.value()), x -> sigmoid(x.value()));
        f.define("MISH", x -> mish(x.value()), x -> mishDerivative(x.value()));
        // (1 - y)(1 + y) keeps what 1 - y^2 would cancel near the ends.
        f.define(
                "TANH",
                x -> tanh(x.value()),
                x -> x.constant(1).minus(x.value()).times(x.constant(1).plus(x.value())));
        f.define("GELU", x -> gelu(x.value()), x -> geluDerivative(x.value()));
        f.writeChoice("forward", VALUE, "");
        f.writeChoice("gradient", GRADIENT, "Gradient");
    }

    /** What a function is computed from: an element and the function's two constants. */
    private record Argument(Body body, Expression value) {

        Expression a() {
            return body.uniform("a");
        }

        Expression b() {
            return body.uniform("b");
        }

        Expression constant(float constant) {
            return body.constant(constant);
        }

        Expression isPositive() {
            return value.isAbove(0);
        }
    }

    private interface Rule {
        Expression of(Argument x);
    }

    /** @param derivative of what {@code UnaryFunction.Kind.saves} names; it is multiplied with {@code dy} */
    private void define(String kind, Rule value, Rule derivative) {
        kinds.add(kind);
        loops.elementwise("void " + method(kind) + VALUE, e -> e.store("y", value.of(argument(e))));
        loops.elementwise(
                "void " + method(kind) + "Gradient" + GRADIENT,
                e -> e.store("dx", derivative.of(argument(e)).times(e.load("dy"))));
    }

    private static Argument argument(Element element) {
        return new Argument(element.body(), element.load("x"));
    }

    private static String method(String kind) {
        StringBuilder name = new StringBuilder();
        for (String word : kind.toLowerCase(Locale.ROOT).split("_", -1)) {
            name.append(name.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
        }
        return name.toString();
    }

    private void writeChoice(String name, String signature, String suffix) {
        String head = "@Override\n    public void " + name + "(UnaryFunction.Kind kind, " + signature.substring(1);
        String arguments = String.join(", ", Loops.parameters(signature));
        loops.method(
                head,
                body -> body.block("switch (kind)", () -> {
                    for (String kind : kinds) {
                        body.line("case " + kind + " -> " + method(kind) + suffix + "(" + arguments + ");");
                    }
                    body.line("default -> throw new IllegalArgumentException(\"no loop for \" + kind);");
                }));
    }

    private static Expression sign(Argument x) {
        Expression zero = x.constant(0);
        Expression negative = x.value().isBelow(zero).choose(x.constant(-1), x.value());
        return x.isPositive().choose(x.constant(1), negative);
    }

    /** {@code -3 < x < 3}. */
    private static Expression inside(Argument x) {
        return x.value().abs().isBelow(3);
    }

    private static Expression isInside(Argument x) {
        Expression upper = x.value().isAtMost(x.b()).choose(x.constant(1), x.constant(0));
        return x.value().isAtLeast(x.a()).choose(upper, x.constant(0));
    }

    /** {@code e^x}, within 1.1 ulp. */
    private static Expression exp(Expression x) {
        return timesExp(null, limited(x, -104, 89), null);
    }

    /** Comparisons let NaN pass, unlike minimum and maximum in one instruction each. */
    private static Expression limited(Expression x, float lowest, float highest) {
        Body body = x.body;
        Expression low = body.let("low", x.isAbove(highest).choose(body.constant(highest), x));
        return body.let("limited", low.isBelow(lowest).choose(body.constant(lowest), low));
    }

    /** x / log 2 rounded, as an integer plus {@link #ROUNDER}. */
    private static Expression roundedPower(Expression x) {
        Body body = x.body;
        return body.let("rounded", x.fma(body.constant((float) (1 / Math.log(2))), body.constant(ROUNDER)));
    }

    /** What x leaves beside a multiple of log 2: at most log(2) / 2 in size. */
    private static Expression remainder(Expression x, Expression rounded) {
        Body body = x.body;
        Expression power = body.let("power", rounded.minus(ROUNDER));
        Expression high = power.fma(body.constant(-LOG_2), x);
        return power.fma(body.constant(-LOG_2_REST), high);
    }

    /** {@code e^r - 1} of what is at most log(2) / 2 in size. */
    private static Expression expPolynomial(Expression r) {
        return r.body.let("p", r.polynomial(E).fma(r.times(r), r));
    }

    /**
     * {@code factor e^(x + rest)}, also where only the product is a normal number; rest is far smaller than x. With
     * {@code e^x = 2^n e^r}, n being x / log 2 rounded and r what is left.
     *
     * @param factor null for 1
     * @param rest   null for 0
     */
    private static Expression timesExp(Expression factor, Expression x, Expression rest) {
        Body body = x.body;
        Expression rounded = roundedPower(x);
        Expression high = remainder(x, rounded);
        Expression r = body.let("r", rest == null ? high : high.plus(rest));
        Expression p = expPolynomial(r);
        // 2^n may be no normal number: it is multiplied with in two halves.
        Expression bits = body.let("bits", rounded.bits().minusInt(ROUNDER_BITS));
        Expression half = body.let("half", bits.shiftRight(1));
        Expression scale = half.plusInt(BIAS).shiftLeft(MANTISSA).toFloat();
        Expression rest2 = bits.minus(half).plusInt(BIAS).shiftLeft(MANTISSA).toFloat();
        Expression product = factor == null ? p.plus(1) : p.fma(factor, factor);
        return body.let("exp", product.times(scale).times(rest2));
    }

    /**
     * {@code factor e^(-t^2 / 2)}: the square is taken as two floats, or half an ulp of it would be many of the result.
     */
    private static Expression timesBell(Expression factor, Expression t) {
        Body body = t.body;
        Expression square = body.let("square", t.times(t));
        Expression rest = t.fma(t, square.negate()).times(-0.5f);
        return timesExp(factor, body.let("exponent", square.times(-0.5f)), rest);
    }

    /**
     * The natural logarithm, within 0.9 ulp; that of 0 is minus infinity, of what is less NaN. {@code log(1 + f) = f -
     * f^2 / 2 + f^3 (L0 + L1 f + ...)}, with 1 + f from the root of 1/2 to that of 2.
     */
    private static Expression log(Expression x) {
        Body body = x.body;
        int rootBits = Float.floatToRawIntBits((float) Math.sqrt(0.5));
        Expression isSmall = body.let("isSmall", x.isBelow(Float.MIN_NORMAL));
        // Makes a subnormal number a normal one.
        Expression bits = body.let("bits", isSmall.choose(x.times(0x1p23f), x).bits());
        Expression power = body.let("power", bits.minusInt(rootBits).shiftRight(MANTISSA));
        Expression f =
                body.let("f", bits.minus(power.shiftLeft(MANTISSA)).toFloat().minus(1));
        Expression exponent =
                body.let("exponent", power.plusInt(ROUNDER_BITS).toFloat().minus(ROUNDER));
        Expression e = body.let("e", isSmall.choose(exponent.minus(MANTISSA), exponent));
        Expression p = f.polynomial(
                7.0376836292e-2f,
                -1.1514610310e-1f,
                1.1676998740e-1f,
                -1.2420140846e-1f,
                1.4249322787e-1f,
                -1.6668057665e-1f,
                2.0000714765e-1f,
                -2.4999993993e-1f,
                3.3333331174e-1f);
        Expression square = body.let("square", f.times(f));
        Expression cubic = p.times(f).times(square);
        Expression small = e.fma(body.constant(LOG_2_REST), square.fma(body.constant(-0.5f), cubic));
        Expression log = body.let("log", e.fma(body.constant(LOG_2), f.plus(small)));
        // Infinity and NaN stay what they are.
        Expression finite = x.isAtMost(body.constant(Float.MAX_VALUE)).choose(log, x);
        Expression positive = x.isBelow(0).choose(body.constant(Float.NaN), finite);
        return x.isEqualTo(body.constant(0)).choose(body.constant(Float.NEGATIVE_INFINITY), positive);
    }

    /** {@code 1 / (1 + e^-x)}: of e^x and e^-x the one that cannot overflow. */
    private static Expression sigmoid(Expression x) {
        Expression exp = exp(x.abs().negate());
        return x.isBelow(0).choose(exp, x.body.constant(1)).over(exp.plus(1));
    }

    /** {@code x / (1 + e^-x)}, within 3 ulp, small results on the far left too; that of minus infinity is NaN. */
    private static Expression silu(Expression x) {
        Expression distance = x.body.let("distance", x.abs().negate());
        return timesDecay(x, x, distance).over(exp(distance).plus(1));
    }

    /**
     * {@code s (1 + x (1 - s))} with the sigmoid s of x, within 5 ulp of the larger of it and x s; at infinities NaN.
     */
    private static Expression siluDerivative(Expression x) {
        Body body = x.body;
        Expression distance = body.let("distance", x.abs().negate());
        Expression exp = exp(distance);
        Expression sum = body.let("sum", exp.plus(1));
        Expression complement = x.isBelow(0).choose(body.constant(1), exp).over(sum);
        Expression factor = body.let("factor", x.fma(complement, body.constant(1)));
        return timesDecay(factor, x, distance).over(sum);
    }

    /**
     * {@code factor e^x} on the left, where the exponential alone would be no normal number before the product is; the
     * factor itself on the right. The limit at minus infinity is infinity times 0, NaN.
     *
     * @param distance {@code -|x|}
     */
    private static Expression timesDecay(Expression factor, Expression x, Expression distance) {
        // From -170 on, also the product with x is 0.
        Expression lowest = x.body.constant(-170);
        Expression nearest = x.body.let("nearest", factor.isBelow(lowest).choose(lowest, factor));
        Expression left = timesExp(nearest, limited(distance, -170, 0), null).plus(x.minus(x));
        return x.isBelow(0).choose(left, factor);
    }

    /** {@code min(max(x + 3, 0), 6) / 6}. */
    private static Expression hardSigmoid(Expression x) {
        Body body = x.body;
        return x.plus(3).max(body.constant(0)).min(body.constant(6)).times(1f / 6);
    }

    private static Expression hardSwishDerivative(Argument x) {
        // 2 x + 3 is rounded once, also around its zero. Infinity is 1, NaN stays NaN.
        Expression slope = x.value().fma(x.constant(2), x.constant(3)).times(1f / 6);
        Expression right = x.value().isAtLeast(x.constant(3)).choose(x.constant(1), slope);
        return x.value().isAtMost(x.constant(-3)).choose(x.constant(0), right);
    }

    /**
     * {@code log(1 + e^x)}, within 3.5 ulp, small results on the far left too: {@code max(x, 0) + log(1 + u)} with
     * {@code u = e^-|x|} and {@code log(1 + u) = 2 atanh(u / (2 + u))}, whose series ends at the power of 15 because
     * its argument is at most 1/3.
     */
    private static Expression softplus(Expression x) {
        Body body = x.body;
        Expression u = exp(x.abs().negate());
        Expression t = body.let("t", u.plus(u).over(u.plus(2)));
        Expression square = body.let("square", t.times(t).times(0.25f));
        Expression series = square.polynomial(1f / 15, 1f / 13, 1f / 11, 1f / 9, 1f / 7, 1f / 5, 1f / 3);
        Expression log = square.times(t).fma(series, t);
        return x.max(body.constant(0)).plus(log);
    }

    /**
     * {@code x tanh(log(1 + e^x))}, within 6 ulp, small results on the far left too; that of minus infinity is NaN.
     * With {@code n = e^x}, the hyperbolic tangent is {@code n (n + 2) / (n (n + 2) + 2)}; on the right, numerator and
     * denominator are divided by n^2.
     */
    private static Expression mish(Expression x) {
        Body body = x.body;
        Expression distance = body.let("distance", x.abs().negate());
        Expression u = exp(distance);
        Expression isLeft = x.isBelow(0);
        Expression factor = body.let("factor", isLeft.choose(u.plus(2), u.fma(body.constant(2), body.constant(1))));
        return timesDecay(x, x, distance).times(factor).over(mishDenominator(u, factor, isLeft));
    }

    /** {@code u (u + 2) + 2} on the left, {@code 1 + 2 u + 2 u^2} on the right. */
    private static Expression mishDenominator(Expression u, Expression factor, Expression isLeft) {
        Body body = u.body;
        Expression left = u.fma(factor, body.constant(2));
        Expression right = u.plus(u).fma(u, factor);
        return body.let("denominator", isLeft.choose(left, right));
    }

    /**
     * {@code w + 4 x n (n + 1) / (n (n + 2) + 2)^2} with the tangent w of {@link #mish}, within 10 ulp of the larger of
     * it and {@code x w}; at infinities NaN.
     */
    private static Expression mishDerivative(Expression x) {
        Body body = x.body;
        Expression distance = body.let("distance", x.abs().negate());
        Expression u = exp(distance);
        Expression isLeft = x.isBelow(0);
        Expression factor = body.let("factor", isLeft.choose(u.plus(2), u.fma(body.constant(2), body.constant(1))));
        Expression denominator = mishDenominator(u, factor, isLeft);
        Expression sum = body.let("sum", u.plus(1));
        Expression slope = isLeft.choose(sum, sum.times(u).times(u));
        // Numerator and denominator are divided by 4, so that far on the left the numerator is x, as timesDecay
        // expects.
        Expression quarter =
                body.let("quarter", x.fma(slope, factor.times(denominator).times(0.25f)));
        Expression half = body.let("halfDenominator", denominator.times(0.5f));
        return timesDecay(quarter, x, distance).over(half.times(half));
    }

    /** Within 1.4 ulp; -0 stays -0. {@code tanh x = x (1 + x^2 (T0 + T1 x^2 + ...))} where x is small. */
    private static Expression tanh(Expression x) {
        Body body = x.body;
        Expression size = body.let("size", x.abs());
        Expression exp = exp(size.plus(size));
        Expression positive =
                body.let("positive", body.constant(1).minus(body.constant(2).over(exp.plus(1))));
        Expression large = x.isBelow(0).choose(positive.negate(), positive);
        Expression square = body.let("square", x.times(x));
        Expression p = square.polynomial(
                -5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f, -3.33332819422e-1f, 1);
        return size.isAtLeast(body.constant(0.625f)).choose(large, x.times(p));
    }

    /** {@code x} of what is not negative, {@code a (e^x - 1)} elsewhere, the difference within 0.9 ulp. */
    private static Expression elu(Argument x) {
        Body body = x.body();
        // Below -30, e^x - 1 rounds to -1.
        Expression limited = body.let("limited", x.value().isBelow(-30).choose(body.constant(-30), x.value()));
        Expression rounded = roundedPower(limited);
        Expression p = expPolynomial(body.let("r", remainder(limited, rounded)));
        // 2^n e^r - 1 = 2^n (e^r - 1) + (2^n - 1), without a difference of what is nearly equal.
        Expression scale = body.let(
                "scale",
                rounded.bits()
                        .minusInt(ROUNDER_BITS)
                        .plusInt(BIAS)
                        .shiftLeft(MANTISSA)
                        .toFloat());
        Expression less1 = scale.fma(p, scale.minus(1));
        return x.value().isBelow(0).choose(less1.times(x.a()), x.value());
    }

    /**
     * {@code x F(x)} with the distribution function F of the standard normal distribution, within 3.3 ulp, small
     * results on the far left too; -0 stays -0. That of minus infinity is infinity times 0, NaN.
     *
     * <p>{@code F(-t) = e^(-t^2 / 2) M(t)}, t not negative, has a factor M that falls as slowly as 1 / t: {@code (t +
     * c) M} is a polynomial in {@code (t - c) / (t + c)}, with some c, as in Shepherd and Laframboise, Chebyshev
     * approximation of (1 + 2x) exp(x^2) erfc(x), Mathematics of Computation 36 (1981); the coefficients are our own,
     * with the least greatest relative error (Remez). What x > 0 has follows from {@code F(x) = 1 - F(-x)}.
     */
    private static Expression gelu(Expression x) {
        Body body = x.body;
        Expression size = body.let("size", x.abs());
        Expression t = body.let("t", size.isAbove(FURTHEST).choose(body.constant(FURTHEST), size));
        // Not t: infinity makes NaN of this, as it does of infinity times 0 in the definition.
        Expression share = body.let("share", size.over(size.plus(1.875f)));
        Expression q = body.let("q", share.fma(body.constant(2), body.constant(-1)));
        Expression p = q.polynomial(
                -2.5738541187e-4f,
                4.0162659556e-4f,
                1.0207230559e-3f,
                -3.8385201565e-5f,
                -3.2332365147e-3f,
                -5.6241819112e-3f,
                5.2495730260e-3f,
                3.6790595623e-2f,
                4.2873155642e-3f,
                -3.0073996993e-1f,
                6.6109084500e-1f);
        Expression tail = timesBell(body.let("factor", p.times(share)), t);
        Expression left = x.isBelow(0).choose(tail.negate(), x.minus(tail));
        Expression far = x.isAbove(FURTHEST).choose(x, left);
        // Near 0, where M would be less exact: F(x) = 1/2 + x (G0 + G1 x^2 + ...).
        Expression square = body.let("squareOfX", x.times(x));
        Expression g = square.polynomial(-1.1311304395e-3f, 9.9648366945e-3f, -6.6489944386e-2f, 3.9894227698e-1f);
        Expression near = x.times(g.fma(x, body.constant(0.5f)));
        return size.isAtLeast(body.constant(0.5f)).choose(far, near);
    }

    /**
     * {@code F(x) + x f(x)} with the density f of that distribution, within 3.6 ulp, around its zero at -0.75 too; at
     * infinities NaN. At -t it is the same exponential times {@code (t - zero) D(t)}, D without a zero and such a
     * polynomial too.
     */
    private static Expression geluDerivative(Expression x) {
        Body body = x.body;
        float zero = (float) 0.75179152469356445746;
        float zeroRest = (float) (0.75179152469356445746 - zero);
        Expression size = body.let("size", x.abs());
        Expression t = body.let("t", size.isAbove(FURTHEST).choose(body.constant(FURTHEST), size));
        Expression q = body.let("q", size.over(size.plus(3)).fma(body.constant(2), body.constant(-1)));
        Expression p = q.polynomial(
                -1.1376083072e-5f,
                -4.5640816965e-6f,
                1.2289215732e-4f,
                9.2798326055e-5f,
                -1.0926498930e-3f,
                -2.0363995602e-4f,
                1.4074456554e-2f,
                -5.3596148649e-2f,
                1.1997543925e-1f,
                -4.7829767728e-1f);
        Expression factor = body.let("factor", t.minus(zero).minus(zeroRest).times(p));
        Expression left = timesBell(factor, t);
        return x.isBelow(0).choose(left, body.constant(1).minus(left));
    }
}
