package dev.striate.backend.cpu;

import dev.striate.backend.AxisGeometry;
import dev.striate.backend.Buffer;
import dev.striate.backend.SoftmaxKernels;

/** Softmax and its logarithm, line by line; sums and exponentials in double precision. */
final class CpuSoftmax implements SoftmaxKernels {

    /** Nanoseconds per element, roughly: an exponential. */
    private static final long COST = 8;

    private final CpuThreads threads;

    CpuSoftmax(CpuContext context) {
        this.threads = context.threads();
    }

    /** One line along the axis: its first element and the step from each to the next. */
    private interface Line {
        void visit(int start, int stride);
    }

    private void forEachLine(AxisGeometry g, Line body) {
        int lines = g.outer() * g.inner();
        threads.forRange(lines, COST * lines * g.size(), (from, to) -> {
            for (int line = from; line < to; line++) {
                body.visit(lineStart(g, line), g.inner());
            }
        });
    }

    /** Where the line with number {@code outer * inner + inner} begins; its elements are {@code g.inner()} apart. */
    static int lineStart(AxisGeometry g, int line) {
        return line / g.inner() * g.size() * g.inner() + line % g.inner();
    }

    /** The maximum of {@code n} elements, NaN if one is. */
    static double max(float[] x, int start, int stride, int n) {
        float max = x[start];
        for (int i = 1; i < n; i++) {
            max = Math.max(max, x[start + i * stride]);
        }
        return max;
    }

    /** {@code sum(e^(x - max))} of {@code n} elements. */
    static double sumOfExp(float[] x, int start, int stride, int n, double max) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += Math.exp(x[start + i * stride] - max);
        }
        return sum;
    }

    @Override
    public void softmax(AxisGeometry g, Buffer x, Buffer y) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(y);
        forEachLine(g, (start, stride) -> {
            double max = max(in.array, in.offset + start, stride, g.size());
            double sum = sumOfExp(in.array, in.offset + start, stride, g.size(), max);
            for (int i = 0; i < g.size(); i++) {
                int at = start + i * stride;
                out.array[out.offset + at] = (float) (Math.exp(in.array[in.offset + at] - max) / sum);
            }
        });
    }

    @Override
    public void softmaxGradient(AxisGeometry g, Buffer y, Buffer dy, Buffer dx) {
        CpuBuffer output = CpuBuffer.of(y);
        CpuBuffer upstream = CpuBuffer.of(dy);
        CpuBuffer result = CpuBuffer.of(dx);
        forEachLine(g, (start, stride) -> {
            double dot = Sums.dot(
                    output.array,
                    output.offset + start,
                    stride,
                    0,
                    upstream.array,
                    upstream.offset + start,
                    stride,
                    g.size());
            for (int i = 0; i < g.size(); i++) {
                int at = start + i * stride;
                double centred = upstream.array[upstream.offset + at] - dot;
                result.array[result.offset + at] = (float) (output.array[output.offset + at] * centred);
            }
        });
    }

    @Override
    public void logSoftmax(AxisGeometry g, Buffer x, Buffer y) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(y);
        forEachLine(g, (start, stride) -> {
            double max = max(in.array, in.offset + start, stride, g.size());
            double logSum = Math.log(sumOfExp(in.array, in.offset + start, stride, g.size(), max));
            for (int i = 0; i < g.size(); i++) {
                int at = start + i * stride;
                out.array[out.offset + at] = (float) ((in.array[in.offset + at] - max) - logSum);
            }
        });
    }

    @Override
    public void logSoftmaxGradient(AxisGeometry g, Buffer y, Buffer dy, Buffer dx) {
        CpuBuffer output = CpuBuffer.of(y);
        CpuBuffer upstream = CpuBuffer.of(dy);
        CpuBuffer result = CpuBuffer.of(dx);
        forEachLine(g, (start, stride) -> {
            double sum = Sums.sum(upstream.array, upstream.offset + start, stride, g.size());
            for (int i = 0; i < g.size(); i++) {
                int at = start + i * stride;
                double share = Math.exp(output.array[output.offset + at]) * sum;
                result.array[result.offset + at] = (float) (upstream.array[upstream.offset + at] - share);
            }
        });
    }
}
