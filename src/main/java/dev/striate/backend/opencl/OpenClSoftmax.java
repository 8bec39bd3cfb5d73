package dev.striate.backend.opencl;

import dev.striate.backend.AxisGeometry;
import dev.striate.backend.Buffer;
import dev.striate.backend.SoftmaxKernels;

/** Launches {@code softmax.cl}. */
final class OpenClSoftmax implements SoftmaxKernels {

    /** Rows from this length on are shared by a team. */
    private static final int LONG_ROW = 64;

    private final OpenClRuntime runtime;

    OpenClSoftmax(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void softmax(AxisGeometry g, Buffer x, Buffer y) {
        run("softmax", g, x, y);
    }

    @Override
    public void softmaxGradient(AxisGeometry g, Buffer y, Buffer dy, Buffer dx) {
        run("softmaxGradient", g, y, dy, dx);
    }

    @Override
    public void logSoftmax(AxisGeometry g, Buffer x, Buffer y) {
        run("logSoftmax", g, x, y);
    }

    @Override
    public void logSoftmaxGradient(AxisGeometry g, Buffer y, Buffer dy, Buffer dx) {
        run("logSoftmaxGradient", g, y, dy, dx);
    }

    private void run(String kernel, AxisGeometry g, Buffer... buffers) {
        int rows = g.outer() * g.inner();
        int team = g.inner() == 1 && g.size() >= LONG_ROW ? runtime.parameters().get(OpenClParameter.REDUCE_TEAM) : 1;
        OpenClLaunch launch =
                runtime.kernel("softmax", kernel, "TEAM=" + team).struct(g).buffers(buffers);
        if (team > 1) {
            launch.runTeams(rows, team);
        } else {
            launch.runItems(rows);
        }
    }
}
