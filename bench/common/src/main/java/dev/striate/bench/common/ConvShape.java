package dev.striate.bench.common;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A convolution of square images with a bias. Its text form names the rows and is the parameter of the JMH benchmark. */
public record ConvShape(int batch, int in, int out, int kernel, int padding, int stride, int groups, int side) {

    // Constants, because annotations need them.
    public static final String LENET_1 = "N=64 1->6 5x5 pad 2 on 28x28";
    public static final String LENET_2 = "N=64 6->16 5x5 on 14x14";
    public static final String CIFAR_1 = "N=128 3->32 3x3 on 32x32";
    public static final String CIFAR_2 = "N=128 32->64 3x3 on 15x15";
    public static final String RESIDUAL = "N=128 64->64 3x3 pad 1 on 32x32";

    private static final Pattern TEXT = Pattern.compile(
            "N=(\\d+) (\\d+)->(\\d+) (\\d+)x\\4(?: pad (\\d+))?(?: stride (\\d+))?(?: groups (\\d+))? on (\\d+)x\\8");

    /** The convolutions of LeNet and the CIFAR net, and one of a residual network. */
    public static final List<ConvShape> SMALL_NETS = Stream.of(LENET_1, LENET_2, CIFAR_1, CIFAR_2, RESIDUAL)
            .map(ConvShape::of)
            .toList();

    /** The convolutions of a ResNet on ImageNet: the first, one per width of the blocks, a halving and a pointwise one. */
    public static final List<ConvShape> RESNET = Stream.of(
                    "N=32 3->64 7x7 pad 3 stride 2 on 224x224",
                    "N=32 64->64 3x3 pad 1 on 56x56",
                    "N=32 128->128 3x3 pad 1 on 28x28",
                    "N=32 256->256 3x3 pad 1 on 14x14",
                    "N=32 512->512 3x3 pad 1 on 7x7",
                    "N=32 128->256 3x3 pad 1 stride 2 on 28x28",
                    "N=32 256->64 1x1 on 56x56")
            .map(ConvShape::of)
            .toList();

    /** Parses the text form. */
    public static ConvShape of(String text) {
        Matcher m = TEXT.matcher(text);
        if (!m.matches()) {
            throw new IllegalArgumentException(
                    "expected a convolution such as \"" + LENET_1 + "\", got \"" + text + "\"");
        }
        int[] n = new int[9];
        for (int i = 1; i < n.length; i++) {
            n[i] = m.group(i) != null ? Integer.parseInt(m.group(i)) : i == 5 ? 0 : 1;
        }
        return new ConvShape(n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8]);
    }

    public ConvShape withBatch(int other) {
        return new ConvShape(other, in, out, kernel, padding, stride, groups, side);
    }

    public int outSide() {
        return (side + 2 * padding - kernel) / stride + 1;
    }

    /** Returns the number of windows in the batch. */
    public int positions() {
        return batch * outSide() * outSide();
    }

    /** Returns the number of products in the sum of an output. */
    public int terms() {
        return in / groups * kernel * kernel;
    }

    public double forwardFlops() {
        return 2.0 * positions() * out * terms();
    }

    @Override
    public String toString() {
        return "N=" + batch + " " + in + "->" + out + " " + kernel + "x" + kernel
                + (padding > 0 ? " pad " + padding : "")
                + (stride > 1 ? " stride " + stride : "")
                + (groups > 1 ? " groups " + groups : "")
                + " on " + side + "x" + side;
    }
}
