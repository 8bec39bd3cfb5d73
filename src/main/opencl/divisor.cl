// Division by a number that all work-items share, as one multiplication: GPUs have no instruction for a division of integers, and
// need some twenty others. After Granlund and Montgomery (1994): floor(i * ceil(2^32 / d) / 2^32) is floor(i / d) as long as
// i * d is below 2^32.
typedef struct {
    int divisor;
    uint factor; // 0 where the numbers are too large, and where the divisor is 1
} Divisor;

// For dividing numbers from 0 up to, not including, `end`. Where there are none, the divisor may be 0.
Divisor divisorFor(int divisor, int end)
{
    divisor = max(divisor, 1);
    const uint most = 0xffffffffu / (uint)divisor;
    Divisor d;
    d.divisor = divisor;
    d.factor = divisor > 1 && (uint)end <= most ? most + 1u : 0u;
    return d;
}

int quotient(int i, Divisor d)
{
    return d.factor != 0u ? (int)mul_hi((uint)i, d.factor) : i / d.divisor;
}
