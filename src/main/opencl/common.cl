// What all kernels share. A program is built with TILED (GPUs: local memory, barriers) or VECTOR (CPU devices: neither). Only the
// products of tile_product.cl differ between the two; elsewhere, a team of TEAM work-items is a single one on CPU devices. WIDTH,
// which is 4, is the number of elements that a work-item of an element-wise kernel has.
typedef float4 Vec;

// A loop that is unrolled where its arrays are to be registers.
#ifdef TILED
#define UNROLLED(i, n) _Pragma("unroll") for (int i = 0; i < (n); ++i)
#else
#define UNROLLED(i, n) for (int i = 0; i < (n); ++i)
#endif

// The first of the WIDTH elements that belong to this work-item. Unsigned: the last work-items may start beyond 2^31.
#define FIRST_ELEMENT ((uint)get_global_id(0) * WIDTH)

// Elements first .. first+WIDTH-1 of n, zeros past the end. Buffers are aligned to whole vectors, and so are windows on them.
Vec loadVec(__global const float *p, uint first, int n)
{
    if (first + WIDTH <= (uint)n) {
        return *(__global const Vec *)(p + first);
    }
    float lanes[WIDTH];
    UNROLLED(lane, WIDTH) {
        lanes[lane] = first + lane < (uint)n ? p[first + lane] : 0.0f;
    }
    return vload4(0, lanes);
}

// Writes those of the elements first .. first+WIDTH-1 that are below n.
void storeVec(Vec v, __global float *p, uint first, int n)
{
    if (first + WIDTH <= (uint)n) {
        *(__global Vec *)(p + first) = v;
        return;
    }
    float lanes[WIDTH];
    vstore4(v, 0, lanes);
    UNROLLED(lane, WIDTH) {
        if (first + lane < (uint)n) {
            p[first + lane] = lanes[lane];
        }
    }
}

// ReLU; NaN stays NaN.
float relu(float v)
{
    return v <= 0.0f ? 0.0f : v;
}

Vec reluOfVec(Vec v)
{
    return v <= (Vec)(0.0f) ? (Vec)(0.0f) : v;
}

// The part of a gradient that passes through a ReLU with the output `gate`.
float gated(float v, float gate)
{
    return v * (gate > 0.0f ? 1.0f : 0.0f);
}

Vec gatedVec(Vec v, Vec gate)
{
    return v * (gate > (Vec)(0.0f) ? (Vec)(1.0f) : (Vec)(0.0f));
}

// The end of a forward kernel, EPILOGUE, adds a bias if BIAS is defined and applies ReLU if RELU is. That of a backward kernel,
// GATED, applies the gradient of ReLU if GATE is defined. Operands that are not needed are not read.
#ifdef BIAS
#define BIASED(v, bias) ((v) + (bias))
#else
#define BIASED(v, bias) (v)
#endif
#ifdef RELU
#define EPILOGUE(v, bias) relu(BIASED(v, bias))
#define EPILOGUE_VEC(v, bias) reluOfVec(BIASED(v, bias))
#else
#define EPILOGUE(v, bias) BIASED(v, bias)
#define EPILOGUE_VEC(v, bias) BIASED(v, bias)
#endif
#ifdef GATE
#define GATED(v, gate) gated(v, gate)
#define GATED_VEC(v, gate) gatedVec(v, gate)
#else
#define GATED(v, gate) (v)
#define GATED_VEC(v, gate) (v)
#endif

float sumOfLanes(Vec v)
{
    const float2 half2 = v.lo + v.hi;
    return half2.x + half2.y;
}

// Where an operand of a loop nest stands in a turn. The table holds the sizes, then the strides of each operand.
int nestPosition(__constant int *nest, int depth, int operand, int turn)
{
    int position = 0;
    for (int loop = depth - 1; loop >= 0; --loop) {
        const int size = nest[loop];
        position += turn % size * nest[depth * (1 + operand) + loop];
        turn /= size;
    }
    return position;
}

// The same for operands 0 and 1 at once. LOOPS, where defined, is the depth known at build time.
int2 nestPositions(__constant int *nest, int depth, int turn)
{
#ifdef LOOPS
    depth = LOOPS;
#endif
    int2 position = (int2)(0, 0);
    for (int loop = depth - 1; loop >= 0; --loop) {
        const int size = nest[loop];
        const int index = turn % size;
        position.x += index * nest[depth + loop];
        position.y += index * nest[2 * depth + loop];
        turn /= size;
    }
    return position;
}

// TEAM work-items that share a piece of work: 1 where each works alone.
#ifdef TEAM
#if TEAM > 1
#define TEAM_LANE ((int)get_local_id(0))
#define TEAM_SCRATCH(name) __local float name[TEAM]

// The sum over the team, the same for all of it. Every work-item of the group must come here.
float teamSum(float value, __local float *scratch)
{
    const int lane = get_local_id(0);
    scratch[lane] = value;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_ = TEAM / 2; half_ > 0; half_ /= 2) {
        if (lane < half_) {
            scratch[lane] += scratch[lane + half_];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    const float sum = scratch[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return sum;
}

// The maximum over the team; NaN only if all are.
float teamMax(float value, __local float *scratch)
{
    const int lane = get_local_id(0);
    scratch[lane] = value;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_ = TEAM / 2; half_ > 0; half_ /= 2) {
        if (lane < half_) {
            scratch[lane] = fmax(scratch[lane], scratch[lane + half_]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    const float maximum = scratch[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return maximum;
}
#else
#define TEAM_LANE 0
#define TEAM_SCRATCH(name)
#define teamSum(value, scratch) (value)
#define teamMax(value, scratch) (value)
#endif
#endif
