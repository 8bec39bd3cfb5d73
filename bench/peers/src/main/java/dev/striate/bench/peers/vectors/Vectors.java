package dev.striate.bench.peers.vectors;

import ai.djl.ndarray.types.DataType;
import dev.striate.bench.common.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Writes libtorch's values and gradients of {@link VectorCases}, as a JSON array with one case per line. The README
 * beside Striate's test resource describes the format; the records below have its names.
 */
final class Vectors {

    private record Array(String name, String dtype, long[] shape, Object data) {}

    private record Differences(Map<String, Float> outputs, Map<String, Float> grads) {}

    private record Vector(
            String name,
            String op,
            String torch,
            Map<String, Object> attributes,
            List<Array> inputs,
            List<Array> outputs,
            List<Array> upstream,
            List<Array> grads,
            Differences float64_max_abs_diff) {}

    private Vectors() {}

    public static void main(String[] arguments) throws IOException {
        // Sums in the same order on any number of cores.
        System.setProperty("ai.djl.pytorch.num_threads", "1");
        List<String> lines = new ArrayList<>();
        for (VectorCase c : VectorCases.all()) {
            try {
                lines.add(Json.line(vector(c)));
            } catch (RuntimeException e) {
                throw new IllegalStateException(c.name() + ": " + c.script(), e);
            }
        }
        Files.writeString(Path.of(arguments[0]), lines.stream().collect(Collectors.joining(",\n", "[\n", "\n]\n")));
    }

    private static Vector vector(VectorCase c) {
        TorchScript.Results results = TorchScript.run(c, DataType.FLOAT32);
        TorchScript.Results precise = TorchScript.run(c, DataType.FLOAT64);
        List<Array> inputs = new ArrayList<>();
        List<Array> gradients = new ArrayList<>();
        Map<String, Float> gradientDifferences = new LinkedHashMap<>();
        for (VectorCase.Input input : c.inputs()) {
            String name = input.name();
            inputs.add(
                    input.integers() == null
                            ? new Array(name, "float32", input.shape(), input.floats())
                            : new Array(name, "int64", input.shape(), input.integers()));
            if (input.differentiable()) {
                double[] gradient = results.gradients().get(name);
                gradients.add(new Array(name, "float32", input.shape(), narrow(gradient)));
                gradientDifferences.put(
                        name, largestDifference(gradient, precise.gradients().get(name)));
            }
        }
        List<Array> outputs = new ArrayList<>();
        Map<String, Float> outputDifferences = new LinkedHashMap<>();
        for (int i = 0; i < results.outputs().size(); i++) {
            double[] output = results.outputs().get(i);
            outputs.add(new Array("y" + i, "float32", results.shapes().get(i), narrow(output)));
            outputDifferences.put(
                    "y" + i, largestDifference(output, precise.outputs().get(i)));
        }
        List<Array> upstream = gradients.isEmpty()
                ? List.of()
                : List.of(new Array("y0", "float32", results.shapes().get(0), results.upstream()));
        return new Vector(
                c.name(),
                c.operation(),
                c.script(),
                c.attributes(),
                inputs,
                outputs,
                upstream,
                gradients,
                new Differences(outputDifferences, gradientDifferences));
    }

    private static float[] narrow(double[] values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < narrow.length; i++) {
            narrow[i] = (float) values[i];
        }
        return narrow;
    }

    /** @throws IllegalArgumentException if one is infinite or NaN and the other is not the same */
    private static float largestDifference(double[] results, double[] precise) {
        double largest = 0;
        for (int i = 0; i < results.length; i++) {
            if (Double.compare(results[i], precise[i]) != 0) {
                largest = Math.max(largest, Math.abs(results[i] - precise[i]));
            }
        }
        if (!Double.isFinite(largest)) {
            throw new IllegalArgumentException("the results in float32 and float64 differ");
        }
        // Not rounded down.
        return largest == 0 ? 0 : Math.nextUp((float) largest);
    }
}
