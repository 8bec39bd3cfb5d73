package dev.striate.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.striate.Device;
import dev.striate.Tensor;
import dev.striate.TestDevices;
import dev.striate.TestDevices.TestDevice;
import org.junit.jupiter.api.Test;

class MseTest {

    /** {@code 2 (x - target) / n}, which fits although the loss does not. */
    @Test
    void theGradientOfLargeDifferencesIsFinite() {
        for (TestDevice each : TestDevices.all()) {
            Device device = each.get();
            try (Tensor x = Tensor.of(device, 2e38f, 1, -3e38f, 0).requiresGrad(true);
                    Tensor target = Tensor.zeros(device, 4)) {
                x.mse(target).backward();
                assertArrayEquals(
                        new float[] {1e38f, 0.5f, -1.5e38f, 0}, x.grad().toFloatArray(), each.name());
            }
        }
    }
}
