// Softmax cross-entropy. An example's row is read twice for the loss, once for the prediction and once for the gradient, which is
// written once. PREDICTIONS is defined if the predicted classes are wanted.
#include "classification.cl"

int placeOf(const Classification g, int example)
{
    return example / g.inner * g.classes * g.inner + example % g.inner;
}

// Half the distance of a logit from the maximum. The whole distance may overflow although the loss does not.
float halfDistance(float logit, float maximum)
{
    return 0.5f * maximum - 0.5f * logit;
}

// An example's loss, or 0 if it is ignored. Saves the example's maximum and sum(e^(x - maximum)) separately: added to a large
// maximum, the logarithm of the sum would be rounded away.
float lossOf(
    const Classification g, float smoothing, __global const float *logits, int label, int example, __global float *saved)
{
    __global const float *row = logits + placeOf(g, example);
    float maximum = -INFINITY;
    for (int i = 0; i < g.classes; ++i) {
        maximum = fmax(maximum, row[i * g.inner]);
    }
    const float share = 1.0f / g.classes;
    float sum = 0.0f;
    float halfMean = 0.0f;
    for (int block = 0; block < g.classes; block += BLOCK) {
        float part = 0.0f;
        float halfMeanPart = 0.0f;
        for (int i = block; i < min(g.classes, block + BLOCK); ++i) {
            part += exp(row[i * g.inner] - maximum);
            halfMeanPart += share * halfDistance(row[i * g.inner], maximum);
        }
        sum += part;
        halfMean += halfMeanPart;
    }
    saved[example] = maximum;
    saved[g.examples + example] = sum;
    if (label == g.ignoreIndex) {
        return 0.0f;
    }
    const float loss = log(sum) + 2.0f * ((1.0f - smoothing) * halfDistance(row[label * g.inner], maximum));
    return smoothing == 0.0f ? loss : loss + 2.0f * (smoothing * halfMean);
}

// The class of an example's largest logit, the first among equals; the first NaN wins over everything.
int predictionOf(const Classification g, __global const float *logits, int example)
{
    __global const float *row = logits + placeOf(g, example);
    float best = row[0];
    int class_ = 0;
    for (int i = 1; i < g.classes; ++i) {
        const float v = row[i * g.inner];
        if (!isnan(best) && (v > best || isnan(v))) {
            best = v;
            class_ = i;
        }
    }
    return class_;
}

// An example's gradient times scale.
void storeGradient(
    const Classification g, float smoothing, __global const float *logits, int label, int example,
    __global const float *saved, float scale, __global float *dlogits)
{
    const float maximum = saved[example];
    const float reciprocal = 1.0f / saved[g.examples + example];
    const int start = placeOf(g, example);
    const bool counts = label != g.ignoreIndex;
    for (int i = 0; i < g.classes; ++i) {
        const int at = start + i * g.inner;
        const float target = (i == label ? 1.0f - smoothing : 0.0f) + smoothing / g.classes;
        dlogits[at] = counts ? scale * (exp(logits[at] - maximum) * reciprocal - target) : 0.0f;
    }
}

// One example per work-item, groups of any size.
__kernel void examples(
    const Classification g, const float smoothing, __global const float *logits, __global const int *labels,
    __global float *losses, __global float *saved, __global int *predicted)
{
    const int example = get_global_id(0);
    if (example >= g.examples) {
        return;
    }
    losses[example] = lossOf(g, smoothing, logits, labels[example], example, saved);
#ifdef PREDICTIONS
    predicted[example] = predictionOf(g, logits, example);
#endif
}

// One example per work-item, groups of any size. UNIT_UPSTREAM is defined where dy is 1.
__kernel void gradient(
    const Classification g, const float smoothing, __global const float *logits, __global const int *labels,
    __global const float *saved, __global const float *dy, __global float *dlogits)
{
    const int example = get_global_id(0);
    if (example >= g.examples) {
        return;
    }
#ifdef UNIT_UPSTREAM
    const float scale = gradientScale(1.0f, saved[2 * g.examples]);
#else
    const float scale = gradientScale(upstreamOf(example, dy), saved[2 * g.examples]);
#endif
    storeGradient(g, smoothing, logits, labels[example], example, saved, scale, dlogits);
}

// Everything at once, by one team: a launch costs more than sharing a few rows among groups would save. GRADIENT is defined where
// the gradient for a dy of 1 is asked for.
__kernel void whole(
    const Classification g, const float smoothing, __global const float *logits, __global const int *labels,
    __global float *loss, __global float *saved, __global int *predicted, __global float *dlogits)
{
    TEAM_SCRATCH(scratch);
    float sum = 0.0f;
    float largeSum = 0.0f;
    float counted = 0.0f;
    for (int block = TEAM_LANE; block < g.examples; block += TEAM * BLOCK) {
        const int end = min(g.examples, block + TEAM * BLOCK);
        float part = 0.0f;
        float largePart = 0.0f;
        float partCounted = 0.0f;
        for (int example = block; example < end; example += TEAM) {
            const float own = lossOf(g, smoothing, logits, labels[example], example, saved);
            part += own;
            largePart += own * (1.0f / LARGE_LOSS);
            partCounted += labels[example] == g.ignoreIndex ? 0.0f : 1.0f;
#ifdef PREDICTIONS
            predicted[example] = predictionOf(g, logits, example);
#endif
        }
        sum += part;
        largeSum += largePart;
        counted += partCounted;
    }
    sum = teamSum(sum, scratch);
    largeSum = teamSum(largeSum, scratch);
    counted = teamSum(counted, scratch);
    if (TEAM_LANE == 0) {
        storeLoss(sum, largeSum, counted, 2 * g.examples, loss, saved);
    }
#ifdef GRADIENT
    // Each work-item has saved the maximum and sum of its own examples.
    for (int example = TEAM_LANE; example < g.examples; example += TEAM) {
        storeGradient(
            g, smoothing, logits, labels[example], example, saved, gradientScale(1.0f, counted), dlogits);
    }
#endif
}
