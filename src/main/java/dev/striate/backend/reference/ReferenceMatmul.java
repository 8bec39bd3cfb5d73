package dev.striate.backend.reference;

import dev.striate.backend.Buffer;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.MatmulKernels;
import org.jspecify.annotations.Nullable;

/** Matrix products. */
final class ReferenceMatmul implements MatmulKernels {

    @Override
    public void forward(MatmulGeometry g, Buffer a, Buffer b, @Nullable Buffer bias, Buffer c) {
        ReferenceBuffer left = ReferenceBuffer.of(a);
        ReferenceBuffer right = ReferenceBuffer.of(b);
        ReferenceBuffer to = ReferenceBuffer.of(c);
        for (int product = 0; product < g.batch().turns(); product++) {
            int aStart = g.batch().position(0, product);
            int bStart = g.batch().position(1, product);
            for (int i = 0; i < g.m(); i++) {
                for (int j = 0; j < g.n(); j++) {
                    double sum = bias == null ? 0 : ReferenceBuffer.of(bias).get(j);
                    for (int p = 0; p < g.k(); p++) {
                        int aPlace = g.transposeA() ? p * g.m() + i : i * g.k() + p;
                        int bPlace = g.transposeB() ? j * g.k() + p : p * g.n() + j;
                        sum += left.get(aStart + aPlace) * right.get(bStart + bPlace);
                    }
                    to.set((product * g.m() + i) * g.n() + j, sum);
                }
            }
        }
    }
}
