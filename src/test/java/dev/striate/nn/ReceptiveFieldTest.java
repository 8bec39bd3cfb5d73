package dev.striate.nn;

import static dev.striate.WindowOption.ceilMode;
import static dev.striate.WindowOption.dilation;
import static dev.striate.WindowOption.groups;
import static dev.striate.WindowOption.outputPadding;
import static dev.striate.WindowOption.padding;
import static dev.striate.WindowOption.stride;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Interpolation;
import dev.striate.NoGrad;
import dev.striate.Padding;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Receptive fields and multiply-adds against hand-computed numbers, and fields against what a gradient reaches. */
class ReceptiveFieldTest {

    private static final Device DEVICE = Device.reference();

    private static List<Summary.Row> rows(Block block, int... input) {
        try (block) {
            return block.initialize(DEVICE, new Generator(1))
                    .summary(Shape.of(input))
                    .rows();
        }
    }

    private static Summary.Row row(Block block, int... input) {
        List<Summary.Row> rows = rows(new Sequential(block), input);
        return rows.get(0);
    }

    private static void assertField(double size, double jump, double center, Summary.Row row) {
        for (ReceptiveField.Axis axis :
                new ReceptiveField.Axis[] {row.field().height(), row.field().width()}) {
            assertEquals(size, axis.size(), 1e-12, row.name() + " size");
            assertEquals(jump, axis.jump(), 1e-12, row.name() + " jump");
            assertEquals(center, axis.center(), 1e-12, row.name() + " centre");
        }
    }

    @Test
    void leNetLayerByLayer() {
        Sequential paper = new Sequential(
                new Conv2d(1, 6, 5),
                new Tanh(),
                new AvgPool2d(2),
                new Conv2d(6, 16, 5),
                new Tanh(),
                new AvgPool2d(2),
                new Conv2d(16, 120, 5),
                new Tanh(),
                new Flatten(),
                new Linear(120, 84),
                new Tanh(),
                new Linear(84, 10));
        List<Summary.Row> rows = rows(paper, 64, 1, 32, 32);
        assertField(5, 1, 2, rows.get(0));
        assertField(6, 2, 2.5, rows.get(2));
        assertField(14, 2, 6.5, rows.get(3));
        assertField(16, 4, 7.5, rows.get(5));
        assertField(32, 4, 15.5, rows.get(6));
        assertEquals(32, rows.get(11).field().height().pixels());
        assertEquals(
                List.of(156L, 2416L, 48120L, 10164L, 850L),
                rows.stream()
                        .map(Summary.Row::parameters)
                        .filter(count -> count > 0)
                        .toList());
        assertEquals(61706, rows.stream().mapToLong(Summary.Row::parameters).sum());
        // Per image: 28 28 6 25, 10 10 16 150, 120 400, 120 84 and 84 10.
        assertEquals(
                List.of(117600L, 240000L, 48000L, 10080L, 840L),
                rows.stream()
                        .map(Summary.Row::multiplyAdds)
                        .filter(count -> count > 0)
                        .toList());
    }

    @Test
    void aLinearLayerAfterFlattenSeesAllThatItsInputSees() {
        Sequential modern = new Sequential(
                new Conv2d(1, 6, 5),
                new MaxPool2d(2),
                new Conv2d(6, 16, 5),
                new MaxPool2d(2),
                new Flatten(),
                new Linear(400, 120),
                new Linear(120, 10));
        List<Summary.Row> rows = rows(modern, 1, 1, 32, 32);
        assertEquals(16, rows.get(4).field().height().pixels());
        assertEquals(32, rows.get(5).field().height().pixels());
        assertEquals(32, rows.get(6).field().height().pixels());
    }

    @Test
    void aResidualJoinSeesWhatTheLargerBranchSees() {
        List<Summary.Row> rows =
                rows(new Sequential(new ResidualBlock(3, 8, 2), new Conv2d(8, 8, 3, padding(1))), 2, 3, 16, 16);
        assertEquals("0", rows.get(0).name());
        assertField(7, 2, 0, rows.get(0));
        assertEquals("0.conv2", rows.get(4).name());
        assertField(7, 2, 0, rows.get(4));
        assertEquals("0.downsample.0", rows.get(7).name());
        assertField(1, 2, 0, rows.get(7));
        assertField(11, 2, 0, rows.get(rows.size() - 1));
        // The shortcut may be the larger one, and may lie elsewhere: 1 pixel at 2 and 3 pixels around 1 are 3 around 1.
        Residual crossed = new Residual(new Conv2d(1, 1, 1, padding(0)), new Conv2d(1, 1, 3, padding(1)));
        assertField(3, 1, 0, row(crossed, 1, 1, 8, 8));
        // A block by itself begins with its input on both sides.
        assertField(
                5,
                1,
                0,
                row(
                        new Residual(new Sequential(new Conv2d(1, 1, 3, padding(1)), new Conv2d(1, 1, 3, padding(1)))),
                        1,
                        1,
                        8,
                        8));
    }

    @Test
    void stridesDilationAndGroups() {
        List<Summary.Row> rows = rows(
                new Sequential(
                        new Conv2d(4, 8, 3, stride(2)), new Conv2d(8, 16, 3, dilation(2), padding(2), groups(4))),
                3,
                4,
                11,
                11);
        assertField(3, 2, 1, rows.get(0));
        assertField(11, 2, 1, rows.get(1));
        assertEquals(8 * 25 * 36, rows.get(0).multiplyAdds());
        assertEquals(16 * 25 * 18, rows.get(1).multiplyAdds());
        Summary.Row oblong = row(new Conv2d(1, 1, 3, 5, stride(1, 2)), 1, 1, 9, 9);
        assertEquals(new ReceptiveField.Axis(3, 1, 1, 7), oblong.field().height());
        assertEquals(new ReceptiveField.Axis(5, 2, 2, 3), oblong.field().width());
    }

    @Test
    void transposedConvolutionsJumpByFractions() {
        List<Summary.Row> rows = rows(
                new Sequential(new ConvTranspose2d(2, 3, 2, stride(2)), new Conv2d(3, 3, 3, padding(1))), 1, 2, 4, 4);
        assertField(1, 0.5, -0.25, rows.get(0));
        assertField(2, 0.5, -0.25, rows.get(1));
        assertEquals(4 * 4 * 2 * 3 * 4, rows.get(0).multiplyAdds());
        assertField(2, 0.5, -0.25, row(new ConvTranspose2d(1, 1, 4, stride(2), padding(1)), 1, 1, 4, 4));
        assertField(3, 1, -1, row(new ConvTranspose2d(1, 1, 3), 1, 1, 4, 4));
    }

    @Test
    void globalAndAdaptivePooling() {
        List<Summary.Row> rows =
                rows(new Sequential(new Conv2d(1, 2, 3, padding(1), stride(2)), new GlobalAvgPool2d()), 1, 1, 16, 16);
        // 8 windows of 3, 2 apart, from -1 on.
        assertField(17, 16, 7, rows.get(1));
        assertField(4, 4, 1.5, row(new AdaptiveAvgPool2d(2, 2), 1, 1, 8, 8));
        assertField(3, 7 / 3.0, 2 / 3.0, row(new AdaptiveAvgPool2d(3, 3), 1, 1, 7, 7));
    }

    @Test
    void resizedShuffledAndPaddedImages() {
        assertField(1, 0.5, -0.25, row(Upsample.byScale(2, Interpolation.NEAREST), 1, 1, 4, 4));
        assertField(1, 2, 0, row(Upsample.byScale(0.5, Interpolation.NEAREST), 1, 1, 4, 4));
        assertField(1, 2, 1, row(Upsample.byScale(0.5, Interpolation.NEAREST_EXACT), 1, 1, 4, 4));
        // Pixels 0, 0, 1, 1 and 2.
        assertField(1, 0.6, -0.4, row(Upsample.toSize(5, 5, Interpolation.NEAREST), 1, 1, 3, 3));
        assertField(2, 0.5, -0.25, row(Upsample.byScale(2, Interpolation.BILINEAR), 1, 1, 4, 4));
        assertField(2, 0.6, 0, row(Upsample.toSize(6, 6, Interpolation.BILINEAR_ALIGN_CORNERS), 1, 1, 4, 4));
        assertField(2, 2, 0, row(Upsample.byScale(0.5, Interpolation.BILINEAR_ASYMMETRIC), 1, 1, 4, 4));
        assertField(1, 0.5, -0.25, row(new PixelShuffle(2), 1, 4, 4, 4));
        assertField(1, 1, -2, row(new ReflectionPad2d(2), 1, 1, 4, 4));
        assertField(4, 4, 1.5, row(new GlobalMaxPool2d(), 1, 1, 4, 4));
        assertField(1, 1, 0, row(new GroupNorm(2, 4), 1, 4, 4, 4));
    }

    @Test
    void theSameInBothLayouts() {
        assertEquals(
                row(new Conv2d(3, 4, 3, stride(2)), 1, 3, 9, 9).field(),
                row(new Conv2d(3, 4, 3, stride(2)).layout(Layout.NHWC), 1, 9, 9, 3)
                        .field());
        assertEquals(
                row(new Conv2d(3, 4, 3), 5, 3, 9, 9).multiplyAdds(),
                row(new Conv2d(3, 4, 3).layout(Layout.NHWC), 5, 9, 9, 3).multiplyAdds());
    }

    @Test
    void whatCannotBeToldIsNotTold() {
        // Vectors have no receptive field.
        assertNull(row(new Linear(3, 2), 5, 3).field());
        Block unknown = new Block() {
            @Override
            protected Tensor compute(Tensor x) {
                return x;
            }

            @Override
            protected Shape shapeRule(Shape input) {
                return input;
            }
        };
        List<Summary.Row> rows = rows(new Sequential(new Residual(unknown), new Conv2d(1, 1, 3)), 1, 1, 8, 8);
        rows.forEach(row -> assertNull(row.field()));
    }

    static Stream<Arguments> networks() {
        return Stream.of(
                Arguments.of(
                        new Sequential(new Conv2d(1, 1, 3), new AvgPool2d(2), new Conv2d(1, 1, 3, padding(1))), true),
                Arguments.of(new Sequential(new Conv2d(1, 1, 5, stride(3), padding(2)), new Conv2d(1, 1, 2)), true),
                Arguments.of(
                        new Sequential(
                                new Conv2d(1, 1, 4, padding(Padding.SAME), stride(2)), new AvgPool2d(3, stride(1))),
                        true),
                Arguments.of(new Sequential(new Conv2d(1, 1, 3), new Conv2d(1, 1, 3, 5, padding(1, 0))), true),
                Arguments.of(new Sequential(new AvgPool2d(3, stride(2), ceilMode()), new Conv2d(1, 1, 2)), true),
                Arguments.of(
                        new Sequential(
                                new Conv2d(1, 1, 2),
                                new Residual(new Sequential(
                                        new Conv2d(1, 1, 3, padding(1)), new Conv2d(1, 1, 3, padding(1))))),
                        true),
                Arguments.of(new Sequential(new Conv2d(1, 1, 3), new GlobalAvgPool2d()), true),
                Arguments.of(new Sequential(new AdaptiveAvgPool2d(4, 4), new Conv2d(1, 1, 2)), true),
                Arguments.of(new Sequential(new AvgPool2d(3, dilation(2), stride(2)), new Conv2d(1, 1, 2)), true),
                Arguments.of(
                        new Sequential(
                                new Conv2d(1, 1, 3), Upsample.byScale(2, Interpolation.NEAREST), new Conv2d(1, 1, 3)),
                        false),
                Arguments.of(new Sequential(Upsample.byScale(2, Interpolation.BILINEAR), new Conv2d(1, 1, 2)), false),
                Arguments.of(new Sequential(Upsample.toSize(29, 31, Interpolation.BILINEAR_ALIGN_CORNERS)), false),
                Arguments.of(new Sequential(new Conv2d(1, 4, 3, padding(1)), new PixelShuffle(2)), false),
                Arguments.of(
                        new Sequential(new Conv2d(1, 1, 3), new ConvTranspose2d(1, 1, 4, stride(2), padding(1))),
                        false),
                Arguments.of(
                        new Sequential(
                                new ConvTranspose2d(1, 1, 3, stride(3), outputPadding(1, 1)), new Conv2d(1, 1, 3)),
                        false),
                Arguments.of(
                        new Sequential(new ConvTranspose2d(1, 1, 3, stride(2), dilation(3)), new Conv2d(1, 1, 1)),
                        false));
    }

    /**
     * With weights and pixels above 0, a unit's gradient is above 0 exactly at the pixels that it sees.
     *
     * @param exact whether all windows are alike; else the field bounds them, and the largest fills it
     */
    @ParameterizedTest
    @MethodSource("networks")
    void aGradientReachesTheFieldAndNothingElse(Sequential model, boolean exact) {
        int side = 16;
        try (model;
                Scope scope = Scope.open()) {
            model.initialize(DEVICE, new Generator(1));
            try (NoGrad off = NoGrad.open()) {
                model.parameters().values().forEach(weight -> weight.fill(1));
            }
            // The parts of a block come after the block.
            List<Summary.Row> rows = model.summary(Shape.of(1, 1, side, side)).rows().stream()
                    .filter(row -> !row.name().contains("."))
                    .toList();
            ReceptiveField field = rows.get(rows.size() - 1).field();
            Tensor x = Tensor.ones(DEVICE, 1, 1, side, side).requiresGrad(true);
            Shape shape = model.outputShape(x.shape());
            assertEquals(shape.size(2), field.height().units());
            assertEquals(shape.size(3), field.width().units());
            int largest = 0;
            for (int row = 0; row < shape.size(2); row++) {
                for (int column = 0; column < shape.size(3); column++) {
                    x.zeroGrad();
                    model.forward(x)
                            .slice(2, row, row + 1)
                            .slice(3, column, column + 1)
                            .sum()
                            .backward();
                    float[] gradient = x.grad().toFloatArray();
                    int top = side;
                    int bottom = -1;
                    int left = side;
                    int right = -1;
                    for (int i = 0; i < gradient.length; i++) {
                        if (gradient[i] != 0) {
                            top = Math.min(top, i / side);
                            bottom = Math.max(bottom, i / side);
                            left = Math.min(left, i % side);
                            right = Math.max(right, i % side);
                        }
                    }
                    check(field.height(), row, top, bottom, side, exact);
                    check(field.width(), column, left, right, side, exact);
                    largest = Math.max(largest, bottom - top + 1);
                }
            }
            assertEquals(Math.min(side, field.height().pixels()), largest);
        }
    }

    private static void check(ReceptiveField.Axis axis, int unit, int first, int last, int side, boolean exact) {
        int expectedFirst = Math.max(0, axis.first(unit));
        int expectedLast = Math.min(side - 1, axis.first(unit) + axis.pixels() - 1);
        if (exact) {
            assertEquals(expectedFirst, first);
            assertEquals(expectedLast, last);
        } else if (first <= last) {
            // Centres of uneven windows are off by less than a pixel.
            assertTrue(
                    first >= expectedFirst - 1 && last <= expectedLast + 1,
                    first + " .. " + last + " beside " + expectedFirst + " .. " + expectedLast);
        }
    }
}
