// Turns 16 vectors of 16: what was lane i of vector j becomes lane j of vector i. The eight bits that say where a number is,
// vector and lane, are rotated by one place in each of four steps.
void transpose(Vec *v)
{
#pragma unroll
    for (int step = 0; step < 4; ++step) {
        Vec turned[WIDTH];
#pragma unroll
        for (int i = 0; i < WIDTH / 2; ++i) {
            turned[i] = (Vec)(v[2 * i].even, v[2 * i + 1].even);
            turned[i + WIDTH / 2] = (Vec)(v[2 * i].odd, v[2 * i + 1].odd);
        }
#pragma unroll
        for (int i = 0; i < WIDTH; ++i) {
            v[i] = turned[i];
        }
    }
}
