// Functions of one element; each build defines one of F_... . One vector per work-item, groups of any size; each element is read
// once and written once.
//
// Error bounds are given in ulp; for a subnormal result, in ulp of the smallest normal number. They follow from the bounds that
// OpenCL 1.2 (section 7.4) guarantees: exp, expm1, log and sqrt 3, tanh 5, pow 16, division 2.5. The bound of a derivative is that
// for the saved x or y; the product with dy adds 0.5. UnaryUlpsTest checks all of them.
#include "common.cl"

#define ZERO ((Vec)(0.0f))
#define ONE ((Vec)(1.0f))

#if defined(F_AFFINE)
#define VALUE fma((Vec)(a), x, (Vec)(b))
#define DERIVATIVE ((Vec)(a))
#elif defined(F_EXP)
// Value 3, derivative 3.
#define VALUE exp(x)
#define DERIVATIVE y
#elif defined(F_LOG)
// Value 3, derivative 2.5.
#define VALUE log(x)
#define DERIVATIVE (1.0f / x)
#elif defined(F_SQRT)
// Value 3, derivative 5.5, of which 3 are those of y.
#define VALUE sqrt(x)
#define DERIVATIVE (0.5f / y)
#elif defined(F_POW)
// Value 16, squares 0.5; derivative 19, and 0.5 a more where the power is subnormal.
#define VALUE (a == 2.0f ? x * x : pow(x, (Vec)(a)))
#define DERIVATIVE powDerivative(x, a)

Vec powDerivative(Vec x, float a)
{
    if (a == 0.0f) {
        return ZERO;
    }
    if (a == 2.0f) {
        return 2.0f * x;
    }
    if (a >= 0.5f || !isfinite(a)) {
        return a * pow(x, (Vec)(a - 1.0f));
    }
    // Not x^(a - 1): a - 1 may be no float, and the power may overflow although a times it does not. Without fabs, -0 would give
    // the wrong infinity for an a that is no integer.
    const Vec derivative = a * pow(x, (Vec)(a)) / (a == rint(a) ? x : fabs(x));
    return a < 0.0f ? derivative : (x == ZERO ? (Vec)(INFINITY) : (fabs(x) == (Vec)(INFINITY) ? ZERO : derivative));
}
#elif defined(F_ABS)
#define VALUE fabs(x)
// Zero and NaN are their own sign.
#define DERIVATIVE (x > ZERO ? ONE : (x < ZERO ? -ONE : x))
#elif defined(F_CLAMP)
// Comparisons, not fmin and fmax: those lose NaN.
#define RAISED (x < (Vec)(a) ? (Vec)(a) : x)
#define VALUE (RAISED > (Vec)(b) ? (Vec)(b) : RAISED)
#define DERIVATIVE (x >= (Vec)(a) && x <= (Vec)(b) ? ONE : ZERO)
#elif defined(F_RELU)
#define VALUE (x <= ZERO ? ZERO : x)
#define DERIVATIVE (y > ZERO ? ONE : ZERO)
#elif defined(F_LEAKY_RELU)
#define VALUE (x > ZERO ? x : a * x)
#define DERIVATIVE (x > ZERO ? ONE : (Vec)(a))
#elif defined(F_ELU)
// Value 3.5, derivative 3.5.
#define VALUE (x > ZERO ? x : a * expm1(x))
#define DERIVATIVE (x > ZERO ? ONE : a * exp(x))
#elif defined(F_SIGMOID)
// Value 6; derivative 7 ulp of y, of which 6 are those of y. e^-|x| cannot overflow, and neither side loses digits.
#define DECAY exp(-fabs(x))
#define VALUE (x >= ZERO ? ONE / (ONE + DECAY) : DECAY / (ONE + DECAY))
#define DERIVATIVE (y * (ONE - y))
#elif defined(F_SILU)
// Value 11; derivative 18 ulp of the larger of it and the value. On the left, the exponential is taken in two halves: it would be
// subnormal before its product with x is.
#define HALF_DECAY exp(-0.5f * fabs(x))
#define DECAY (HALF_DECAY * HALF_DECAY)
#define ON_SIDE(factor) (x < ZERO ? (factor) * HALF_DECAY * HALF_DECAY : (factor)) / (ONE + DECAY)
#define VALUE ON_SIDE(x)
#define DERIVATIVE ON_SIDE(fma(x, (x < ZERO ? ONE : DECAY) / (ONE + DECAY), ONE))
#elif defined(F_HARD_SIGMOID)
// Value 2, derivative 0.5. Comparisons, not fmin and fmax: those lose NaN.
#define RAISED (x + 3.0f < ZERO ? ZERO : x + 3.0f)
#define VALUE ((RAISED > (Vec)(6.0f) ? (Vec)(6.0f) : RAISED) * (1.0f / 6.0f))
#define DERIVATIVE (fabs(x) < (Vec)(3.0f) ? (Vec)(1.0f / 6.0f) : ZERO)
#elif defined(F_HARD_SWISH)
// Value 3, derivative 2, around its zero at -1.5 too.
#define RAISED (x + 3.0f < ZERO ? ZERO : x + 3.0f)
#define VALUE (x * ((RAISED > (Vec)(6.0f) ? (Vec)(6.0f) : RAISED) * (1.0f / 6.0f)))
#define SLOPE (fma(x, (Vec)(2.0f), (Vec)(3.0f)) * (1.0f / 6.0f))
#define DERIVATIVE (x <= (Vec)(-3.0f) ? ZERO : (x >= (Vec)(3.0f) ? ONE : SLOPE))
#elif defined(F_SOFTPLUS)
// Value 5.5 (log1p 2, of an argument with 3); derivative 6, as the sigmoid.
#define DECAY exp(-fabs(x))
#define VALUE ((x < ZERO ? ZERO : x) + log1p(DECAY))
#define DERIVATIVE ((x >= ZERO ? ONE : DECAY) / (ONE + DECAY))
#elif defined(F_MISH)
// Value 20; derivative 48 ulp of the larger of it and the value. With n = e^x, tanh(log(1 + n)) = n (n + 2) / (n (n + 2) + 2); on
// the right, numerator and denominator are divided by n^2. The exponential is taken in two halves as for silu.
#define VALUE mish(x)
#define DERIVATIVE mishDerivative(x)

Vec mish(Vec x)
{
    const Vec half_decay = exp(-0.5f * fabs(x));
    const Vec u = half_decay * half_decay;
    const Vec factor = x < ZERO ? u + 2.0f : fma(u, (Vec)(2.0f), ONE);
    const Vec denominator = x < ZERO ? fma(u, factor, (Vec)(2.0f)) : fma(u + u, u, factor);
    return (x < ZERO ? x * half_decay * half_decay : x) * factor / denominator;
}

Vec mishDerivative(Vec x)
{
    const Vec half_decay = exp(-0.5f * fabs(x));
    const Vec u = half_decay * half_decay;
    const Vec factor = x < ZERO ? u + 2.0f : fma(u, (Vec)(2.0f), ONE);
    const Vec denominator = x < ZERO ? fma(u, factor, (Vec)(2.0f)) : fma(u + u, u, factor);
    const Vec slope = x < ZERO ? u + ONE : (u + ONE) * u * u;
    // Numerator and denominator are divided by 4, so that the numerator does not overflow.
    const Vec quarter = fma(x, slope, 0.25f * (factor * denominator));
    return (x < ZERO ? quarter * half_decay * half_decay : quarter) / (0.25f * (denominator * denominator));
}
#elif defined(F_TANH)
// Value 5; derivative 6.5 ulp of 1, of which 5 are those of y.
#define VALUE tanh(x)
#define DERIVATIVE ((ONE - y) * (ONE + y))
#elif defined(F_GELU)
// Value 11, derivative 11, also for small results on the far left and around the derivative's zero at -0.75; 3 where division is
// exactly rounded and exp within 1 ulp, as in PoCL. The built-in erfc is not used: rounding its argument alone costs 190 ulp on
// the far left. The polynomials are those of the CPU, see the generator's Functions for their origin.
#define VALUE gelu(x)
#define DERIVATIVE geluDerivative(x)
#define FURTHEST 15.0f
#define ZERO_HIGH 7.517915368e-01f
#define ZERO_LOW -1.211444989e-08f
#define STEP(p, q, coefficient) fma(p, q, (Vec)(coefficient))

// e^(-t^2 / 2). The square is kept as the sum of two floats: half an ulp of it would be many ulp of the result.
Vec bell(Vec t)
{
    const Vec square = t * t;
    const Vec e = exp(-0.5f * square);
    return fma(e, -0.5f * fma(t, t, -square), e);
}

Vec gelu(Vec x)
{
    const Vec size = fabs(x);
    // Not limited to FURTHEST: infinity becomes NaN, as infinity times 0 does in the definition.
    const Vec share = size / (size + 1.875f);
    const Vec q = fma(share, (Vec)(2.0f), -ONE);
    Vec p = (Vec)(-2.5738541187e-4f);
    p = STEP(p, q, 4.0162659556e-4f);
    p = STEP(p, q, 1.0207230559e-3f);
    p = STEP(p, q, -3.8385201565e-5f);
    p = STEP(p, q, -3.2332365147e-3f);
    p = STEP(p, q, -5.6241819112e-3f);
    p = STEP(p, q, 5.2495730260e-3f);
    p = STEP(p, q, 3.6790595623e-2f);
    p = STEP(p, q, 4.2873155642e-3f);
    p = STEP(p, q, -3.0073996993e-1f);
    p = STEP(p, q, 6.6109084500e-1f);
    const Vec tail = p * share * bell(fmin(size, (Vec)(FURTHEST)));
    const Vec distant = x < ZERO ? -tail : (x > (Vec)(FURTHEST) ? x : x - tail);
    const Vec square = x * x;
    p = (Vec)(-1.1311304395e-3f);
    p = STEP(p, square, 9.9648366945e-3f);
    p = STEP(p, square, -6.6489944386e-2f);
    p = STEP(p, square, 3.9894227698e-1f);
    return size < (Vec)(0.5f) ? x * STEP(p, x, 0.5f) : distant;
}

Vec geluDerivative(Vec x)
{
    const Vec size = fabs(x);
    const Vec t = fmin(size, (Vec)(FURTHEST));
    const Vec q = fma(size / (size + 3.0f), (Vec)(2.0f), -ONE);
    Vec p = (Vec)(-1.1376083072e-5f);
    p = STEP(p, q, -4.5640816965e-6f);
    p = STEP(p, q, 1.2289215732e-4f);
    p = STEP(p, q, 9.2798326055e-5f);
    p = STEP(p, q, -1.0926498930e-3f);
    p = STEP(p, q, -2.0363995602e-4f);
    p = STEP(p, q, 1.4074456554e-2f);
    p = STEP(p, q, -5.3596148649e-2f);
    p = STEP(p, q, 1.1997543925e-1f);
    p = STEP(p, q, -4.7829767728e-1f);
    // The derivative is 0 at t = ZERO_HIGH + ZERO_LOW.
    const Vec left = (t - ZERO_HIGH - ZERO_LOW) * p * bell(t);
    return x < ZERO ? left : ONE - left;
}
#endif

// y may be x.
__kernel void forward(const int n, const float a, const float b, __global const float *input, __global float *output)
{
    const uint first = FIRST_ELEMENT;
    if (first >= (uint)n) {
        return;
    }
    const Vec x = loadVec(input, first, n);
    storeVec(VALUE, output, first, n);
}

// saved is x or y: the derivatives above name what they are computed from.
__kernel void gradient(
    const int n, const float a, const float b, __global const float *saved, __global const float *dy, __global float *dx)
{
    const uint first = FIRST_ELEMENT;
    if (first >= (uint)n) {
        return;
    }
    const Vec x = loadVec(saved, first, n);
    const Vec y = x;
    storeVec(DERIVATIVE * loadVec(dy, first, n), dx, first, n);
}
