package dev.striate.bench.gpu;

import dev.striate.models.Architecture;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The rows of a run. */
final class Suite {

    private final boolean quick;
    private final List<Row> rows = new ArrayList<>();

    private Suite(boolean quick) {
        this.quick = quick;
    }

    /** @param quick small sizes, to see that all works; such figures say little */
    static List<Row> of(boolean quick) {
        Suite suite = new Suite(quick);
        suite.launches();
        suite.copies();
        suite.products();
        suite.convolutions();
        suite.trainings();
        return suite.rows;
    }

    private void launches() {
        Map<String, Double> exact = Map.of("product", 0.0);
        Row.Cost none = new Row.Cost(0, 0, 0);
        rows.add(new Row("launch", "launch 0", none, exact, device -> Works.launch(device, false)));
        rows.add(new Row("launch and wait", "launch 1", none, exact, device -> Works.launch(device, true)));
    }

    private void copies() {
        int n = quick ? 1 << 20 : 1 << 26;
        Map<String, String> ways = new LinkedHashMap<>();
        ways.put("h2d", "to the device");
        ways.put("d2h", "from the device");
        ways.put("d2d", "on the device");
        ways.forEach((way, words) -> rows.add(new Row(
                String.format(Locale.ROOT, "copy %s, %d MiB", words, 4L * n >> 20),
                "copy " + way + " " + n,
                new Row.Cost(0, (way.equals("d2d") ? 8.0 : 4.0) * n, 0),
                Map.of("copy", 0.0),
                device -> Works.copy(device, way, n))));
    }

    private void products() {
        for (int n : quick ? new int[] {128, 256} : new int[] {512, 1024, 2048, 4096, 8192}) {
            rows.add(new Row(
                    "matmul " + n,
                    "matmul " + n,
                    new Row.Cost(2.0 * n * n * n, 0, 0),
                    Map.of("product", Digest.rounding(n)),
                    device -> Works.matmul(device, n)));
        }
    }

    private void convolutions() {
        List<ConvShape> shapes = List.of(
                // Those of the CPU's benchmark: LeNet's, the CIFAR net's, and a residual one.
                new ConvShape(64, 1, 6, 5, 28, 2, 1),
                new ConvShape(64, 6, 16, 5, 14, 0, 1),
                new ConvShape(128, 3, 32, 3, 32, 0, 1),
                new ConvShape(128, 32, 64, 3, 15, 0, 1),
                new ConvShape(128, 64, 64, 3, 32, 1, 1),
                // ResNet's: on ImageNet the first, the blocks' widths, halving, pointwise.
                new ConvShape(32, 3, 64, 7, 224, 3, 2),
                new ConvShape(32, 64, 64, 3, 56, 1, 1),
                new ConvShape(32, 128, 128, 3, 28, 1, 1),
                new ConvShape(32, 256, 256, 3, 14, 1, 1),
                new ConvShape(32, 512, 512, 3, 7, 1, 1),
                new ConvShape(32, 128, 256, 3, 28, 1, 2),
                new ConvShape(32, 256, 64, 1, 56, 0, 1));
        for (ConvShape full : quick ? shapes.subList(0, 6) : shapes) {
            ConvShape s = quick ? full.batch(full.side() > 100 ? 1 : 4) : full;
            String request = "conv %d "
                    + String.join(
                            " ",
                            "" + s.batch(),
                            "" + s.in(),
                            "" + s.out(),
                            "" + s.kernel(),
                            "" + s.side(),
                            "" + s.padding(),
                            "" + s.stride());
            rows.add(new Row(
                    "conv " + s,
                    String.format(Locale.ROOT, request, 0),
                    new Row.Cost(s.flops(), 0, 0),
                    Map.of("output", Digest.rounding(s.in() * s.kernel() * s.kernel())),
                    device -> Works.convolution(device, s, false)));
            double pixels = (double) s.batch() * s.outSide() * s.outSide();
            rows.add(new Row(
                    "conv+grad " + s,
                    String.format(Locale.ROOT, request, 1),
                    new Row.Cost(3 * s.flops(), 0, 0),
                    Map.of(
                            "input_gradient",
                            Digest.rounding(s.out() * s.kernel() * s.kernel()),
                            "weight_gradient",
                            Digest.rounding(pixels),
                            "bias_gradient",
                            Digest.rounding(pixels)),
                    device -> Works.convolution(device, s, true)));
        }
    }

    private void trainings() {
        training("digits", Architecture.CNN, 8, 32);
        training("lenet", Architecture.LENET5_MODERN, 8, 64, 128, 512);
        training("cifar", Architecture.CIFAR_SIMPLE, 4, 128, 512);
        training("resnet9", Architecture.RESNET9, 2, 128);
    }

    private void training(String name, Architecture net, int quickBatch, int... batches) {
        NetCost cost = NetCost.of(net);
        Map<String, Double> bounds = new LinkedHashMap<>();
        for (int step = 1; step <= Works.COMPARED_STEPS; step++) {
            // One forward pass, and of each step before it three passes' worth of rounding in the parameters.
            bounds.put("loss_" + step, cost.rounding() * (3 * step - 2));
        }
        for (int batch : quick ? new int[] {quickBatch} : batches) {
            rows.add(new Row(
                    "train " + name + " N=" + batch,
                    "train " + name + " " + batch,
                    new Row.Cost(cost.trainingFlops() * batch, 0, batch),
                    bounds,
                    device -> Works.training(device, net, batch)));
        }
    }
}
