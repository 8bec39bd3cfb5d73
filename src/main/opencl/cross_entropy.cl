// Softmax cross-entropy. One example per work-item, groups of 64: an example's row is read twice forward and once by the
// gradient, which writes every element once.
#include "classification.cl"

__kernel void examples(
    const Classification g, const float smoothing, __global const float *logits, __global const int *labels,
    __global float *losses, __global float *lse)
{
    const int example = get_global_id(0);
    if (example >= g.examples) {
        return;
    }
    __global const float *row = logits + example / g.inner * g.classes * g.inner + example % g.inner;
    float maximum = -INFINITY;
    for (int i = 0; i < g.classes; ++i) {
        maximum = fmax(maximum, row[i * g.inner]);
    }
    float sum = 0.0f;
    float shiftedSum = 0.0f;
    for (int block = 0; block < g.classes; block += BLOCK) {
        float part = 0.0f;
        float shiftedPart = 0.0f;
        for (int i = block; i < min(g.classes, block + BLOCK); ++i) {
            const float shifted = row[i * g.inner] - maximum;
            part += exp(shifted);
            shiftedPart += shifted;
        }
        sum += part;
        shiftedSum += shiftedPart;
    }
    const float logSum = log(sum);
    const int label = labels[example];
    float loss = 0.0f;
    if (label != g.ignoreIndex) {
        // Everything relative to the maximum, so that large logits do not cancel.
        loss = logSum - (1.0f - smoothing) * (row[label * g.inner] - maximum);
        if (smoothing != 0.0f) {
            loss -= smoothing * (shiftedSum / g.classes);
        }
    }
    losses[example] = loss;
    lse[example] = maximum + logSum;
}

__kernel void gradient(
    const Classification g, const float smoothing, __global const float *logits, __global const int *labels,
    __global const float *saved, __global const float *dy, __global float *dlogits)
{
    const int example = get_global_id(0);
    if (example >= g.examples) {
        return;
    }
    const int start = example / g.inner * g.classes * g.inner + example % g.inner;
    const int label = labels[example];
    const bool counts = label != g.ignoreIndex;
    const float scale = counts ? gradientScale(example, dy, saved[g.examples]) : 0.0f;
    const float lse = saved[example];
    for (int i = 0; i < g.classes; ++i) {
        const int at = start + i * g.inner;
        const float target = (i == label ? 1.0f - smoothing : 0.0f) + smoothing / g.classes;
        dlogits[at] = counts ? scale * (exp(logits[at] - lse) - target) : 0.0f;
    }
}
