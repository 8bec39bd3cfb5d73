// Softmax along the axis of (outer, size, inner). TEAM work-items share a row (tiled shape, long dense rows), or one has it
// alone. A row is read three times forward (maximum, sum, result) and twice by a gradient, and written once.
#include "common.cl"

// Which row this team has, and its first element. Rows are left out only where work-items are alone: a team has whole groups, and
// nothing may return before its barriers.
#if TEAM > 1
#define LEAVE_OUT
#else
#define LEAVE_OUT if (row >= rows) return
#endif
#define ROW                                                                    \
    const int row = get_global_id(0) / TEAM;                                   \
    LEAVE_OUT;                                                                 \
    const int start = row / inner * size * inner + row % inner

// Adds up TERM(at) over the row and then what the additions rounded away (Knuth's two-sum): a gradient multiplies the sum with
// up to 1, so rounding must not grow with the row. Where the sum overflows, that is NaN and left out.
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
    for (int i = TEAM_LANE; i < size; i += TEAM) {                             \
        maximum = fmax(maximum, x[start + i * inner]);                         \
    }                                                                          \
    maximum = teamMax(maximum, scratch)

#define EACH_OF_ROW for (int at = start + TEAM_LANE * inner; at < start + size * inner; at += TEAM * inner)

__kernel void softmax(const int rows, const int size, const int inner, __global const float *x, __global float *y)
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
    const int rows, const int size, const int inner, __global const float *y, __global const float *dy, __global float *dx)
{
    TEAM_SCRATCH(scratch);
    ROW;
#define DY_Y(at) dy[at] * y[at]
    SUM_ROW(sum, DY_Y);
    EACH_OF_ROW {
        dx[at] = y[at] * (dy[at] - sum);
    }
}

__kernel void logSoftmax(const int rows, const int size, const int inner, __global const float *x, __global float *y)
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
    const int rows, const int size, const int inner, __global const float *y, __global const float *dy, __global float *dx)
{
    TEAM_SCRATCH(scratch);
    ROW;
#define DY(at) dy[at]
    SUM_ROW(sum, DY);
    EACH_OF_ROW {
        dx[at] = dy[at] - exp(y[at]) * sum;
    }
}
