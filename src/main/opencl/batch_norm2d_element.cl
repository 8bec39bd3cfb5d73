// What batch normalisation does to the elements of a channel: (x - centre) scale + shift.
typedef struct {
    float centre;
    float scale;
    float shift;
} Norm;

// 1 / sqrt(variance + epsilon) of a channel. BATCH_STATISTICS is defined if mean and variance are those of the batch: spread then
// holds the result, because the variance may overflow; otherwise it holds the variance.
float reciprocalOf(int channel, float epsilon, __global const float *spread)
{
#ifdef BATCH_STATISTICS
    return spread[channel];
#else
    return 1.0f / sqrt(spread[channel] + epsilon);
#endif
}

Norm normOf(
    int channel, float epsilon, __global const float *gamma, __global const float *beta, __global const float *mean,
    __global const float *spread)
{
    Norm norm;
    norm.centre = mean[channel];
    norm.scale = gamma[channel] * reciprocalOf(channel, epsilon, spread);
    norm.shift = beta[channel];
    return norm;
}

// Of an element or a vector of them.
#define NORMALISED(norm, v) (((v) - (norm).centre) * (norm).scale + (norm).shift)

// What it makes of the gradient dy of its results: (dy - dyMean - (x - centre) slope) scale where mean and variance depend on x;
// elsewhere dy scale.
typedef struct {
    float centre;
    float scale;
    float dyMean;
    float slope;
} NormGradient;

NormGradient normGradientOf(
    int channel, float m, float epsilon, __global const float *gamma, __global const float *mean,
    __global const float *spread, __global const float *dgamma, __global const float *dbeta)
{
    const float reciprocal = reciprocalOf(channel, epsilon, spread);
    NormGradient norm;
    norm.centre = mean[channel];
    norm.scale = gamma[channel] * reciprocal;
#ifdef BATCH_STATISTICS
    norm.dyMean = dbeta[channel] / m;
    norm.slope = dgamma[channel] / m * reciprocal;
#else
    norm.dyMean = 0.0f;
    norm.slope = 0.0f;
#endif
    return norm;
}

#ifdef BATCH_STATISTICS
#define NORM_GRADIENT(norm, dy, x) ((norm).scale * ((dy) - (norm).dyMean - ((x) - (norm).centre) * (norm).slope))
#else
#define NORM_GRADIENT(norm, dy, x) ((norm).scale * (dy))
#endif
