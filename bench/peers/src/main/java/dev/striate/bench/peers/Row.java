package dev.striate.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A row of the table.
 *
 * @param flops   of one call: multiplications and additions of products and convolutions
 * @param samples images that one call trains on or classifies, 0 where that says nothing
 * @param allowed per result, how far the sides may differ; see {@link Check}
 * @param work    makes the work on a side
 */
record Row(String name, double flops, int samples, Map<String, Double> allowed, Function<Side, Work> work) {

    /** All rows, in the table's order. */
    static List<Row> all() {
        List<Row> rows = new ArrayList<>();
        for (int n : new int[] {256, 512, 1024, 2048}) {
            rows.add(new Row(
                    "matmul " + n, 2.0 * n * n * n, 0, Map.of("product", Check.rounding(n)), side -> side.matmul(n)));
        }
        List<ConvShape> shapes = List.of(
                new ConvShape(64, 1, 6, 5, 2, 28),
                new ConvShape(64, 6, 16, 5, 0, 14),
                new ConvShape(128, 3, 32, 3, 0, 32),
                new ConvShape(128, 32, 64, 3, 0, 15),
                new ConvShape(128, 64, 64, 3, 1, 32));
        for (ConvShape shape : shapes) {
            int field = shape.kernel() * shape.kernel();
            rows.add(new Row(
                    "conv forward " + shape,
                    shape.forwardFlops(),
                    0,
                    Map.of("output", Check.rounding(shape.in() * field)),
                    side -> side.convolution(shape)));
            double overPositions = Check.rounding(shape.positions());
            rows.add(new Row(
                    "conv with gradients " + shape,
                    3 * shape.forwardFlops(),
                    0,
                    Map.of(
                            "input gradient",
                            Check.rounding(shape.out() * field),
                            "weight gradient",
                            overPositions,
                            "bias gradient",
                            overPositions),
                    side -> side.convolutionWithGradients(shape)));
        }
        rows.add(training(Net.DIGITS, 32));
        rows.add(training(Net.LENET, 64));
        rows.add(training(Net.LENET, 128));
        rows.add(training(Net.CIFAR, 128));
        for (Net net : List.of(Net.DIGITS, Net.LENET, Net.CIFAR)) {
            rows.add(new Row(
                    "infer " + net.name() + " N=1",
                    net.forwardFlops(),
                    1,
                    Map.of("logits", net.rounding()),
                    side -> side.inference(net)));
        }
        return rows;
    }

    private static Row training(Net net, int batch) {
        String name = "train " + net.name() + " N=" + batch + (net.method() == Net.Method.SGD ? " SGD" : " Adam");
        return new Row(name, batch * net.trainingFlops(), batch, net.lossBounds(), side -> side.training(net, batch));
    }
}
