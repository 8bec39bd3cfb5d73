package dev.striate;

import static dev.striate.WindowOption.dilation;
import static dev.striate.WindowOption.groups;
import static dev.striate.WindowOption.outputPadding;
import static dev.striate.WindowOption.padding;
import static dev.striate.WindowOption.stride;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.striate.TestDevices.TestDevice;
import dev.striate.internal.Internals;
import dev.striate.optim.Sgd;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What operations say to input that does not fit: the operation, what it expected and what it got. They leave their
 * inputs as they were, values and gradients, and no memory behind.
 */
class BadInputTest {

    /** Tensors of several shapes, all of which require a gradient and have one. */
    private static final class Inputs {

        private final Device device;
        private final List<Tensor> made = new ArrayList<>();
        private final List<float[]> values = new ArrayList<>();
        private final List<Integer> versions = new ArrayList<>();

        final Tensor matrix;
        final Tensor wide;
        final Tensor row;
        final Tensor scalar;
        final Tensor images;
        final Tensor kernel;
        final Tensor filters;
        final Tensor columns;
        final Tensor none;
        final IntTensor labels;

        Inputs(Device device) {
            this.device = device;
            this.matrix = make(2, 3);
            this.wide = make(2, 4);
            this.row = make(3);
            this.scalar = make();
            this.images = make(2, 4, 5, 5);
            this.kernel = make(6, 4, 3, 3);
            this.filters = make(4, 4, 3, 3);
            this.columns = make(2, 36, 8);
            this.none = make(0, 3);
            this.labels = IntTensor.of(device, 0, 2);
        }

        private Tensor make(int... sizes) {
            Tensor tensor =
                    Tensor.randn(device, new Generator(made.size()), sizes).requiresGrad(true);
            tensor.mul(tensor.detach()).sum().backward();
            made.add(tensor);
            values.add(tensor.toFloatArray());
            versions.add(Internals.storage(tensor).version());
            return tensor;
        }

        void requireUnchanged() {
            for (int i = 0; i < made.size(); i++) {
                // Each gradient was made to be the values.
                assertArrayEquals(values.get(i), made.get(i).toFloatArray());
                assertArrayEquals(values.get(i), made.get(i).grad().toFloatArray());
                assertEquals(versions.get(i), Internals.storage(made.get(i)).version());
            }
            assertArrayEquals(new int[] {0, 2}, labels.toIntArray());
        }
    }

    private static final int GREATEST = Integer.MAX_VALUE;

    private record Misuse(String message, Class<? extends StriateException> kind, Consumer<Inputs> call) {}

    private static Misuse misuse(String message, Consumer<Inputs> call) {
        return new Misuse(message, ShapeException.class, call);
    }

    private static final List<Misuse> MISUSES = List.of(
            // Arithmetic and shape.
            misuse(
                    "add: shapes (2, 3) and (2, 4) do not broadcast: along axis -1 the sizes 3 and 4 differ and neither is 1",
                    in -> in.matrix.add(in.wide)),
            misuse("sub: shapes (3) and (2, 4)", in -> in.row.sub(in.wide)),
            misuse("mul: shapes (2, 3) and (2, 4)", in -> in.matrix.mul(in.wide)),
            misuse("div: shapes (2, 3) and (2, 4)", in -> in.matrix.div(in.wide)),
            misuse("clamp: expected low <= high, got 2.0 and 1.0", in -> in.matrix.clamp(2, 1)),
            misuse(
                    "assign: expected shape (2, 3), got (2, 4)",
                    in -> in.matrix.detach().assign(in.wide)),
            misuse(
                    "assign: shape (2, 3) has 6 elements, got 2 values",
                    in -> in.matrix.detach().assign(1, 2)),
            misuse(
                    "addInPlace: expected shape (2, 3), got (3)",
                    in -> in.matrix.detach().addInPlace(1, in.row)),
            misuse(
                    "Tensor.of: shape (2, 2) has 4 elements, got 3 values",
                    in -> Tensor.of(in.device, Shape.of(2, 2), 1, 2, 3)),
            misuse(
                    "Tensor.of: row 1 has 1 values, row 0 has 2",
                    in -> Tensor.of(in.device, new float[][] {{1, 2}, {3}})),
            misuse(
                    "expected fewer than 2^31 elements, got shape (65537, 65536)",
                    in -> Tensor.of(
                            in.device,
                            Collections.nCopies(65537, new float[65536]).toArray(float[][]::new))),
            misuse("expected sizes of at least 0, got shape (2, -1)", in -> Tensor.zeros(in.device, 2, -1)),
            misuse(
                    "expected fewer than 2^31 elements, got shape (65536, 65536)",
                    in -> Tensor.zeros(in.device, 65536, 65536)),
            misuse("reshape: (2, 3) has 6 elements, which do not fit the sizes [4, 2]", in -> in.matrix.reshape(4, 2)),
            misuse(
                    "reshape: (0, 2) has 0 elements, which do not fit the sizes [0, -1]",
                    in -> in.matrix.slice(0, 0, 0).slice(1, 0, 2).reshape(0, -1)),
            misuse(
                    "reshape: (0, 3) has 0 elements, which do not fit the sizes [2]",
                    in -> in.matrix.slice(0, 0, 0).reshape(2)),
            misuse("expected sizes of at least 1, got shape (0, 0)", in -> Tensor.of(in.device, new float[0][])),
            misuse("reshape: only one size can be -1, got [-1, -1]", in -> in.matrix.reshape(-1, -1)),
            misuse("flatten: there is no axis 2 in (2, 3), which has 2 axes", in -> in.matrix.flatten(2)),
            misuse("permute: expected each of the 2 axes of (2, 3) once, got [0, 0]", in -> in.matrix.permute(0, 0)),
            misuse("permute: there is no axis 5 in (2, 3)", in -> in.matrix.permute(0, 5)),
            misuse("transpose: there is no axis 2 in (2, 3)", in -> in.matrix.transpose(0, 2)),
            misuse("toNhwc: expected images (N, C, H, W), got a tensor of shape (2, 3)", in -> in.matrix.toNhwc()),
            misuse("toNchw: expected images (N, H, W, C), got a tensor of shape (3)", in -> in.row.toNchw()),
            misuse(
                    "slice: from 2 to 9 by 1 along axis 1 of (2, 4): expected 0 <= from <= to <= 4",
                    in -> in.wide.slice(1, 2, 9)),
            misuse("slice: there is no axis -3 in (2, 4)", in -> in.wide.slice(-3, 0, 1)),
            misuse(
                    "concat along axis 0: the shapes (2, 3) and (2, 4) differ",
                    in -> Tensor.concat(0, in.matrix, in.wide)),
            misuse("concat: expected at least one tensor", in -> Tensor.concat(0)),
            misuse("concat: there is no axis 2 in (2, 3)", in -> Tensor.concat(2, in.matrix, in.matrix)),
            misuse(
                    "pad: expected numbers of at least 0 before and after, one for each of the 2 axes of (2, 3), got [1]",
                    in -> in.matrix.pad(new int[] {1}, new int[] {0, 0}, 0)),
            misuse(
                    "pad: the size along axis 1 would be 4294967297, expected fewer than 2^31",
                    in -> in.matrix.pad(new int[] {0, GREATEST}, new int[] {0, GREATEST}, 0)),
            misuse(
                    "concat: the size along axis 0 would be 4296015872, expected fewer than 2^31",
                    in -> Tensor.concat(
                            0,
                            Collections.nCopies(4097, Tensor.zeros(in.device, 1 << 20))
                                    .toArray(Tensor[]::new))),
            misuse(
                    "slice: from 3 to -1 by -1 along axis 1 of (2, 4): expected 4 > from > to; an end of -5 is before",
                    in -> in.wide.slice(1, 3, -1, -1)),
            misuse(
                    "slice: from 4 to 0 by -1 along axis 1 of (2, 4): expected 4 > from > to",
                    in -> in.wide.slice(1, 4, 0, -1)),
            misuse(
                    "slice: from 3 to -6 by -1 along axis 1 of (2, 4): expected 4 > from > to",
                    in -> in.wide.slice(1, 3, -6, -1)),
            misuse(
                    "slice: from 0 to 2 by 0 along axis 1 of (2, 4): expected a step other than 0",
                    in -> in.wide.slice(1, 0, 2, 0)),
            misuse("flip: expected each axis at most once, got [0, -2]", in -> in.matrix.flip(0, -2)),
            misuse("flip: there is no axis 2 in (2, 3)", in -> in.matrix.flip(2)),
            misuse("stack: expected at least one tensor", in -> Tensor.stack(0)),
            misuse(
                    "stack: expected tensors of the same shape, got (2, 3) and (2, 4)",
                    in -> Tensor.stack(0, in.matrix, in.wide)),
            misuse(
                    "stack: expected a new axis from -3 to 2 for the shape (2, 3), got 3",
                    in -> Tensor.stack(3, in.matrix)),
            misuse(
                    "stack: expected fewer than 2^31 elements, got shape (2048, 1048576)",
                    in -> Tensor.stack(
                            0,
                            Collections.nCopies(2048, Tensor.zeros(in.device, 1 << 20))
                                    .toArray(Tensor[]::new))),
            misuse(
                    "unsqueeze: expected a new axis from -1 to 0 for the shape (), got -2",
                    in -> in.scalar.unsqueeze(-2)),
            misuse("squeeze: there is no axis 2 in (2, 3)", in -> in.matrix.squeeze(2)),
            misuse("split: expected parts of at least 1 along axis 1, got 0", in -> in.matrix.split(1, 0)),
            misuse(
                    "split: expected sizes of at least 0 with the sum 4, the size of (2, 4) along axis 1, got [1, 2]",
                    in -> in.wide.split(1, 1, 2)),
            misuse(
                    "split: expected sizes of at least 0 with the sum 4, the size of (2, 4) along axis -1, got [5, -1]",
                    in -> in.wide.split(-1, 5, -1)),
            misuse("split: there is no axis 2 in (2, 3)", in -> in.matrix.split(2, 1)),
            misuse(
                    "gather: expected indices of rank 2, no larger than (2, 3) along the axes other than 1, got (2)",
                    in -> in.matrix.gather(1, in.labels)),
            misuse(
                    "gather: expected indices of rank 2, no larger than (2, 3) along the axes other than 1, got (3, 1)",
                    in -> in.matrix.gather(-1, IntTensor.of(in.device, Shape.of(3, 1), 0, 1, 2))),
            misuse(
                    "gather: index 3 at position 1 is not one of the 3 positions along axis 1, 0 .. 2",
                    in -> in.matrix.gather(1, IntTensor.of(in.device, Shape.of(1, 2), 0, 3))),
            misuse(
                    "gather: index -1 at position 0 is not one of the 2 positions along axis 0, 0 .. 1",
                    in -> in.matrix.gather(0, IntTensor.of(in.device, Shape.of(1, 3), -1, 1, 1))),
            misuse("gather: there is no axis 2 in (2, 3)", in -> in.matrix.gather(2, in.labels)),
            misuse(
                    "indexSelect: index 2 at position 1 is not one of the 2 positions along axis 0, 0 .. 1",
                    in -> in.matrix.indexSelect(0, in.labels)),
            misuse(
                    "indexSelect: expected indices of rank 1, got (1, 2)",
                    in -> in.matrix.indexSelect(0, IntTensor.of(in.device, Shape.of(1, 2), 0, 1))),
            misuse("oneHot: label 2 at position 1 is not one of the 2 classes, 0 .. 1", in -> in.labels.oneHot(2)),
            misuse("oneHot: expected at least 1 class, got 0", in -> in.labels.oneHot(0)),
            misuse(
                    "topk: expected a k from 1 to 3, the size of (2, 3) along axis 1, got 4",
                    in -> in.matrix.topk(4, 1)),
            misuse(
                    "topk: expected a k from 1 to 2, the size of (2, 3) along axis -2, got 0",
                    in -> in.matrix.topk(0, -2)),
            misuse("expand: shapes (2, 3) and (2, 4) do not broadcast", in -> in.matrix.expand(2, 4)),
            misuse("expand: (2, 3) does not broadcast to (3)", in -> in.matrix.expand(3)),
            misuse("sum: there is no axis 2 in (2, 3)", in -> in.matrix.sum(2)),
            misuse("mean: there is no axis -3 in (2, 3)", in -> in.matrix.mean(-3)),
            misuse("max: there is no axis 2 in (2, 3)", in -> in.matrix.max(0, 2)),
            misuse("argmax: there is no axis 0 in ()", in -> in.scalar.argmax(0)),
            misuse("min: there is no axis 2 in (2, 3)", in -> in.matrix.min(0, 2)),
            misuse("argmin: there is no axis 2 in (2, 3)", in -> in.matrix.argmin(2)),
            misuse("prod: there is no axis 2 in (2, 3)", in -> in.matrix.prod(2)),
            misuse("var: there is no axis 2 in (2, 3)", in -> in.matrix.var(2)),
            misuse("std: there is no axis -3 in (2, 3)", in -> in.matrix.std(-3)),
            misuse("logSumExp: there is no axis 2 in (2, 3)", in -> in.matrix.logSumExp(2)),
            misuse("softmax: there is no axis 2 in (2, 3)", in -> in.matrix.softmax(2)),
            misuse("logSoftmax: there is no axis 0 in (), which has 0 axes", in -> in.scalar.logSoftmax(0)),
            misuse("item: expected one element, got shape (2, 3)", in -> in.matrix.item()),
            misuse(
                    "backward: expected a gradient of shape (2, 3), got (3)",
                    in -> in.matrix.exp().backward(in.row)),
            // Products.
            misuse("matmul: (2, 3) times (2, 4): the inner sizes 3 and 2 differ", in -> in.matrix.matmul(in.wide)),
            misuse("matmul: (2, 3) transposed times (2, 4) transposed", in -> in.matrix.matmul(in.wide, true, true)),
            misuse("matmul: () times (2, 3)", in -> in.scalar.matmul(in.matrix)),
            misuse(
                    "linear: expected an input (..., in) and a weight (out, in), got (2, 3) and (2, 4)",
                    in -> in.matrix.linear(in.wide, null)),
            misuse("linear: expected a bias (2), got (3)", in -> in.matrix.linear(in.matrix, in.row)),
            // Images.
            misuse(
                    "conv2d: expected images (N, C, H, W), got a tensor of shape (2, 3)",
                    in -> in.matrix.conv2d(in.kernel, null)),
            misuse(
                    "conv2d: expected a weight (out channels, in channels / groups, height, width), got (2, 3)",
                    in -> in.images.conv2d(in.matrix, null)),
            misuse(
                    "conv2d: the input (2, 4, 5, 5) has 4 channels in 2 groups, so the weight's second size must be 2, got a weight"
                            + " (6, 4, 3, 3)",
                    in -> in.images.conv2d(in.kernel, null, groups(2))),
            misuse(
                    "conv2d: 4 groups must divide the 4 input channels and the 6 output channels",
                    in -> in.images.conv2d(in.kernel, null, groups(4))),
            misuse(
                    "conv2d: expected a bias (6), one per output channel, got (3)",
                    in -> in.images.conv2d(in.kernel, in.row)),
            misuse(
                    "conv2d: the window's height of 7 exceeds that of the input (2, 4, 5, 5)",
                    in -> in.images.conv2d(in.kernel, null, dilation(3))),
            misuse(
                    "conv2d: the padded height would be 4294967299, expected fewer than 2^31",
                    in -> in.images.conv2d(in.kernel, null, padding(GREATEST))),
            misuse(
                    "conv2d: the padded width would be 2147483653, expected fewer than 2^31",
                    in -> in.images.conv2d(in.kernel, null, padding(0, 0, 1 << 30, 1 << 30))),
            misuse(
                    "conv2d: the window's height would be 2147483649, expected fewer than 2^31",
                    in -> in.images.conv2d(in.kernel, null, dilation(1 << 30))),
            misuse(
                    "conv2d: the window's width would be 2147483649, expected fewer than 2^31",
                    in -> in.images.conv2d(in.kernel, null, dilation(1, 1 << 30), padding(Padding.FULL))),
            misuse(
                    "conv2d: the padded height would be 2147483653, expected fewer than 2^31",
                    in -> in.images.conv2d(
                            in.kernel, null, dilation(1 << 29), padding(Padding.FULL), stride(GREATEST))),
            misuse(
                    "conv2d: 1073741824 groups must divide the 4 input channels and the 6 output channels",
                    in -> in.images.conv2d(in.kernel, null, groups(1 << 30))),
            misuse("expected stride of at least 1, got 0", in -> in.images.conv2d(in.kernel, null, stride(0))),
            misuse("expected padding of at least 0, got top -1", in -> in.images.conv2d(in.kernel, null, padding(-1))),
            misuse(
                    "conv2d: the option stride was given twice",
                    in -> in.images.conv2d(in.kernel, null, stride(1), stride(2))),
            misuse("conv2d has no option outputPadding", in -> in.images.conv2d(in.kernel, null, outputPadding(1, 1))),
            misuse(
                    "convTranspose2d: expected a weight (4 in channels, out channels / groups, height, width)",
                    in -> in.images.convTranspose2d(in.kernel, null)),
            misuse(
                    "convTranspose2d: the padded height would be 4294967299, expected fewer than 2^31",
                    in -> in.images.convTranspose2d(in.filters, null, stride(1 << 30), padding(GREATEST))),
            misuse(
                    "convTranspose2d: the window's height would be 2147483649, expected fewer than 2^31",
                    in -> in.images.convTranspose2d(in.filters, null, dilation(1 << 30))),
            misuse(
                    "convTranspose2d: 1073741824 groups must divide the 4 input channels and the 4294967296 output channels",
                    in -> in.images.convTranspose2d(in.filters, null, groups(1 << 30))),
            misuse(
                    "convTranspose2d: expected padding in numbers, got SAME",
                    in -> in.images.convTranspose2d(in.filters, null, padding(Padding.SAME))),
            misuse(
                    "convTranspose2d: the output padding 1 by 2 must be smaller than the stride or the dilation",
                    in -> in.images.convTranspose2d(in.filters, null, stride(2), outputPadding(1, 2))),
            misuse(
                    "convTranspose2d: expected images (N, C, H, W), got a tensor of shape (3)",
                    in -> in.row.convTranspose2d(in.kernel, null)),
            misuse(
                    "maxPool2d: the window's height of 6 exceeds that of the input (2, 4, 5, 5)",
                    in -> in.images.maxPool2d(6)),
            misuse("maxPool2d: padding must be smaller than the window", in -> in.images.maxPool2d(2, padding(2))),
            misuse(
                    "maxPool2d: the window's height would be 2147483649, expected fewer than 2^31",
                    in -> in.images.maxPool2d(3, dilation(1 << 30))),
            misuse(
                    "maxPool2d: the padded height would be 2147483653, expected fewer than 2^31",
                    in -> in.images.maxPool2d(2, dilation(GREATEST - 1), padding(1 << 30))),
            misuse(
                    "avgPool2d: expected a kernel with fewer than 2^31 elements, got 65536 by 65536",
                    in -> in.images.avgPool2d(1 << 16, padding(1 << 15))),
            misuse("maxPool2d: expected images", in -> in.matrix.maxPool2d(2)),
            misuse("avgPool2d: expected a kernel of at least 1 by 1, got 0 by 0", in -> in.images.avgPool2d(0)),
            misuse("avgPool2d: expected images", in -> in.matrix.avgPool2d(2)),
            misuse("globalAvgPool2d: expected images", in -> in.matrix.globalAvgPool2d()),
            misuse("globalMaxPool2d: expected images", in -> in.matrix.globalMaxPool2d()),
            misuse(
                    "avgPool2d: the window's width would be 2147483649, expected fewer than 2^31",
                    in -> in.images.avgPool2d(3, dilation(1, 1 << 30))),
            misuse("groupNorm: 3 groups must divide the 4 channels", in -> in.images.groupNorm(3, null, null, 1e-5f)),
            misuse("groupNorm: 0 groups must divide the 4 channels", in -> in.images.groupNorm(0, null, null, 1e-5f)),
            misuse(
                    "groupNorm: expected (N, C, ...), got a tensor of shape (3)",
                    in -> in.row.groupNorm(1, null, null, 1e-5f)),
            misuse(
                    "groupNorm: expected a weight (4) for a tensor of shape (2, 4, 5, 5), got (3)",
                    in -> in.images.groupNorm(2, in.row, null, 1e-5f)),
            misuse(
                    "groupNorm: expected a bias (4) for a tensor of shape (2, 4, 5, 5), got (2, 4)",
                    in -> in.images.groupNorm(4, null, in.wide, 1e-5f)),
            misuse(
                    "groupNorm: expected a finite epsilon above 0, got 0.0",
                    in -> in.images.groupNorm(2, null, null, 0)),
            misuse(
                    "instanceNorm2d: expected images (N, C, H, W), got a tensor of shape (2, 3)",
                    in -> in.matrix.instanceNorm2d(null, null, 1e-5f)),
            misuse(
                    "instanceNorm2d: expected images of more than one pixel, got (2, 4, 1, 1)",
                    in -> in.images.globalMaxPool2d().instanceNorm2d(null, null, 1e-5f)),
            misuse(
                    "instanceNorm2d: expected a weight (4) for a tensor of shape (2, 4, 5, 5), got (3)",
                    in -> in.images.instanceNorm2d(in.row, null, 1e-5f)),
            misuse(
                    "instanceNorm2d: expected a finite epsilon above 0, got NaN",
                    in -> in.images.instanceNorm2d(null, null, Float.NaN)),
            misuse(
                    "layerNorm: expected a tensor with the last sizes (2), at least one, got a tensor of shape (2, 3)",
                    in -> in.matrix.layerNorm(Shape.of(2), null, null, 1e-5f)),
            misuse(
                    "layerNorm: expected a tensor with the last sizes (2, 3), at least one, got a tensor of shape (3)",
                    in -> in.row.layerNorm(Shape.of(2, 3), null, null, 1e-5f)),
            misuse(
                    "layerNorm: expected a tensor with the last sizes (), at least one, got a tensor of shape (2, 3)",
                    in -> in.matrix.layerNorm(Shape.SCALAR, null, null, 1e-5f)),
            misuse(
                    "layerNorm: expected a bias (3) for a tensor of shape (2, 3), got (2, 3)",
                    in -> in.matrix.layerNorm(Shape.of(3), in.row, in.matrix, 1e-5f)),
            misuse(
                    "layerNorm: expected a finite epsilon above 0, got -1.0",
                    in -> in.matrix.layerNorm(Shape.of(3), null, null, -1)),
            misuse(
                    "localResponseNorm: expected (N, C, ...) with at least three axes, got a tensor of shape (2, 3)",
                    in -> in.matrix.localResponseNorm(5, 1, 1, 1)),
            misuse(
                    "localResponseNorm: expected a size of at least 1, got 0",
                    in -> in.images.localResponseNorm(0, 1, 1, 1)),
            misuse(
                    "localResponseNorm: the number of channels with padding would be 2147483650, expected fewer than 2^31",
                    in -> in.images.localResponseNorm(GREATEST, 1, 1, 1)),
            misuse("upsample: expected images", in -> in.matrix.upsample(2, 2, Interpolation.NEAREST)),
            misuse(
                    "upsample: expected a size of at least 1, got 0",
                    in -> in.images.upsample(2, 0, Interpolation.BILINEAR)),
            misuse(
                    "upsample: expected a finite scale above 0, got 0.0",
                    in -> in.images.upsampleBy(0, Interpolation.BILINEAR)),
            misuse(
                    "upsample: expected a finite scale above 0, got NaN",
                    in -> in.images.upsampleBy(1, Double.NaN, Interpolation.NEAREST)),
            misuse(
                    "upsample: expected sizes of at least 1, got shape (2, 4, 5, 0)",
                    in -> in.images.upsampleBy(1, 0.1, Interpolation.NEAREST)),
            misuse(
                    "upsample: the height would be 5000000000, expected fewer than 2^31",
                    in -> in.images.upsampleBy(1e9, 1, Interpolation.NEAREST)),
            misuse(
                    "upsample: expected fewer than 2^31 elements, got shape (2, 4, 65536, 65536)",
                    in -> in.images.upsample(65536, 65536, Interpolation.BILINEAR)),
            misuse("pixelShuffle: expected images", in -> in.matrix.pixelShuffle(1)),
            misuse("pixelShuffle: expected a factor of at least 1, got 0", in -> in.images.pixelShuffle(0)),
            misuse(
                    "pixelShuffle: the square of the factor 65536 must divide the number of channels, got images (2, 4, 5, 5)",
                    in -> in.images.pixelShuffle(65536)),
            misuse("padReflect: expected images", in -> in.matrix.padReflect(1, 1, 1, 1)),
            misuse(
                    "padReflect: padding must be smaller than the image (2, 4, 5, 5), got 0, 5, 1, 1",
                    in -> in.images.padReflect(0, 5, 1, 1)),
            misuse("expected padding of at least 0, got top 0", in -> in.images.padReflect(0, -1, 0, 0)),
            misuse("padEdge: expected images", in -> in.row.padEdge(1, 1, 1, 1)),
            misuse(
                    "padEdge: the padded width would be 4294967299, expected fewer than 2^31",
                    in -> in.images.padEdge(0, 0, GREATEST, GREATEST)),
            misuse(
                    "padEdge: expected fewer than 2^31 elements, got shape (2, 4, 1073741829, 5)",
                    in -> in.images.padEdge(1 << 30, 0, 0, 0)),
            misuse(
                    "adaptiveAvgPool2d: expected an output of at least 1 by 1, got 0 by 2",
                    in -> in.images.adaptiveAvgPool2d(0, 2)),
            misuse("im2col: expected images", in -> in.matrix.im2col(3, 3)),
            misuse(
                    "im2col: the size along axis 1 would be 4295098368, expected fewer than 2^31",
                    in -> in.images.im2col(32769, 32768, padding(1 << 14))),
            misuse(
                    "im2col: the size along axis 2 would be 4295229444, expected fewer than 2^31",
                    in -> in.images.im2col(1, 1, padding(32767, 32766, 32767, 32766))),
            misuse(
                    "col2im: expected columns (N, C * 4 * 1073741833, windows), got (2, 36, 8)",
                    in -> in.columns.col2im(5, 5, 4, (1 << 30) + 9)),
            misuse(
                    "col2im: an image (2, 4, 5, 5) has 3 * 3 windows, got columns (2, 36, 8)",
                    in -> in.columns.col2im(5, 5, 3, 3)),
            misuse("col2im: expected columns (N, C * 3 * 3, windows), got (2, 3)", in -> in.matrix.col2im(5, 5, 3, 3)),
            misuse(
                    "batchNorm2d: expected a gamma (4), one per channel of (2, 4, 5, 5), got (3)",
                    in -> in.images.batchNorm2d(in.row, in.row, null, null, true, 0.1f, 1e-5f)),
            misuse(
                    "batchNorm2d: expected running statistics for evaluation, got none",
                    in -> in.matrix.batchNorm2d(in.row, in.row, null, null, false, 0.1f, 1e-5f)),
            misuse(
                    "batchNorm2d: expected both running mean and running variance, or neither",
                    in -> in.matrix.batchNorm2d(in.row, in.row, in.row, null, true, 0.1f, 1e-5f)),
            misuse(
                    "batchNorm2d: training needs more than one value per channel, got (1, 3)",
                    in -> in.matrix.slice(0, 0, 1).batchNorm2d(in.row, in.row, null, null, true, 0.1f, 1e-5f)),
            batchNorm("expected a momentum from 0 to 1, got -0.1", -0.1f, 1e-5f),
            batchNorm("expected a momentum from 0 to 1, got 1.5", 1.5f, 1e-5f),
            batchNorm("expected a momentum from 0 to 1, got NaN", Float.NaN, 1e-5f),
            batchNorm("expected a finite epsilon above 0, got 0.0", 0.1f, 0),
            batchNorm("expected a finite epsilon above 0, got NaN", 0.1f, Float.NaN),
            batchNorm("expected a finite epsilon above 0, got Infinity", 0.1f, Float.POSITIVE_INFINITY),
            misuse(
                    "dropout: expected a probability of at least 0 and below 1, got 1.0",
                    in -> in.matrix.dropout(1, new Generator(0))),
            // Tensors without elements.
            misuse(
                    "max: expected at least one element to choose from, got a tensor of shape (0, 3) for a result of shape (3)",
                    in -> in.none.max(0)),
            misuse(
                    "max: expected at least one element to choose from, got a tensor of shape (0, 3) for a result of shape ()",
                    in -> in.none.max()),
            misuse(
                    "min: expected at least one element to choose from, got a tensor of shape (0, 3) for a result of shape (1, 3)",
                    in -> in.none.min(new int[] {0}, true)),
            misuse("argmax: expected at least one element to choose from", in -> in.none.argmax(0)),
            misuse("argmin: expected at least one element to choose from", in -> in.none.argminLast(-2)),
            misuse("topk: expected at least one element to choose from", in -> in.none.topk(1, 0)),
            misuse("item: expected one element, got shape (0, 3)", in -> in.none.item()),
            misuse(
                    "gather: index 0 at position 0 is not one of the 0 positions along axis 0",
                    in -> in.none.gather(0, IntTensor.of(in.device, Shape.of(1, 1), 0))),
            misuse(
                    "conv2d: expected images (N, C, H, W), got a tensor of shape (2, 0, 5, 5)",
                    in -> in.images.slice(1, 0, 0).conv2d(in.kernel, null)),
            misuse(
                    "conv2d: expected a weight (out channels, in channels / groups, height, width), got (0, 4, 3, 3)",
                    in -> in.images.conv2d(in.kernel.slice(0, 0, 0), null)),
            misuse(
                    "convTranspose2d: expected images (N, C, H, W), got a tensor of shape (2, 4, 0, 5)",
                    in -> in.images.slice(2, 0, 0).convTranspose2d(in.filters, null)),
            misuse(
                    "convTranspose2d: expected a weight (4 in channels",
                    in -> in.images.convTranspose2d(in.filters.slice(1, 0, 0), null)),
            misuse(
                    "maxPool2d: expected images (N, C, H, W), got a tensor of shape (2, 4, 5, 0)",
                    in -> in.images.slice(3, 0, 0).maxPool2d(1)),
            misuse(
                    "upsample: expected images (N, C, H, W), got a tensor of shape (0, 4, 0, 5)",
                    in -> in.images.slice(0, 0, 0).slice(2, 0, 0).upsample(1, 1, Interpolation.NEAREST)),
            misuse(
                    "col2im: expected sizes of at least 1, got shape (2, 0, 5, 5)",
                    in -> in.columns.slice(1, 0, 0).col2im(5, 5, 3, 3)),
            misuse(
                    "batchNorm2d: training needs more than one value per channel, got (0, 3)",
                    in -> in.none.batchNorm2d(in.row, in.row, null, null, true, 0.1f, 1e-5f)),
            misuse(
                    "crossEntropy: expected scores (N, classes, ...) and labels (N, ...), got (2, 0) and (2)",
                    in -> in.matrix.slice(1, 0, 0).crossEntropy(in.labels)),
            misuse(
                    "an optimiser's parameters have elements, but w has the shape (0, 3)",
                    in -> new Sgd(Map.of("w", in.none), 1)),
            new Misuse(
                    "backward: expected one element, such as a loss, got shape (0, 3)",
                    AutogradException.class,
                    in -> in.none.backward()),
            // Losses.
            misuse(
                    "crossEntropy: expected scores (N, classes, ...) and labels (N, ...), got (3) and (2)",
                    in -> in.row.crossEntropy(in.labels)),
            misuse(
                    "crossEntropy: expected scores (N, classes, ...) and labels (N, ...), got (2, 4, 5, 5) and (2)",
                    in -> in.images.crossEntropy(in.labels)),
            misuse(
                    "crossEntropy: label 3 at position 1 is not one of the 3 classes 0 .. 2, nor the ignored label",
                    in -> in.matrix.crossEntropy(IntTensor.of(in.device, 2, 3))),
            misuse(
                    "crossEntropy: label -1 at position 0 is not one of the 3 classes 0 .. 2",
                    in -> in.matrix.crossEntropy(IntTensor.of(in.device, -1, 1))),
            misuse(
                    "nll: label 7 at position 1 is not one of the 4 classes 0 .. 3, nor the ignored label 9",
                    in -> in.wide.nll(IntTensor.of(in.device, 9, 7), ClassificationOptions.DEFAULT.withIgnoreIndex(9))),
            misuse(
                    "nll has no label smoothing",
                    in -> in.matrix.nll(in.labels, ClassificationOptions.DEFAULT.withLabelSmoothing(0.1f))),
            misuse("mse: expected two tensors of the same shape, got (2, 3) and (3)", in -> in.matrix.mse(in.row)),
            misuse(
                    "IntTensor.of: shape (2, 2) has 4 elements, got 1 values",
                    in -> IntTensor.of(in.device, Shape.of(2, 2), 1)),
            // Devices.
            stranger("add", (in, other) -> in.matrix.add(other)),
            stranger("matmul", (in, other) -> in.matrix.matmul(other, false, true)),
            stranger("linear", (in, other) -> in.matrix.linear(other, null)),
            stranger("linear", (in, other) -> in.matrix.linear(in.matrix, other)),
            stranger("conv2d", (in, other) -> in.images.conv2d(other, null)),
            stranger("conv2d", (in, other) -> in.images.conv2d(in.kernel, other)),
            stranger("convTranspose2d", (in, other) -> in.images.convTranspose2d(other, null)),
            stranger("concat", (in, other) -> Tensor.concat(0, in.matrix, other)),
            stranger("stack", (in, other) -> Tensor.stack(0, in.matrix, other)),
            stranger("batchNorm2d", (in, other) -> in.matrix.batchNorm2d(in.row, other, null, null, true, 0.1f, 1e-5f)),
            stranger("groupNorm", (in, other) -> in.images.groupNorm(2, null, other, 1e-5f)),
            stranger("instanceNorm2d", (in, other) -> in.images.instanceNorm2d(other, null, 1e-5f)),
            stranger("layerNorm", (in, other) -> in.matrix.layerNorm(Shape.of(3), other, in.row, 1e-5f)),
            stranger("mse", (in, other) -> in.matrix.mse(other)),
            stranger("assign", (in, other) -> in.matrix.detach().assign(other)),
            stranger("addInPlace", (in, other) -> in.matrix.detach().addInPlace(1, other)),
            stranger("backward", (in, other) -> in.matrix.exp().backward(other)),
            new Misuse(
                    "indexSelect: the tensor is on",
                    DeviceException.class,
                    in -> in.matrix.indexSelect(
                            0, IntTensor.of(Internals.device("elsewhere", Internals.backend(in.device)), 0, 1))),
            new Misuse(
                    "crossEntropy: the scores are on",
                    DeviceException.class,
                    in -> in.matrix.crossEntropy(
                            IntTensor.of(Internals.device("elsewhere", Internals.backend(in.device)), 0, 1))));

    private static Misuse batchNorm(String message, float momentum, float epsilon) {
        return misuse(
                "batchNorm2d: " + message,
                in -> in.matrix.batchNorm2d(in.row, in.row, in.row, in.row, true, momentum, epsilon));
    }

    @FunctionalInterface
    private interface WithStranger {
        void call(Inputs in, Tensor other);
    }

    /** An operation that is given a tensor (2, 3) of another device of the same kind. */
    private static Misuse stranger(String operation, WithStranger call) {
        return new Misuse(
                operation + ": one tensor is on ",
                DeviceException.class,
                in -> call.call(in, Tensor.ones(Internals.device("elsewhere", Internals.backend(in.device)), 2, 3)));
    }

    @TestFactory
    Stream<DynamicTest> misuses() {
        return TestDevices.withReference().stream()
                .map(device -> dynamicTest(device.name(), () -> {
                    Device own = device.open();
                    try (Scope scope = Scope.open()) {
                        Inputs inputs = new Inputs(own);
                        int before = own.memory().liveBuffers();
                        for (Misuse misuse : MISUSES) {
                            StriateException thrown;
                            try (Scope call = Scope.open()) {
                                thrown = assertThrows(misuse.kind, () -> misuse.call.accept(inputs), misuse.message);
                            }
                            assertTrue(
                                    thrown.getMessage().startsWith(misuse.message),
                                    () -> "expected \"" + misuse.message + "...\", got \"" + thrown.getMessage()
                                            + "\"");
                            assertEquals(before, own.memory().liveBuffers(), misuse.message);
                        }
                        inputs.requireUnchanged();
                    }
                    assertEquals(0, own.memory().liveBuffers());
                }));
    }

    /**
     * Where memory is the Java heap, the first buffer is larger than that can grow; where it is a device's, buffers of
     * a quarter of it are taken until there is no room, and not written to.
     */
    @TestFactory
    Stream<DynamicTest> memoryRunsOut() {
        return TestDevices.withReference().stream()
                .map(device -> dynamicTest(device.name(), () -> memoryRunsOut(device)));
    }

    private static void memoryRunsOut(TestDevice device) {
        Device own = device.open();
        boolean onHeap = !own.info().kind().equals("gpu");
        int elements = (int) Math.min(own.info().memoryBytes() / (onHeap ? 4 : 16), Integer.MAX_VALUE - 8);
        assumeTrue(
                !onHeap || 4L * elements >= Runtime.getRuntime().maxMemory() - 4,
                "the Java heap has room for the largest tensor");
        List<Tensor> held = new ArrayList<>();
        try (Tensor kept = Tensor.of(own, 1, 2, 3).requiresGrad(true)) {
            int before = own.memory().liveBuffers();
            try {
                DeviceMemoryException thrown = assertThrows(DeviceMemoryException.class, () -> {
                    for (int i = 0; i < 100; i++) {
                        held.add(Internals.allocate(own, Shape.of(elements)));
                    }
                });
                assertTrue(thrown.getMessage().contains("no room"), thrown.getMessage());
                assertEquals(before + held.size(), own.memory().liveBuffers());
            } finally {
                held.forEach(Tensor::close);
            }
            try (Scope scope = Scope.open()) {
                kept.mul(kept).sum().backward();
                assertArrayEquals(new float[] {2, 4, 6}, kept.grad().toFloatArray());
                Tensor other = Tensor.ones(own, 1 << 20);
                assertEquals(1 << 20, other.sum().item());
            }
        }
        assertEquals(0, own.memory().liveBuffers());
    }
}
