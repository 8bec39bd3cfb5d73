package dev.striate.op;

import static dev.striate.WindowOption.ceilMode;
import static dev.striate.WindowOption.countIncludePad;
import static dev.striate.WindowOption.dilation;
import static dev.striate.WindowOption.groups;
import static dev.striate.WindowOption.padding;
import static dev.striate.WindowOption.stride;

import dev.striate.ClassificationOptions;
import dev.striate.IntTensor;
import dev.striate.Interpolation;
import dev.striate.LossReduction;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.TopK;
import dev.striate.WindowOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The operations of {@link TorchVectors} by their names in the files: how they are called here, and how accurate they
 * have to be. The bounds are those of {@link OpCases}, which states the reasons.
 */
final class TorchOperations {

    /** The inputs of an operation in the order of the file. */
    record Inputs(List<Tensor> tensors, List<IntTensor> indices) {

        Tensor get(int i) {
            return tensors.get(i);
        }

        /** An input that may be missing. */
        @Nullable
        Tensor find(int i) {
            return i < tensors.size() ? tensors.get(i) : null;
        }

        IntTensor integers() {
            return indices.get(0);
        }
    }

    /** The settings of an operation by their names in the file. */
    record Attributes(Map<String, Object> values) {

        float number(String name) {
            return (Float) values.get(name);
        }

        int integer(String name) {
            return (int) number(name);
        }

        int[] integers(String name) {
            return TorchVectors.integers(values.get(name));
        }

        float[] numbers(String name) {
            return TorchVectors.floats(values.get(name));
        }

        LossReduction reduction() {
            return LossReduction.valueOf((String) values.get("reduction"));
        }

        Interpolation mode() {
            return Interpolation.valueOf((String) values.get("mode"));
        }

        ClassificationOptions classification() {
            return ClassificationOptions.DEFAULT
                    .withReduction(reduction())
                    .withIgnoreIndex(integer("ignoreIndex"))
                    .withLabelSmoothing((Float) values.getOrDefault("labelSmoothing", 0f))
                    .withClassWeights(numbers("classWeights"));
        }

        WindowOption[] window() {
            List<WindowOption> options = new ArrayList<>();
            int[] stride = integers("stride");
            int[] padding = integers("padding");
            options.add(stride(stride[0], stride[1]));
            options.add(padding(padding[0], padding[1]));
            if (values.containsKey("dilation")) {
                int[] dilation = integers("dilation");
                options.add(dilation(dilation[0], dilation[1]));
            }
            if (values.containsKey("groups")) {
                options.add(groups(integer("groups")));
            }
            if (Boolean.TRUE.equals(values.get("ceil_mode"))) {
                options.add(ceilMode());
            }
            if (values.containsKey("count_include_pad")) {
                options.add(countIncludePad((Boolean) values.get("count_include_pad")));
            }
            return options.toArray(WindowOption[]::new);
        }
    }

    @FunctionalInterface
    interface Call {
        Tensor apply(Inputs x, Attributes a);
    }

    /** The call of an operation with several results. */
    @FunctionalInterface
    interface ListCall {
        List<Tensor> apply(Inputs x, Attributes a);
    }

    /** How accurate an operation has to be with inputs of these shapes and integers. */
    @FunctionalInterface
    interface Bounds {
        Accuracy of(Attributes a, List<Shape> shapes, List<int[]> integers);
    }

    record Operation(ListCall call, Bounds accuracy) {}

    private static final Map<String, Operation> ALL = new TorchOperations().operations;

    private final Map<String, Operation> operations = new HashMap<>();

    private TorchOperations() {
        functions();
        pairs();
        losses();
        reductions();
        elements();
        products();
        normalisations();
        images();
    }

    static Operation of(String name) {
        Operation operation = ALL.get(name);
        if (operation == null) {
            throw new IllegalArgumentException("no operation " + name);
        }
        return operation;
    }

    private void add(String name, Call call, Bounds accuracy) {
        operations.put(name, new Operation((x, a) -> List.of(call.apply(x, a)), accuracy));
    }

    private void add(String name, Call call, Accuracy accuracy) {
        add(name, call, (a, shapes, integers) -> accuracy);
    }

    /** Copies or selects elements. */
    private void exact(String name, Call call) {
        add(name, call, Accuracy.selection());
    }

    private void functions() {
        add("relu", (x, a) -> x.get(0).relu(), Accuracy.relative(0));
        add("leaky_relu", (x, a) -> x.get(0).leakyRelu(a.number("alpha")), Accuracy.relative(1));
        add("sigmoid", (x, a) -> x.get(0).sigmoid(), OpCases.sigmoid());
        add("tanh", (x, a) -> x.get(0).tanh(), OpCases.tanh());
        add("gelu", (x, a) -> x.get(0).gelu(), OpCases.gelu());
        exact("clamp", (x, a) -> x.get(0).clamp(a.number("low"), a.number("high")));
        add("hardSigmoid", (x, a) -> x.get(0).hardSigmoid(), Accuracy.relative(2));
        add("hardSwish", (x, a) -> x.get(0).hardSwish(), Accuracy.relative(3));
        add("softplus", (x, a) -> x.get(0).softplus(), Accuracy.relative(6.5));
        add("mish", (x, a) -> x.get(0).mish(), OpCases.mish());
        add("silu", (x, a) -> x.get(0).silu(), OpCases.silu());
        add(
                "softmax",
                (x, a) -> x.get(0).softmax(a.integer("axis")),
                (a, shapes, integers) -> OpCases.softmax(shapes.get(0).size(1)));
        // One product each, and a sum over the elements of a slope.
        add(
                "prelu",
                (x, a) -> x.get(0).prelu(x.get(1)),
                (a, shapes, integers) -> Accuracy.stable(shapes.get(0).elements()));
    }

    private void pairs() {
        exact("maximum", (x, a) -> x.get(0).maximum(x.get(1)));
        exact("minimum", (x, a) -> x.get(0).minimum(x.get(1)));
        add("pow", (x, a) -> x.get(0).pow(x.get(1)), Accuracy.relative(40));
        exact("eq", (x, a) -> x.get(0).eq(x.get(1)));
        exact("ne", (x, a) -> x.get(0).ne(x.get(1)));
        exact("lt", (x, a) -> x.get(0).lt(x.get(1)));
        exact("le", (x, a) -> x.get(0).le(x.get(1)));
        exact("gt", (x, a) -> x.get(0).gt(x.get(1)));
        exact("ge", (x, a) -> x.get(0).ge(x.get(1)));
        exact("where", (x, a) -> Tensor.where(x.get(0), x.get(1), x.get(2)));
    }

    private void losses() {
        add(
                "softmax_cross_entropy",
                (x, a) -> x.get(0).crossEntropy(x.integers()),
                (a, shapes, integers) -> OpCases.crossEntropyAccuracy(
                        shapes.get(0).toArray(), integers.get(0), ClassificationOptions.DEFAULT));
        add("crossEntropy", (x, a) -> x.get(0).crossEntropy(x.integers(), a.classification()), Accuracy.stable(64));
        add("nll", (x, a) -> x.get(0).nll(x.integers(), a.classification()), Accuracy.stable(64));
        add("mse", (x, a) -> x.get(0).mse(x.get(1), a.reduction()), Accuracy.stable(100));
        add("huber", (x, a) -> x.get(0).huber(x.get(1), a.number("delta"), a.reduction()), Accuracy.stable(100));
        add(
                "binaryCrossEntropyWithLogits",
                (x, a) -> x.get(0).binaryCrossEntropyWithLogits(x.get(1), x.find(2), a.reduction()),
                Accuracy.stable(100));
        add(
                "focalLoss",
                (x, a) -> x.get(0).focalLoss(x.get(1), a.number("alpha"), a.number("gamma"), a.reduction()),
                Accuracy.stable(100));
        add("diceLoss", (x, a) -> x.get(0).diceLoss(x.get(1), a.number("smooth"), a.reduction()), Accuracy.stable(100));
    }

    private void reductions() {
        exact("min", (x, a) -> x.get(0).min(a.integers("axes")));
        exact("argmin", (x, a) -> floats(x.get(0).argmin(a.integer("axis"))));
        exact("argmax", (x, a) -> floats(x.get(0).argmax(a.integer("axis"))));
        exact("argminLast", (x, a) -> floats(x.get(0).argminLast(a.integer("axis"))));
        exact("argmaxLast", (x, a) -> floats(x.get(0).argmaxLast(a.integer("axis"))));
        add(
                "prod",
                (x, a) -> x.get(0).prod(a.integers("axes")),
                (a, shapes, integers) -> OpCases.product(shapes.get(0).elements()));
        add(
                "var",
                (x, a) -> x.get(0).var(a.integers("axes"), a.integer("correction"), false),
                (a, shapes, integers) -> Accuracy.stable(shapes.get(0).elements()));
        add(
                "std",
                (x, a) -> x.get(0).std(a.integers("axes"), a.integer("correction"), false),
                (a, shapes, integers) -> Accuracy.stable(shapes.get(0).elements()));
        add(
                "logSumExp",
                (x, a) -> x.get(0).logSumExp(a.integer("axis")),
                (a, shapes, integers) -> OpCases.logSumExp(shapes.get(0).toArray(), a.integer("axis")));
    }

    private void elements() {
        exact("flatten", (x, a) -> x.get(0).flatten(1));
        exact("stack", (x, a) -> Tensor.stack(a.integer("axis"), x.get(0), x.get(1)));
        operations.put("split", new Operation((x, a) -> split(x, a), (a, shapes, integers) -> Accuracy.selection()));
        exact("splitAndReverse", (x, a) -> {
            List<Tensor> parts = split(x, a);
            return Tensor.concat(a.integer("axis"), parts.get(2), parts.get(1), parts.get(0));
        });
        exact("squeeze", (x, a) -> x.get(0).squeeze(a.integers("axes")));
        exact("unsqueeze", (x, a) -> x.get(0).unsqueeze(a.integer("axis")));
        exact("flip", (x, a) -> x.get(0).flip(a.integers("axes")));
        exact(
                "slice",
                (x, a) -> x.get(0).slice(a.integer("axis"), a.integer("start"), a.integer("end"), a.integer("step")));
        exact("gather", (x, a) -> x.get(0).gather(a.integer("axis"), x.integers()));
        exact("indexSelect", (x, a) -> x.get(0).indexSelect(a.integer("axis"), x.integers()));
        exact("oneHot", (x, a) -> x.integers().oneHot(a.integer("classes")));
        operations.put(
                "topk",
                new Operation(
                        (x, a) -> {
                            TopK top = x.get(0).topk(a.integer("k"), a.integer("axis"));
                            return List.of(top.values(), floats(top.indices()));
                        },
                        (a, shapes, integers) -> Accuracy.selection()));
    }

    private void products() {
        add("matmul", (x, a) -> x.get(0).matmul(x.get(1)), Accuracy.products(1));
        add("linear", (x, a) -> x.get(0).linear(x.get(1), x.find(2)), Accuracy.products(1));
        add("conv2d", (x, a) -> x.get(0).conv2d(x.get(1), x.find(2), a.window()), Accuracy.products(1));
    }

    private void normalisations() {
        add(
                "batchnorm",
                (x, a) -> x.get(0)
                        .batchNorm2d(
                                x.get(1),
                                x.get(2),
                                x.get(3),
                                x.get(4),
                                (Boolean) a.values().get("training"),
                                a.number("momentum"),
                                a.number("eps")),
                (a, shapes, integers) -> new BatchNorm2dAccuracy(true, a.number("momentum"), a.number("eps")));
        add(
                "groupNorm",
                (x, a) -> x.get(0).groupNorm(a.integer("groups"), x.find(1), x.find(2), a.number("epsilon")),
                (a, shapes, integers) -> groupAccuracy(a, shapes, a.integer("groups")));
        add(
                "instanceNorm2d",
                (x, a) -> x.get(0).instanceNorm2d(x.find(1), x.find(2), a.number("epsilon")),
                (a, shapes, integers) -> groupAccuracy(a, shapes, shapes.get(0).size(1)));
        add(
                "layerNorm",
                (x, a) -> x.get(0)
                        .layerNorm(Shape.of(a.integers("normalized")), x.find(1), x.find(2), a.number("epsilon")),
                (a, shapes, integers) -> {
                    int run = Shape.of(a.integers("normalized")).elements();
                    return normAccuracy(a, shapes, shapes.get(0).elements() / run, i -> i % run);
                });
        add(
                "localResponseNorm",
                (x, a) -> x.get(0)
                        .localResponseNorm(a.integer("size"), a.number("alpha"), a.number("beta"), a.number("k")),
                Accuracy.stable(144));
    }

    private static Accuracy groupAccuracy(Attributes a, List<Shape> shapes, int groups) {
        int channels = shapes.get(0).size(1);
        int plane = shapes.get(0).elements() / shapes.get(0).size(0) / channels;
        return normAccuracy(a, shapes, shapes.get(0).size(0) * groups, i -> i / plane % channels);
    }

    private static Accuracy normAccuracy(Attributes a, List<Shape> shapes, int runs, IntUnaryOperator parameterOf) {
        int parameters = shapes.size() - 1;
        return new GroupNormAccuracy(
                runs, a.number("epsilon"), parameters > 0 ? 1 : -1, parameters > 1 ? 2 : -1, parameterOf);
    }

    private void images() {
        exact("maxpool2d", (x, a) -> {
            int[] kernel = a.integers("kernel");
            return x.get(0).maxPool2d(kernel[0], kernel[1], a.window());
        });
        add(
                "avgpool2d",
                (x, a) -> {
                    int[] kernel = a.integers("kernel");
                    return x.get(0).avgPool2d(kernel[0], kernel[1], a.window());
                },
                (a, shapes, integers) -> {
                    int[] kernel = a.integers("kernel");
                    return Accuracy.products(kernel[0] * kernel[1]);
                });
        exact("globalMaxPool2d", (x, a) -> x.get(0).globalMaxPool2d());
        add(
                "upsample",
                (x, a) -> {
                    int[] size = a.integers("size");
                    return x.get(0).upsample(size[0], size[1], a.mode());
                },
                (a, shapes, integers) -> OpCases.interpolation(a.mode()));
        add(
                "upsampleBy",
                (x, a) -> {
                    float[] scale = a.numbers("scale");
                    return x.get(0).upsampleBy(scale[0], scale[1], a.mode());
                },
                (a, shapes, integers) -> OpCases.interpolation(a.mode()));
        exact("padReflect", (x, a) -> {
            int[] sides = a.integers("padding");
            return x.get(0).padReflect(sides[0], sides[1], sides[2], sides[3]);
        });
        exact("padEdge", (x, a) -> {
            int[] sides = a.integers("padding");
            return x.get(0).padEdge(sides[0], sides[1], sides[2], sides[3]);
        });
        exact("pixelShuffle", (x, a) -> x.get(0).pixelShuffle(a.integer("factor")));
    }

    private static List<Tensor> split(Inputs x, Attributes a) {
        int[] sizes = a.integers("sizes");
        return sizes.length == 1
                ? x.get(0).split(a.integer("axis"), sizes[0])
                : x.get(0).split(a.integer("axis"), sizes);
    }

    private static Tensor floats(IntTensor integers) {
        int[] values = integers.toIntArray();
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values[i];
        }
        return Tensor.of(integers.device(), integers.shape(), floats);
    }
}
