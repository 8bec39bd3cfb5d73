package dev.striate.op;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import dev.striate.IntTensor;
import dev.striate.Shape;
import dev.striate.Tensor;
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

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    /** An operation with the names of its inputs and outputs. */
    private record Node(
            String operation, TorchOperations.Attributes attributes, List<String> inputs, List<String> outputs) {}

    /** Integers of a case. */
    private record Integers(Shape shape, int[] values) {}

    /** Reads a file of one case, or of a list of cases. */
    static List<TorchVectors> readAll(Path file) throws IOException {
        Object json;
        try (JsonParser parser = JSON.createParser(file.toFile())) {
            parser.nextToken();
            json = value(parser);
        }
        List<Map<String, Object>> cases = json instanceof List ? objects(json) : List.of(object(json));
        return cases.stream().map(TorchVectors::of).toList();
    }

    private static TorchVectors of(Map<String, Object> json) {
        if (PADDING_COUNTED.contains(json.get("name"))) {
            object(json.get("attributes")).put("count_include_pad", true);
        }
        List<String> results = names(json.get("outputs"));
        TorchOperations.Attributes attributes = new TorchOperations.Attributes(object(json.get("attributes")));
        List<Node> nodes = json.get("op").equals("graph")
                ? objects(attributes.values().get("nodes")).stream()
                        .map(TorchVectors::node)
                        .toList()
                : List.of(new Node((String) json.get("op"), attributes, names(json.get("inputs")), results));
        List<String> names = new ArrayList<>();
        Map<String, Integers> integers = new LinkedHashMap<>();
        OpCase c = new OpCase("libtorch", (String) json.get("name"), x -> run(nodes, x, names, integers, results));
        List<String> differentiable = names(json.get("grads"));
        for (Map<String, Object> input : objects(json.get("inputs"))) {
            String name = (String) input.get("name");
            int[] sizes = integers(input.get("shape"));
            if (input.get("dtype").equals("int64")) {
                integers.put(name, new Integers(Shape.of(sizes), integers(input.get("data"))));
            } else {
                names.add(name);
                c.values(floats(input.get("data")), sizes);
                if (!differentiable.contains(name)) {
                    c.constant();
                }
            }
        }
        for (Map<String, Object> upstream : objects(json.get("upstream"))) {
            c.upstream(floats(upstream.get("data")));
        }
        c.accuracy(accuracy(nodes, c, integers));
        double[][] expectedGradients = new double[names.size()][0];
        for (Map<String, Object> gradient : objects(json.get("grads"))) {
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

    private static List<String> names(Object arrays) {
        return objects(arrays).stream().map(array -> (String) array.get("name")).toList();
    }

    private static double[] errorsOf(Map<String, Object> errors, List<String> names) {
        return names.stream()
                .mapToDouble(name -> (Float) errors.getOrDefault(name, 0f))
                .toArray();
    }

    private static Node node(Map<String, Object> json) {
        return new Node(
                (String) json.get("op"),
                new TorchOperations.Attributes(object(json.get("attributes"))),
                ((List<?>) json.get("inputs")).stream().map(String.class::cast).toList(),
                List.of((String) json.get("output")));
    }

    private static Results run(
            List<Node> nodes, Arguments x, List<String> names, Map<String, Integers> integers, List<String> results) {
        Map<String, Tensor> known = new HashMap<>();
        for (int i = 0; i < names.size(); i++) {
            known.put(names.get(i), x.get(i));
        }
        for (Node node : nodes) {
            List<Tensor> inputs = new ArrayList<>();
            List<IntTensor> indices = new ArrayList<>();
            for (String name : node.inputs()) {
                Integers own = integers.get(name);
                if (own == null) {
                    inputs.add(known.get(name));
                } else {
                    indices.add(x.integers(own.shape(), own.values()));
                }
            }
            List<Tensor> outputs = TorchOperations.of(node.operation())
                    .call()
                    .apply(new TorchOperations.Inputs(inputs, indices), node.attributes());
            // Running statistics are outputs too, and known as inputs.
            for (int i = 0; i < outputs.size(); i++) {
                known.put(node.outputs().get(i), outputs.get(i));
            }
        }
        return new Results(results.stream().map(known::get).toList(), List.of());
    }

    private static Accuracy accuracy(List<Node> nodes, OpCase c, Map<String, Integers> integers) {
        if (nodes.size() > 1) {
            // The longest sum in the network: a weight of the first convolution meets 8 images of 6 by 6 outputs.
            return Accuracy.stable(288);
        }
        return TorchOperations.of(nodes.get(0).operation())
                .accuracy()
                .of(
                        nodes.get(0).attributes(),
                        c.inputs.stream().map(OpCase.Input::shape).toList(),
                        integers.values().stream().map(Integers::values).toList());
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

    static float[] floats(Object json) {
        List<?> list = (List<?>) json;
        float[] values = new float[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (Float) list.get(i);
        }
        return values;
    }

    static int[] integers(Object json) {
        return ((List<?>) json)
                .stream().mapToInt(number -> ((Float) number).intValue()).toArray();
    }
}
