package dev.striate.backend.opencl;

import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.MaxPool2dKernels;
import dev.striate.backend.Pool2dGeometry;

/** Launches {@code max_pool2d.cl}. */
final class OpenClMaxPool2d implements MaxPool2dKernels {

    private final OpenClRuntime runtime;

    OpenClMaxPool2d(OpenClRuntime runtime) {
        this.runtime = runtime;
    }

    @Override
    public void forward(Pool2dGeometry g, Buffer x, boolean relu, Buffer y, IndexBuffer indices) {
        OpenClPool2d.forward(
                runtime, "max_pool2d", g, launch -> launch.buffers(x, y).indices(indices), relu ? "RELU" : "PLAIN");
    }

    @Override
    public void gradient(Pool2dGeometry g, Buffer dy, IndexBuffer indices, Buffer dx) {
        OpenClPool2d.gradient(
                runtime,
                "max_pool2d",
                g,
                launch -> launch.buffers(dy).indices(indices).buffers(dx),
                "PLAIN");
    }
}
