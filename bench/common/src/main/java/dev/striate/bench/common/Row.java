package dev.striate.bench.common;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A row of the table.
 *
 * @param cost    the cost of one call
 * @param allowed per result, how much the sides may differ; see {@link Check}
 * @param work    creates the work on a side
 */
public record Row(String name, Cost cost, Map<String, Double> allowed, Function<Side, Work> work) {

    /** The number of training steps whose losses are compared. */
    public static final int COMPARED_STEPS = 5;

    /** Returns the rows of the CPU, in the table's order. */
    public static List<Row> all() {
        List<Row> rows = new ArrayList<>();
        for (int n : new int[] {256, 512, 1024, 2048}) {
            rows.add(matmul(n));
        }
        for (ConvShape shape : ConvShape.SMALL_NETS) {
            rows.add(convolution(shape));
            rows.add(convolutionWithGradients(shape));
        }
        rows.add(training(Net.DIGITS, 32, COMPARED_STEPS));
        rows.add(training(Net.LENET, 64, COMPARED_STEPS));
        rows.add(training(Net.LENET, 128, COMPARED_STEPS));
        rows.add(training(Net.CIFAR, 128, COMPARED_STEPS));
        for (Net net : List.of(Net.DIGITS, Net.LENET, Net.CIFAR)) {
            rows.add(new Row(
                    "infer " + net.name() + " N=1",
                    new Cost(net.forwardFlops(), 0, 1),
                    Map.of("logits", net.rounding()),
                    side -> side.inference(net)));
        }
        return rows;
    }

    public static Row matmul(int n) {
        return new Row(
                "matmul " + n,
                Cost.ofFlops(2.0 * n * n * n),
                Map.of("product", Check.rounding(n)),
                side -> side.matmul(n));
    }

    public static Row convolution(ConvShape shape) {
        return new Row(
                "conv forward " + shape,
                Cost.ofFlops(shape.forwardFlops()),
                Map.of("output", Check.rounding(shape.terms())),
                side -> side.convolution(shape));
    }

    public static Row convolutionWithGradients(ConvShape shape) {
        double overPositions = Check.rounding(shape.positions());
        return new Row(
                "conv with gradients " + shape,
                Cost.ofFlops(3 * shape.forwardFlops()),
                Map.of(
                        "input_gradient",
                        Check.rounding((double) shape.out() * shape.kernel() * shape.kernel()),
                        "weight_gradient",
                        overPositions,
                        "bias_gradient",
                        overPositions),
                side -> side.convolutionWithGradients(shape));
    }

    public static Row training(Net net, int batch, int comparedSteps) {
        return new Row(
                "train " + net.name() + " N=" + batch + (net.method() == Net.Method.SGD ? " SGD" : " Adam"),
                net.trainingCost(batch),
                net.lossBounds(comparedSteps),
                side -> side.training(net, batch, comparedSteps));
    }
}
