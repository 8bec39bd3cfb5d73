package dev.striate.backend.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Calls the shared methods of the Vector API with all types of vectors before they are compiled. If a type first
 * appears afterwards, type checks in these methods fail. C2 counts the failures over all code that it inlines in a
 * kernel; from 100 on it ignores type profiles, and boxes the vectors at the end of the kernel.
 */
final class VectorProfiles implements Runnable {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    /** Turns in which the profiles come to know all kinds of vectors. */
    private static final int TURNS = 500;

    @Override
    public void run() {
        VectorSpecies<Integer> integers = IntVector.SPECIES_PREFERRED;
        VectorSpecies<Long> longs = LongVector.SPECIES_PREFERRED;
        VectorShuffle<Float> reversed = VectorShuffle.fromOp(SPECIES, i -> LANES - 1 - i);
        float[] x = new float[LANES];
        int[] n = new int[integers.length()];
        for (int i = 0; i < TURNS; i++) {
            FloatVector a = FloatVector.fromArray(SPECIES, x, 0);
            FloatVector b = FloatVector.broadcast(SPECIES, 1f);
            VectorMask<Float> mask = a.compare(VectorOperators.LT, b);
            a = a.blend(b, mask)
                    .add(b)
                    .sub(a)
                    .mul(b)
                    .fma(b, a)
                    .div(b)
                    .sqrt()
                    .neg()
                    .abs()
                    .rearrange(reversed);
            IntVector p = IntVector.fromArray(integers, n, 0)
                    .add(a.reinterpretAsInts())
                    .sub(1)
                    .not();
            p = p.or(p.lanewise(VectorOperators.ASHR, 31)).and(p.lanewise(VectorOperators.LSHL, 1));
            LongVector q = ((LongVector) a.reinterpretShape(longs, 0)).or(LongVector.broadcast(longs, i));
            q = q.lanewise(VectorOperators.LSHL, 32).or(q.lanewise(VectorOperators.LSHR, 32));
            p.and(q.reinterpretAsInts()).intoArray(n, 0);
            p.reinterpretAsFloats().add(q.reinterpretAsFloats()).mul(0f).intoArray(x, 0);
        }
    }
}
