package dev.striate.op;

import static dev.striate.WindowOption.ceilMode;
import static dev.striate.WindowOption.countIncludePad;
import static dev.striate.WindowOption.dilation;
import static dev.striate.WindowOption.groups;
import static dev.striate.WindowOption.outputPadding;
import static dev.striate.WindowOption.padding;
import static dev.striate.WindowOption.stride;

import dev.striate.Device;
import dev.striate.Padding;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.TestDevices;
import dev.striate.WindowOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Runs operations with windows of random geometry, often with huge numbers, on every device and on the reference:
 * results and gradients are equal, or both refuse the shapes. A process of its own, because a kernel that leaves its
 * buffers kills it.
 */
public final class RandomWindows {

    /** Elements of a result, and products of pixels and taps, up to which a case is run. */
    private static final long MOST_ELEMENTS = 20_000;

    private static final double MOST_PRODUCTS = 3e6;

    private final Random random;

    private RandomWindows(long seed) {
        random = new Random(seed);
    }

    /** @param arguments the first seed, the number of cases, and optionally names of devices */
    public static void main(String[] arguments) {
        long seed = Long.parseLong(arguments[0]);
        int cases = Integer.parseInt(arguments[1]);
        List<Device> devices = new ArrayList<>();
        for (TestDevices.TestDevice device : TestDevices.all()) {
            if (arguments.length < 3 || device.name().contains(arguments[2])) {
                try {
                    devices.add(device.get());
                } catch (RuntimeException e) {
                    System.out.println("skipped: " + e.getMessage());
                }
            }
        }
        int run = 0;
        int refused = 0;
        for (int i = 0; i < cases; i++) {
            Case c = new RandomWindows(seed + i).next();
            String refusal = c.refusal();
            for (Device device : devices) {
                System.out.println(seed + i + " " + device + ": " + c);
                if (refusal == null) {
                    compare(c, c.run(Device.reference()), c.run(device));
                } else {
                    requireRefusal(c, device, refusal);
                }
            }
            run += refusal == null ? 1 : 0;
            refused += refusal == null ? 0 : 1;
        }
        System.out.println("passed " + run + " cases, refused " + refused + ", on " + devices);
        System.exit(0);
    }

    private static void compare(Case c, List<float[]> expected, List<float[]> actual) {
        for (int i = 0; i < expected.size(); i++) {
            float[] want = expected.get(i);
            float[] got = actual.get(i);
            for (int j = 0; j < want.length; j++) {
                // Inputs are small integers, so that sums are exact; only means are rounded.
                if (want.length != got.length
                        || !(Math.abs(want[j] - got[j]) <= 1e-6 + 1e-5 * Math.abs(want[j])) && want[j] != got[j]) {
                    throw new AssertionError(
                            c + ": result " + i + ", element " + j + ": expected " + want[j] + ", got " + got[j]);
                }
            }
        }
    }

    private static void requireRefusal(Case c, Device device, String refusal) {
        try {
            c.run(device);
        } catch (ShapeException e) {
            // There is no shape rule of im2col to ask.
            if (e.getMessage().equals(refusal)
                    || c.operation.equals("im2col") && e.getMessage().startsWith("im2col: ")) {
                return;
            }
            throw new AssertionError(c + ": expected " + refusal + ", got " + e.getMessage());
        }
        throw new AssertionError(c + ": expected " + refusal);
    }

    private record Case(
            String operation, int[] image, int[] kernel, boolean bias, List<String> words, WindowOption[] options) {

        /** The message of the shape rule, or null if it accepts the shapes. */
        @Nullable
        String refusal() {
            try {
                shape();
                return null;
            } catch (ShapeException e) {
                return e.getMessage();
            }
        }

        Shape shape() {
            Shape x = Shape.of(image);
            return switch (operation) {
                case "conv2d" -> Conv2d.outputShape(x, Shape.of(kernel), options);
                case "convTranspose2d" -> ConvTranspose2d.outputShape(x, Shape.of(kernel), options);
                case "maxPool2d" -> MaxPool2d.outputShape(x, kernel[2], kernel[3], options);
                case "avgPool2d" -> AvgPool2d.outputShape(x, kernel[2], kernel[3], options);
                default -> Conv2d.outputShape(x, Shape.of(1, image[1], kernel[2], kernel[3]), options);
            };
        }

        /** Results, and gradients of the inputs, each with different small integers as upstream gradient. */
        List<float[]> run(Device device) {
            List<float[]> results = new ArrayList<>();
            try (Tensor x = integers(device, 1, image).requiresGrad(true);
                    Tensor w = integers(device, 2, kernel);
                    Tensor b = bias ? integers(device, 3, channels()).requiresGrad(true) : null) {
                w.requiresGrad(true);
                try (Tensor y = apply(x, w, b);
                        Tensor dy = integers(device, 4, y.shape().toArray())) {
                    y.backward(dy);
                    results.add(y.toFloatArray());
                }
                for (Tensor input : b == null ? List.of(x, w) : List.of(x, w, b)) {
                    if (input.grad() != null) {
                        results.add(input.grad().toFloatArray());
                    }
                }
            }
            return results;
        }

        private int channels() {
            return shape().size(1);
        }

        private Tensor apply(Tensor x, Tensor w, @Nullable Tensor b) {
            return switch (operation) {
                case "conv2d" -> x.conv2d(w, b, options);
                case "convTranspose2d" -> x.convTranspose2d(w, b, options);
                case "maxPool2d" -> x.maxPool2d(kernel[2], kernel[3], options);
                case "avgPool2d" -> x.avgPool2d(kernel[2], kernel[3], options);
                default -> x.im2col(kernel[2], kernel[3], options);
            };
        }

        private static Tensor integers(Device device, int seed, int... sizes) {
            float[] values = new float[Shape.of(sizes).elements()];
            Random random = new Random(seed);
            for (int i = 0; i < values.length; i++) {
                values[i] = random.nextInt(7) - 3;
            }
            return Tensor.of(device, Shape.of(sizes), values);
        }

        @Override
        public String toString() {
            return operation + " of " + Shape.of(image) + " with " + kernel[0] + "x" + kernel[1] + "x" + kernel[2] + "x"
                    + kernel[3] + (bias ? ", bias" : "") + ", " + String.join(", ", words);
        }
    }

    private Case next() {
        while (true) {
            Case c = candidate();
            try {
                Shape shape = c.shape();
                double products = (double) shape.elements() * c.kernel[1] * c.kernel[2] * c.kernel[3];
                if (shape.elements() <= MOST_ELEMENTS && products <= MOST_PRODUCTS) {
                    return c;
                }
            } catch (ShapeException e) {
                if (random.nextInt(20) == 0) {
                    return c;
                }
            }
        }
    }

    private Case candidate() {
        String operation = List.of("conv2d", "convTranspose2d", "maxPool2d", "avgPool2d", "im2col")
                .get(random.nextInt(5));
        int groups = operation.startsWith("conv") && random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 1;
        int in = groups * (1 + random.nextInt(random.nextInt(4) == 0 ? 12 : 3));
        int out = groups * (1 + random.nextInt(random.nextInt(4) == 0 ? 12 : 3));
        int[] image = {1 + random.nextInt(2), in, size(), size()};
        int[] kernel = {out, in / groups, size(), size()};
        if (operation.equals("convTranspose2d")) {
            kernel[0] = in;
            kernel[1] = out / groups;
        } else if (!operation.equals("conv2d")) {
            kernel[0] = 1;
            kernel[1] = 1;
        }
        List<String> words = new ArrayList<>();
        List<WindowOption> options = new ArrayList<>();
        int[] strides = {number(image[2]), number(image[3])};
        if (random.nextInt(6) > 0) {
            words.add("stride " + strides[0] + " " + strides[1]);
            options.add(stride(strides[0], strides[1]));
        }
        int[] dilations = {number(image[2]), number(image[3])};
        if (random.nextInt(2) > 0) {
            words.add("dilation " + dilations[0] + " " + dilations[1]);
            options.add(dilation(dilations[0], dilations[1]));
        } else {
            dilations = new int[] {1, 1};
        }
        if (random.nextInt(4) > 0) {
            int[] pads = new int[4];
            for (int i = 0; i < 4; i++) {
                // Half of the dilated kernel, all of it, or anything.
                long extent = (kernel[2 + i / 2] - 1L) * dilations[i / 2] + 1;
                long pad = switch (random.nextInt(4)) {
                    case 0 -> extent / 2;
                    case 1 -> extent - 1;
                    case 2 -> random.nextInt(3);
                    default -> number(image[2 + i / 2]);
                };
                pads[i] = (int) Math.min(Integer.MAX_VALUE, pad);
            }
            words.add("padding " + pads[0] + " " + pads[1] + " " + pads[2] + " " + pads[3]);
            options.add(padding(pads[0], pads[1], pads[2], pads[3]));
        } else if (random.nextInt(2) == 0 && !operation.equals("convTranspose2d")) {
            words.add("same");
            options.add(padding(Padding.SAME));
        }
        if (groups > 1) {
            words.add(groups + " groups");
            options.add(groups(groups));
        }
        if (operation.endsWith("Pool2d") && random.nextInt(2) == 0) {
            words.add("ceil");
            options.add(ceilMode());
        }
        if (operation.equals("avgPool2d") && random.nextInt(2) == 0) {
            words.add("padding not counted");
            options.add(countIncludePad(false));
        }
        if (operation.equals("convTranspose2d") && random.nextInt(3) == 0) {
            int height = random.nextInt(Math.max(strides[0], dilations[0]));
            int width = random.nextInt(Math.max(strides[1], dilations[1]));
            words.add("output padding " + height + " " + width);
            options.add(outputPadding(height, width));
        }
        boolean bias = operation.startsWith("conv") && random.nextInt(2) == 0;
        return new Case(operation, image, kernel, bias, words, options.toArray(WindowOption[]::new));
    }

    private int size() {
        return switch (random.nextInt(6)) {
            case 0 -> 1;
            case 1 -> 1 + random.nextInt(40);
            default -> 1 + random.nextInt(7);
        };
    }

    private int number(int image) {
        return switch (random.nextInt(9)) {
            case 0, 1, 2 -> 1 + random.nextInt(3);
            case 3 -> image + random.nextInt(3);
            case 4 -> 1 + random.nextInt(100);
            case 5 -> (1 << 1 + random.nextInt(30)) + random.nextInt(3) - 1;
            case 6 -> Integer.MAX_VALUE - random.nextInt(random.nextInt(2) == 0 ? 2 : 1 << 16);
            case 7 -> 65_535 + random.nextInt(3);
            default -> 1 + random.nextInt(Integer.MAX_VALUE - 1);
        };
    }
}
