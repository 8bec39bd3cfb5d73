// Negative log-likelihood. Groups of any size.
#include "classification.cl"

// One example per work-item: reads one log-probability.
__kernel void examples(
    const Classification g, __global const float *logProbabilities, __global const int *labels, __global float *losses)
{
    const int example = get_global_id(0);
    if (example >= g.examples) {
        return;
    }
    const int label = labels[example];
    const int start = example / g.inner * g.classes * g.inner + example % g.inner;
    losses[example] = label == g.ignoreIndex ? 0.0f : -logProbabilities[start + label * g.inner];
}

// One element of dx per work-item.
__kernel void gradient(
    const int n, const Classification g, __global const int *labels, __global const float *counted,
    __global const float *dy, __global float *dx)
{
    const uint at = get_global_id(0);
    if (at >= (uint)n) {
        return;
    }
    const int class_ = at / g.inner % g.classes;
    const int example = at / g.inner / g.classes * g.inner + at % g.inner;
    const int label = labels[example];
    const bool hit = label != g.ignoreIndex && label == class_;
    dx[at] = hit ? -gradientScale(upstreamOf(example, dy), counted[0]) : 0.0f;
}
