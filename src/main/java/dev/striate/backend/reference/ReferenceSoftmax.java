package dev.striate.backend.reference;

import dev.striate.backend.AxisGeometry;
import dev.striate.backend.Buffer;
import dev.striate.backend.SoftmaxKernels;
import java.util.function.IntToDoubleFunction;

/** Softmax and its logarithm. */
final class ReferenceSoftmax implements SoftmaxKernels {

    /** The place of element {@code i} of line {@code line}, 0 .. outer * inner - 1, along the axis. */
    static int place(AxisGeometry g, int line, int i) {
        return (line / g.inner() * g.size() + i) * g.inner() + line % g.inner();
    }

    /** The maximum of a line, NaN if it has one. */
    static double max(AxisGeometry g, int line, ReferenceBuffer x) {
        double max = x.get(place(g, line, 0));
        for (int i = 1; i < g.size(); i++) {
            max = Math.max(max, x.get(place(g, line, i)));
        }
        return max;
    }

    /**
     * {@code sum(e^(x - max))} along a line. Its logarithm is never added to the maximum: a large one would round it
     * away, in double precision too.
     */
    static double sumOfExp(AxisGeometry g, int line, ReferenceBuffer x, double max) {
        return sum(g, line, at -> Math.exp(x.get(at) - max));
    }

    /** The sum of a term over the places of a line. */
    static double sum(AxisGeometry g, int line, IntToDoubleFunction term) {
        double sum = 0;
        for (int i = 0; i < g.size(); i++) {
            sum += term.applyAsDouble(place(g, line, i));
        }
        return sum;
    }

    private static void setLine(AxisGeometry g, int line, ReferenceBuffer to, IntToDoubleFunction value) {
        for (int i = 0; i < g.size(); i++) {
            int at = place(g, line, i);
            to.set(at, value.applyAsDouble(at));
        }
    }

    @Override
    public void softmax(AxisGeometry g, Buffer x, Buffer y) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        for (int line = 0; line < g.outer() * g.inner(); line++) {
            double max = max(g, line, from);
            double sum = sumOfExp(g, line, from, max);
            setLine(g, line, ReferenceBuffer.of(y), at -> Math.exp(from.get(at) - max) / sum);
        }
    }

    @Override
    public void softmaxGradient(AxisGeometry g, Buffer y, Buffer dy, Buffer dx) {
        ReferenceBuffer output = ReferenceBuffer.of(y);
        ReferenceBuffer upstream = ReferenceBuffer.of(dy);
        for (int line = 0; line < g.outer() * g.inner(); line++) {
            double dot = sum(g, line, at -> upstream.get(at) * output.get(at));
            setLine(g, line, ReferenceBuffer.of(dx), at -> output.get(at) * (upstream.get(at) - dot));
        }
    }

    @Override
    public void logSoftmax(AxisGeometry g, Buffer x, Buffer y) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        for (int line = 0; line < g.outer() * g.inner(); line++) {
            double max = max(g, line, from);
            double logSum = Math.log(sumOfExp(g, line, from, max));
            setLine(g, line, ReferenceBuffer.of(y), at -> (from.get(at) - max) - logSum);
        }
    }

    @Override
    public void logSoftmaxGradient(AxisGeometry g, Buffer y, Buffer dy, Buffer dx) {
        ReferenceBuffer output = ReferenceBuffer.of(y);
        ReferenceBuffer upstream = ReferenceBuffer.of(dy);
        for (int line = 0; line < g.outer() * g.inner(); line++) {
            double sum = sum(g, line, upstream::get);
            setLine(g, line, ReferenceBuffer.of(dx), at -> upstream.get(at) - Math.exp(output.get(at)) * sum);
        }
    }
}
