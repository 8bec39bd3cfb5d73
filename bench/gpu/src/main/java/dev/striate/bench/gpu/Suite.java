package dev.striate.bench.gpu;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.bench.common.ConvShape;
import dev.striate.bench.common.Cost;
import dev.striate.bench.common.HashData;
import dev.striate.bench.common.Layer;
import dev.striate.bench.common.Net;
import dev.striate.bench.common.Row;
import dev.striate.bench.common.Table;
import dev.striate.models.Networks;
import dev.striate.nn.Sequential;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The rows of a run. */
final class Suite {

    /**
     * The number of training steps whose losses are compared: the first shows the forward pass, the next gradients and
     * update. Deep nets with batch normalisation amplify a rounding error from step to step, so later losses say less.
     */
    private static final int COMPARED_STEPS = 3;

    private static final Net RESNET9 =
            new Net("resnet9", 3, 32, Net.Method.ADAM, List.of(new Layer.Whole(Networks.named("resnet9"))));

    private final Device device;
    private final boolean quick;
    private final List<Job> jobs = new ArrayList<>();

    private Suite(Device device, boolean quick) {
        this.device = device;
        this.quick = quick;
    }

    /** @param quick small sizes, to check that everything works; such figures mean little */
    static List<Job> of(Device device, boolean quick) {
        Suite suite = new Suite(device, quick);
        suite.launches();
        suite.copies();
        for (int n : quick ? new int[] {128, 256} : new int[] {512, 1024, 2048, 4096, 8192}) {
            suite.jobs.add(new Job(Row.matmul(n), "matmul " + n));
        }
        suite.convolutions();
        suite.training(Net.DIGITS, 8, 32);
        suite.training(Net.LENET5, 8, 64, 128, 512);
        suite.training(Net.CIFAR, 4, 128, 512);
        suite.training(RESNET9, 2, 128);
        return suite.jobs;
    }

    private void launches() {
        Map<String, Double> exact = Map.of("product", 0.0);
        jobs.add(new Job(new Row("launch", Cost.NONE, exact, side -> Copies.launch(device, false)), "launch 0"));
        jobs.add(
                new Job(new Row("launch and wait", Cost.NONE, exact, side -> Copies.launch(device, true)), "launch 1"));
    }

    private void copies() {
        int n = quick ? 1 << 20 : 1 << 26;
        Map<String, String> ways = new LinkedHashMap<>();
        ways.put("h2d", "to the device");
        ways.put("d2h", "from the device");
        ways.put("d2d", "on the device");
        ways.forEach((way, words) -> jobs.add(new Job(
                new Row(
                        Table.format("copy %s, %d MiB", words, 4L * n >> 20),
                        Cost.ofElements((way.equals("d2d") ? 2.0 : 1.0) * n),
                        Map.of("copy", 0.0),
                        side -> Copies.copy(device, way, n)),
                "copy " + way + " " + n)));
    }

    private void convolutions() {
        List<ConvShape> shapes = Stream.concat(ConvShape.SMALL_NETS.stream(), ConvShape.RESNET.stream())
                .toList();
        for (ConvShape full : quick ? shapes.subList(0, 6) : shapes) {
            ConvShape s = quick ? full.withBatch(full.side() > 100 ? 1 : 4) : full;
            String sizes = Stream.of(s.batch(), s.in(), s.out(), s.kernel(), s.side(), s.padding(), s.stride())
                    .map(size -> " " + size)
                    .reduce("", String::concat);
            jobs.add(new Job(Row.convolution(s), "conv 0" + sizes));
            jobs.add(new Job(Row.convolutionWithGradients(s), "conv 1" + sizes));
        }
    }

    private void training(Net net, int quickBatch, int... batches) {
        for (int batch : quick ? new int[] {quickBatch} : batches) {
            jobs.add(new Job(Row.training(net, batch, COMPARED_STEPS), "train " + net.name() + " " + batch));
        }
    }

    /**
     * Returns the initial weights of both sides: uniform within 1 / sqrt(fan-in), batch normalisation with 1 and 0,
     * biases with 0. The other side knows the parameters by their order, names and shapes only.
     */
    static Net.Weights weights(Net net) {
        try (Sequential model = net.model().initialize(Device.cpu(), new Generator(0))) {
            List<float[]> parameters = new ArrayList<>();
            for (Map.Entry<String, Tensor> entry : model.parameters().entrySet()) {
                Shape shape = entry.getValue().shape();
                boolean matrix = shape.rank() > 1;
                parameters.add(HashData.around(
                        100 + parameters.size(),
                        shape.elements(),
                        !matrix && entry.getKey().endsWith("weight") ? 1 : 0,
                        matrix ? (float) (1 / Math.sqrt((double) shape.elements() / shape.size(0))) : 0));
            }
            return new Net.Weights(
                    parameters,
                    model.buffers().values().stream().map(Tensor::toFloatArray).toList());
        }
    }
}
