// Softmax along the axis of (outer, size, inner). A row is computed by TEAM work-items (GPUs, long dense rows) or by one.
// It is read three times forward (maximum, sum, result), twice by a gradient, and written once.
#include "common.cl"
#include "AxisGeometry.h"

// The row of this team and its first element. Single work-items beyond the last row return; a team must not, because of its
// barriers, and needs not, because its groups are whole.
#if TEAM > 1
#define LEAVE_OUT
#else
#define LEAVE_OUT if (row >= g.outer * g.inner) return
#endif
#define ROW                                                                    \
    const int row = get_global_id(0) / TEAM;                                   \
    LEAVE_OUT;                                                                 \
    const int start = row / g.inner * g.size * g.inner + row % g.inner

// Sums TERM(at) over the row and adds the rounding errors of the additions (Knuth's two-sum), so that the error does not grow
// with the row. If the sum overflows, these errors are NaN and are left out.
#define SUM_ROW(sum, TERM)                                                     \
    float sum = 0.0f;                                                          \
    float lost = 0.0f;                                                         \
    EACH_OF_ROW {                                                              \
        const float term = TERM(at);                                           \
        const float next = sum + term;                                         \
        const float added = next - sum;                                        \
        lost += (sum - (next - added)) + (term - added);                       \
        sum = next;                                                            \
    }                                                                          \
    sum = teamSum(isfinite(lost) ? sum + lost : sum, scratch)

#define ROW_MAXIMUM(maximum)                                                   \
    float maximum = -INFINITY;                                                 \
    for (int i = TEAM_LANE; i < g.size; i += TEAM) {                           \
        maximum = fmax(maximum, x[start + i * g.inner]);                       \
    }                                                                          \
    maximum = teamMax(maximum, scratch)

#define EACH_OF_ROW for (int at = start + TEAM_LANE * g.inner; at < start + g.size * g.inner; at += TEAM * g.inner)

__kernel void softmax(const AxisGeometry g, __global const float *x, __global float *y)
{
    TEAM_SCRATCH(scratch);
    ROW;
    ROW_MAXIMUM(maximum);
#define SHIFTED_EXP(at) exp(x[at] - maximum)
    SUM_ROW(sum, SHIFTED_EXP);
    EACH_OF_ROW {
        y[at] = SHIFTED_EXP(at) / sum;
    }
}

__kernel void softmaxGradient(
    const AxisGeometry g, __global const float *y, __global const float *dy, __global float *dx)
{
    TEAM_SCRATCH(scratch);
    ROW;
#define DY_Y(at) dy[at] * y[at]
    SUM_ROW(sum, DY_Y);
    EACH_OF_ROW {
        dx[at] = y[at] * (dy[at] - sum);
    }
}

__kernel void logSoftmax(const AxisGeometry g, __global const float *x, __global float *y)
{
    TEAM_SCRATCH(scratch);
    ROW;
    ROW_MAXIMUM(maximum);
    SUM_ROW(sum, SHIFTED_EXP);
    const float logSum = log(sum);
    EACH_OF_ROW {
        y[at] = (x[at] - maximum) - logSum;
    }
}

__kernel void logSoftmaxGradient(
    const AxisGeometry g, __global const float *y, __global const float *dy, __global float *dx)
{
    TEAM_SCRATCH(scratch);
    ROW;
#define DY(at) dy[at]
    SUM_ROW(sum, DY);
    EACH_OF_ROW {
        dx[at] = dy[at] - exp(y[at]) * sum;
    }
}
