package dev.striate.bench.gpu;

import dev.striate.Device;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.backend.Buffer;
import dev.striate.bench.common.HashData;
import dev.striate.bench.common.Work;
import dev.striate.internal.Internals;
import java.util.Map;

/** Work that does little besides launches and transfers. */
final class Copies {

    private Copies() {}

    /** The least that a launch can do. */
    static Work launch(Device device, boolean wait) {
        Tensor x = Tensor.of(device, Shape.of(64), HashData.uniform(1, 64));
        return Work.of(
                "product",
                () -> x.mul(0.5f),
                Tensor::toFloatArray,
                y -> {
                    y.close();
                    if (wait) {
                        device.synchronize();
                    }
                },
                x::close);
    }

    /** @param way {@code h2d}, {@code d2h} or {@code d2d}, whose two copies are one reading and one writing */
    static Work copy(Device device, String way, int n) {
        float[] host = HashData.uniform(1, n);
        float[] back = new float[n];
        Tensor x = Tensor.of(device, Shape.of(n), host);
        Tensor y = Tensor.zeros(device, n);
        Buffer buffer = Internals.buffer(x);
        return new Work() {
            @Override
            public void run() {
                switch (way) {
                    case "h2d" -> Internals.backend(device).write(host, 0, buffer);
                    case "d2h" -> Internals.backend(device).read(buffer, back, 0);
                    default -> y.assign(x);
                }
            }

            @Override
            public Map<String, float[]> outcome() {
                run();
                return Map.of("copy", (way.equals("d2d") ? y : x).toFloatArray());
            }

            @Override
            public void close() {
                x.close();
                y.close();
            }
        };
    }
}
