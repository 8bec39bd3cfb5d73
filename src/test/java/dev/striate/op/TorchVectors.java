package dev.striate.op;

import static dev.striate.WindowOption.ceilMode;
import static dev.striate.WindowOption.countIncludePad;
import static dev.striate.WindowOption.dilation;
import static dev.striate.WindowOption.groups;
import static dev.striate.WindowOption.padding;
import static dev.striate.WindowOption.stride;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.striate.ClassificationOptions;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.WindowOption;
import dev.striate.op.OpCase.Arguments;
import dev.striate.op.OpCase.Results;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A case with inputs, results and gradients that libtorch computed, read from a file whose format {@code README.md}
 * beside it describes.
 *
 * @param c              the case, as it is called here
 * @param outputs        libtorch's results
 * @param gradients      libtorch's gradients by input, empty where there is none
 * @param outputErrors   how far libtorch's own float32 results lie from its float64 ones, at most
 * @param gradientErrors the same for its gradients
 */
record TorchVectors(
        OpCase c, double[][] outputs, double[][] gradients, double[] outputErrors, double[] gradientErrors) {

    /**
     * Cases whose attributes say {@code count_include_pad: false} though libtorch was run with true: values and
     * gradients are those of windows divided by their size with padding, the corner window of 4 pixels by 9. They are
     * held to what was computed.
     */
    private static final Set<String> PADDING_COUNTED = Set.of("avgpool2d_04", "avgpool2d_06");

    static TorchVectors read(Path file) throws IOException {
        Map<String, Object> json;
        try (JsonParser parser = new JsonFactory().createParser(file.toFile())) {
            parser.nextToken();
            json = object(value(parser));
        }
        if (PADDING_COUNTED.contains(json.get("name"))) {
            object(json.get("attributes")).put("count_include_pad", true);
        }
        List<Map<String, Object>> nodes = json.get("op").equals("graph")
                ? objects(object(json.get("attributes")).get("nodes"))
                : List.of(Map.of(
                        "op", json.get("op"),
                        "attributes", json.get("attributes"),
                        "inputs",
                                objects(json.get("inputs")).stream()
                                        .map(input -> input.get("name"))
                                        .toList(),
                        "output", objects(json.get("outputs")).get(0).get("name")));
        List<String> names = new ArrayList<>();
        Map<String, int[]> labels = new HashMap<>();
        List<String> results = objects(json.get("outputs")).stream()
                .map(output -> (String) output.get("name"))
                .toList();
        OpCase c = new OpCase("libtorch", (String) json.get("name"), x -> run(nodes, x, names, labels, results));
        List<Map<String, Object>> gradients = objects(json.get("grads"));
        for (Map<String, Object> input : objects(json.get("inputs"))) {
            String name = (String) input.get("name");
            if (input.get("dtype").equals("int64")) {
                labels.put(name, integers(input.get("data")));
            } else {
                names.add(name);
                c.values(floats(input.get("data")), integers(input.get("shape")));
                if (gradients.stream()
                        .noneMatch(gradient -> gradient.get("name").equals(name))) {
                    c.constant();
                }
            }
        }
        c.upstream(floats(objects(json.get("upstream")).get(0).get("data")));
        c.accuracy(accuracy(nodes, c, labels));
        double[][] expectedGradients = new double[names.size()][0];
        for (Map<String, Object> gradient : gradients) {
            expectedGradients[names.indexOf((String) gradient.get("name"))] =
                    OpCase.widen(floats(gradient.get("data")));
        }
        Map<String, Object> errors = object(json.get("float64_max_abs_diff"));
        return new TorchVectors(
                c,
                objects(json.get("outputs")).stream()
                        .map(o -> OpCase.widen(floats(o.get("data"))))
                        .toArray(double[][]::new),
                expectedGradients,
                errorsOf(object(errors.get("outputs")), results),
                errorsOf(object(errors.get("grads")), names));
    }

    private static double[] errorsOf(Map<String, Object> errors, List<String> names) {
        return names.stream()
                .mapToDouble(name -> (Float) errors.getOrDefault(name, 0f))
                .toArray();
    }

    // ---- What a case calls

    private static Results run(
            List<Map<String, Object>> nodes,
            Arguments x,
            List<String> names,
            Map<String, int[]> labels,
            List<String> results) {
        Map<String, Tensor> known = new HashMap<>();
        for (int i = 0; i < names.size(); i++) {
            known.put(names.get(i), x.get(i));
        }
        for (Map<String, Object> node : nodes) {
            List<Tensor> inputs = new ArrayList<>();
            List<int[]> integers = new ArrayList<>();
            for (Object name : (List<?>) node.get("inputs")) {
                if (labels.containsKey(name)) {
                    integers.add(labels.get(name));
                } else {
                    inputs.add(known.get(name));
                }
            }
            known.put((String) node.get("output"), call(node, x, inputs, integers));
        }
        return new Results(results.stream().map(known::get).toList(), List.of());
    }

    private static Tensor call(Map<String, Object> node, Arguments x, List<Tensor> in, List<int[]> integers) {
        Map<String, Object> attributes = object(node.get("attributes"));
        Tensor first = in.get(0);
        Tensor third = in.size() > 2 ? in.get(2) : null;
        return switch ((String) node.get("op")) {
            case "conv2d" -> first.conv2d(in.get(1), third, window(attributes));
            case "maxpool2d" -> {
                int[] kernel = integers(attributes.get("kernel"));
                yield first.maxPool2d(kernel[0], kernel[1], window(attributes));
            }
            case "avgpool2d" -> {
                int[] kernel = integers(attributes.get("kernel"));
                yield first.avgPool2d(kernel[0], kernel[1], window(attributes));
            }
            case "batchnorm" ->
                first.batchNorm2d(
                        in.get(1),
                        in.get(2),
                        in.get(3),
                        in.get(4),
                        (Boolean) attributes.get("training"),
                        (Float) attributes.get("momentum"),
                        (Float) attributes.get("eps"));
            case "matmul" -> first.matmul(in.get(1));
            case "linear" -> first.linear(in.get(1), third);
            case "flatten" -> first.flatten(1);
            case "relu" -> first.relu();
            case "leaky_relu" -> first.leakyRelu((Float) attributes.get("alpha"));
            case "sigmoid" -> first.sigmoid();
            case "tanh" -> first.tanh();
            case "gelu" -> first.gelu();
            case "softmax" -> first.softmax(((Float) attributes.get("axis")).intValue());
            case "softmax_cross_entropy" ->
                first.crossEntropy(x.integers(Shape.of(integers.get(0).length), integers.get(0)));
            default -> throw new IllegalArgumentException("no call for " + node.get("op"));
        };
    }

    private static WindowOption[] window(Map<String, Object> attributes) {
        List<WindowOption> options = new ArrayList<>();
        int[] stride = integers(attributes.get("stride"));
        int[] padding = integers(attributes.get("padding"));
        options.add(stride(stride[0], stride[1]));
        options.add(padding(padding[0], padding[1]));
        if (attributes.containsKey("dilation")) {
            int[] dilation = integers(attributes.get("dilation"));
            options.add(dilation(dilation[0], dilation[1]));
        }
        if (attributes.containsKey("groups")) {
            options.add(groups(((Float) attributes.get("groups")).intValue()));
        }
        if (Boolean.TRUE.equals(attributes.get("ceil_mode"))) {
            options.add(ceilMode());
        }
        if (attributes.containsKey("count_include_pad")) {
            options.add(countIncludePad((Boolean) attributes.get("count_include_pad")));
        }
        return options.toArray(WindowOption[]::new);
    }

    private static Accuracy accuracy(List<Map<String, Object>> nodes, OpCase c, Map<String, int[]> labels) {
        if (nodes.size() > 1) {
            // The longest sum in the network: a weight of the first convolution meets 8 images of 6 by 6 outputs.
            return Accuracy.stable(288);
        }
        Map<String, Object> attributes = object(nodes.get(0).get("attributes"));
        int[] sizes = c.inputs.get(0).shape().toArray();
        return switch ((String) nodes.get(0).get("op")) {
            case "conv2d", "matmul", "linear" -> Accuracy.products(1);
            case "avgpool2d" -> {
                int[] kernel = integers(attributes.get("kernel"));
                yield Accuracy.products(kernel[0] * kernel[1]);
            }
            case "maxpool2d" -> Accuracy.selection();
            case "batchnorm" ->
                new BatchNorm2dAccuracy(true, (Float) attributes.get("momentum"), (Float) attributes.get("eps"));
            case "relu" -> Accuracy.relative(0);
            case "leaky_relu" -> Accuracy.relative(1);
            case "sigmoid" -> OpCases.sigmoid();
            case "tanh" -> OpCases.tanh();
            case "gelu" -> OpCases.gelu();
            case "softmax" -> OpCases.softmax(sizes[1]);
            case "softmax_cross_entropy" ->
                OpCases.crossEntropyAccuracy(sizes, labels.get("labels"), ClassificationOptions.DEFAULT);
            default ->
                throw new IllegalArgumentException(
                        "no accuracy for " + nodes.get(0).get("op"));
        };
    }

    // ---- JSON: objects, lists, strings, truth values; every number as the float32 that it stands for

    private static Object value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, Object> members = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    parser.nextToken();
                    members.put(name, value(parser));
                }
                yield members;
            }
            case START_ARRAY -> {
                List<Object> elements = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    elements.add(value(parser));
                }
                yield elements;
            }
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> Float.parseFloat(parser.getText());
            default -> throw new IOException("unexpected " + parser.currentToken() + " at " + parser.currentLocation());
        };
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Object json) {
        return (Map<String, Object>) json;
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> objects(Object json) {
        return (List<Map<String, Object>>) json;
    }

    private static float[] floats(Object json) {
        List<?> list = (List<?>) json;
        float[] values = new float[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (Float) list.get(i);
        }
        return values;
    }

    private static int[] integers(Object json) {
        return ((List<?>) json)
                .stream().mapToInt(number -> ((Float) number).intValue()).toArray();
    }
}
