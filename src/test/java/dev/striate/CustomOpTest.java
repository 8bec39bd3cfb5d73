package dev.striate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.TestDevices.TestDevice;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class CustomOpTest {

    /** {@code a^2 b}, with a factor that spoils the gradient of a unless it is 1. */
    private static final class SquareTimes extends CustomOp {

        private final float factor;

        SquareTimes(float factor) {
            this.factor = factor;
        }

        @Override
        protected Tensor forward(Context context, Tensor[] inputs) {
            Tensor square = inputs[0].mul(inputs[0]);
            context.save(inputs[0], inputs[1], square);
            return square.mul(inputs[1]);
        }

        @Override
        protected @Nullable Tensor[] backward(Context context, Tensor gradient) {
            return new Tensor[] {
                context.wanted(0)
                        ? gradient.mul(context.saved(0)).mul(context.saved(1)).mul(2 * factor)
                        : null,
                context.wanted(1) ? gradient.mul(context.saved(2)) : null
            };
        }
    }

    @TestFactory
    Stream<DynamicTest> hasItsOwnGradientOnEveryDevice() {
        return TestDevices.all().stream()
                .map(device -> DynamicTest.dynamicTest(device.name(), () -> hasItsOwnGradient(device)));
    }

    private static void hasItsOwnGradient(TestDevice test) {
        Device device = test.get();
        int before = device.memory().liveBuffers();
        try (Scope scope = Scope.open()) {
            Tensor a = Tensor.of(device, 1, -2, 3).requiresGrad(true);
            Tensor b = Tensor.of(device, 4, 5, -6).requiresGrad(true);
            Tensor y = new SquareTimes(1).apply(a, b);
            assertArrayEquals(new float[] {4, 20, -54}, y.toFloatArray());
            y.mul(2).sum().backward();
            assertArrayEquals(new float[] {16, -40, -72}, a.grad().toFloatArray());
            assertArrayEquals(new float[] {2, 8, 18}, b.grad().toFloatArray());
            // One gradient only, and none.
            Tensor constant = Tensor.of(device, 1, 1, 1);
            new SquareTimes(1).apply(constant, b).sum().backward();
            assertArrayEquals(new float[] {3, 9, 19}, b.grad().toFloatArray());
            try (NoGrad off = NoGrad.open()) {
                assertTrue(!new SquareTimes(1).apply(a, b).requiresGrad());
            }
        }
        assertEquals(before, device.memory().liveBuffers());
    }

    @Test
    void gradientCheckFindsAWrongFactor() {
        Tensor a = Tensor.randn(Device.reference(), new Generator(1), 2, 3);
        Tensor b = Tensor.randn(Device.reference(), new Generator(2), 2, 3);
        try (a;
                b) {
            int before = Device.reference().memory().liveBuffers();
            GradientCheck.check(inputs -> new SquareTimes(1).apply(inputs), a, b);
            String message = assertThrows(
                            AutogradException.class,
                            () -> GradientCheck.check(inputs -> new SquareTimes(1.1f).apply(inputs), a, b))
                    .getMessage();
            assertTrue(message.startsWith("GradientCheck: element 0 of input 0 has the gradient "), message);
            assertThrows(AutogradException.class, () -> GradientCheck.check(inputs -> inputs[0].mul(2), a, b));
            GradientCheck.check(inputs -> inputs[0].sigmoid().matmul(inputs[1].transpose(0, 1)), a, b);
            assertEquals(before, Device.reference().memory().liveBuffers());
            assertTrue(!a.requiresGrad());
        }
    }

    @Test
    void mistakesAreNamed() {
        CustomOp identity = new CustomOp() {
            @Override
            protected Tensor forward(Context context, Tensor[] inputs) {
                return inputs[0];
            }

            @Override
            protected @Nullable Tensor[] backward(Context context, Tensor gradient) {
                return new Tensor[0];
            }

            @Override
            protected String name() {
                return "identity";
            }
        };
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.ones(Device.reference(), 2).requiresGrad(true);
            assertTrue(assertThrows(StriateException.class, () -> identity.apply(x))
                    .getMessage()
                    .startsWith("identity: forward() returned an input itself"));
            CustomOp none = new CustomOp() {
                @Override
                protected Tensor forward(Context context, Tensor[] inputs) {
                    assertThrows(AutogradException.class, () -> context.saved(0));
                    return inputs[0].mul(1);
                }

                @Override
                protected @Nullable Tensor[] backward(Context context, Tensor gradient) {
                    return new Tensor[0];
                }
            };
            Tensor sum = none.apply(x).sum();
            assertThrows(AutogradException.class, sum::backward);
        }
    }
}
