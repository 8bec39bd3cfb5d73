package dev.striate.bench.peers.vectors;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The cases: each operation of Striate that libtorch has, or that can be composed of libtorch's. Inputs are small;
 * they include the places where libraries differ: kinks, ties, zeros, ignored labels.
 *
 * <p>Attributes are exact in float32, so that both libraries compute with the same numbers.
 */
final class VectorCases {

    private static final float NAN = Float.NaN;
    private static final float INF = Float.POSITIVE_INFINITY;

    /** In the order of PyTorch's numbers for them. */
    private static final List<String> REDUCTIONS = List.of("NONE", "MEAN", "SUM");

    private final List<VectorCase> cases = new ArrayList<>();

    private VectorCases() {}

    static List<VectorCase> all() {
        VectorCases list = new VectorCases();
        list.functions();
        list.pairs();
        list.losses();
        list.classWeights();
        list.shapes();
        list.selections();
        list.reductions();
        list.normalisations();
        list.images();
        return list.cases;
    }

    /** @param detail tells apart the cases of an operation */
    private VectorCase add(String operation, String detail, String script) {
        VectorCase c = new VectorCase(operation, (operation + " " + detail).strip(), script);
        cases.add(c);
        return c;
    }

    private void functions() {
        float[] points = {-25, -4, -3.25f, -2.75f, -1.2f, -0.3f, -0f, 0, 0.01f, 0.7f, 1.9f, 2.75f, 3.25f, 6, 25};
        float[] special = {NAN, INF, -INF};
        String[][] functions = {
            {"hardSigmoid", "hardsigmoid"},
            {"hardSwish", "hardswish"},
            {"softplus", "softplus"},
            {"mish", "mish"},
            {"silu", "silu"}
        };
        for (String[] function : functions) {
            add(function[0], "", "[torch." + function[1] + "(x)]").values("x", points, points.length);
            VectorCase c = add(function[0], "special", "[torch." + function[1] + "(x)]")
                    .values("x", special, special.length);
            // Its gradient of NaN is 1 in this version.
            if (function[0].equals("hardSwish")) {
                c.constant();
            }
        }
        float[] edges = {-3.5f, -3, -1, 0, 1.5f, 3, 4};
        add("hardSigmoid", "at the edges", "[torch.hardsigmoid(x)]").values("x", edges, edges.length);
        // Its gradients at the edges are -0.5 and 1.5 in this version, which is an error (PyTorch issue 147801).
        add("hardSwish", "at the edges", "[torch.hardswish(x)]")
                .values("x", edges, edges.length)
                .constant();
        add("clamp", "at the edges", "[torch.clamp(x, -1, 1.5)]")
                .with("low", -1)
                .with("high", 1.5)
                .values("x", edges, edges.length);
        add("prelu", "of channels", "[torch.prelu(x, slope)]")
                .normal("x", 2, 3, 5)
                .normal("slope", 3);
        add("prelu", "one slope", "[torch.prelu(x, slope)]")
                .values("x", new float[] {-2, -0.5f, -0f, 0, 0.5f, 3}, 6)
                .values("slope", new float[] {-0.25f}, 1);
    }

    private void pairs() {
        // Equal in some places, smaller and larger in others.
        for (String function : new String[] {"maximum", "minimum"}) {
            add(function, "of ties", "[torch." + function + "(x, y)]")
                    .ties("x", 3, 5)
                    .ties("y", 3, 5);
            add(function, "broadcast", "[torch." + function + "(x, y)]")
                    .normal("x", 3, 1, 4)
                    .normal("y", 2, 1);
            add(function, "special", "[torch." + function + "(x, y)]")
                    .values("x", new float[] {NAN, 1, INF, -INF, INF}, 5)
                    .values("y", new float[] {1, NAN, INF, 2, -INF}, 5);
        }
        add("pow", "of positive bases", "[torch.pow(x, y)]")
                .uniform("x", 0.2f, 3, 3, 4)
                .uniform("y", -2, 2, 3, 4);
        float[] bases = {0, 0, 0, -0f, -2, -2, -2, 1, -1.5f, 3};
        float[] exponents = {0, 1, 2, 1, 2, 3, -1, 5, 0, 0};
        add("pow", "of zeros and negative bases", "[torch.pow(x, y)]")
                .values("x", bases, bases.length)
                .values("y", exponents, exponents.length)
                .constant();
        add("pow", "of zero, gradient of the exponent", "[torch.pow(x, y)]")
                .values("x", new float[] {0, 0, 0, 2, 0.5f}, 5)
                .constant()
                .values("y", new float[] {1, 0.5f, 0, 0, -1}, 5);
        for (String comparison : new String[] {"eq", "ne", "lt", "le", "gt", "ge"}) {
            add(comparison, "", "[torch." + comparison + "(x, y)]")
                    .values("x", new float[] {1, 2, 0, NAN, INF, -INF, 3, -0f}, 2, 4)
                    .constant()
                    .values("y", new float[] {2, 2, 0, NAN}, 4)
                    .constant();
        }
        add("where", "", "[torch.where(condition != 0, x, y)]")
                .values("condition", new float[] {0, 1, -0f, 2, NAN, -1}, 2, 3)
                .constant()
                .normal("x", 2, 3)
                .normal("y", 3);
    }

    private void losses() {
        // At delta on either side, within and beyond it, equal.
        float[] x = {1, 0, 0.5f, 2.5f, -3, 0.25f, -0.5f, 7};
        float[] y = {0.25f, 0.75f, 0.5f, 1, 1, 0.5f, -0.25f, 6.25f};
        for (int reduction = 0; reduction < REDUCTIONS.size(); reduction++) {
            String how = REDUCTIONS.get(reduction);
            String detail = how.toLowerCase(Locale.ROOT);
            add("mse", detail, "[torch.mse_loss(x, target, %d)]".formatted(reduction))
                    .with("reduction", how)
                    .normal("x", 3, 4)
                    .normal("target", 3, 4);
            add("huber", detail, "[torch.huber_loss(x, target, %d, 0.75)]".formatted(reduction))
                    .with("reduction", how)
                    .with("delta", 0.75)
                    .values("x", x, 2, 4)
                    .values("target", y, 2, 4);
            String entropy = "torch.binary_cross_entropy_with_logits(x, target, None, %s, %d)";
            add("binaryCrossEntropyWithLogits", detail, "[" + entropy.formatted("None", reduction) + "]")
                    .with("reduction", how)
                    .normal("x", 3, 4)
                    .uniform("target", 0, 1, 3, 4);
            add(
                            "binaryCrossEntropyWithLogits",
                            detail + ", weighted",
                            "[" + entropy.formatted("weight", reduction) + "]")
                    .with("reduction", how)
                    .normal("x", 3, 4)
                    .uniform("target", 0, 1, 3, 4)
                    .uniform("weight", 0.5f, 3, 4)
                    .constant();
            // torchvision.ops.sigmoid_focal_loss.
            String probability = "(torch.sigmoid(x) * target + (1 - torch.sigmoid(x)) * (1 - target))";
            String focused = entropy.formatted("None", 0) + " * torch.pow(1 - " + probability + ", %s)";
            add("focalLoss", detail, "[" + reduced(focused.formatted("2"), reduction) + "]")
                    .with("reduction", how)
                    .with("alpha", -1)
                    .with("gamma", 2)
                    .normal("x", 2, 4)
                    .values("target", new float[] {0, 1, 0, 0, 1, 1, 0, 1}, 2, 4)
                    .constant();
            add(
                            "focalLoss",
                            detail + ", weighted",
                            "["
                                    + reduced(
                                            focused.formatted("1.5") + " * (0.25 * target + 0.75 * (1 - target))",
                                            reduction)
                                    + "]")
                    .with("reduction", how)
                    .with("alpha", 0.25)
                    .with("gamma", 1.5)
                    .normal("x", 2, 4)
                    .values("target", new float[] {0, 1, 0, 0, 1, 1, 0, 1}, 2, 4)
                    .constant();
            String dice = "1 - (2 * torch.sum(torch.sigmoid(x) * target, [1, 2]) + 0.5)"
                    + " / (torch.sum(torch.sigmoid(x), [1, 2]) + torch.sum(target, [1, 2]) + 0.5)";
            add("diceLoss", detail, "[" + reduced(dice, reduction) + "]")
                    .with("reduction", how)
                    .with("smooth", 0.5)
                    .normal("x", 3, 2, 3)
                    .uniform("target", 0, 1, 3, 2, 3);
        }
        add(
                        "binaryCrossEntropyWithLogits",
                        "gradient of the weight",
                        "[torch.sum(weight * target * torch.softplus(-x) + (1 - target) * torch.softplus(x))]")
                .with("reduction", "SUM")
                .normal("x", 3, 4)
                .uniform("target", 0, 1, 3, 4)
                .uniform("weight", 0.5f, 3, 4);
        add(
                        "binaryCrossEntropyWithLogits",
                        "large logits",
                        "[torch.binary_cross_entropy_with_logits(x, target, None, None, 0)]")
                .with("reduction", "NONE")
                .values("x", new float[] {90, 90, -90, -90, 1000, -1000}, 6)
                .values("target", new float[] {1, 0, 0, 1, 0.5f, 0.5f}, 6)
                .constant();
    }

    private static String reduced(String losses, int reduction) {
        return switch (REDUCTIONS.get(reduction)) {
            case "MEAN" -> "torch.mean(" + losses + ")";
            case "SUM" -> "torch.sum(" + losses + ")";
            default -> losses;
        };
    }

    private void classWeights() {
        double[] ofFour = {0.5, 1, 2.5, 0};
        double[] ofThree = {1, 0.125, 2};
        for (int reduction = 0; reduction < REDUCTIONS.size(); reduction++) {
            for (double smoothing : new double[] {0, 0.125}) {
                crossEntropy("rows", reduction, smoothing, ofFour, -100)
                        .normal("x", 5, 4)
                        .integers("labels", new int[] {0, 3, 2, 1, 2}, 5);
                crossEntropy("ignoring", reduction, smoothing, ofFour, 1)
                        .normal("x", 5, 4)
                        .integers("labels", new int[] {1, 0, 2, 1, 0}, 5);
                crossEntropy("pixels, ignoring", reduction, smoothing, ofThree, -100)
                        .normal("x", 2, 3, 2, 2)
                        .integers("labels", new int[] {0, 1, -100, 2, 2, 2, -100, 1}, 2, 2, 2);
            }
            crossEntropy("all ignored", reduction, 0, ofThree, -100)
                    .normal("x", 2, 3)
                    .integers("labels", new int[] {-100, -100}, 2);
            classification(
                            "nll",
                            "rows, ignoring",
                            "[torch.nll_loss_nd(x, labels, %s, %d, %d)]".formatted(tensor(ofFour), reduction, 1),
                            reduction,
                            ofFour,
                            1)
                    .normal("x", 5, 4)
                    .integers("labels", new int[] {1, 0, 2, 3, 0}, 5);
            classification(
                            "nll",
                            "pixels, ignoring",
                            "[torch.nll_loss_nd(x, labels, %s, %d, %d)]".formatted(tensor(ofThree), reduction, -100),
                            reduction,
                            ofThree,
                            -100)
                    .normal("x", 2, 3, 2, 2)
                    .integers("labels", new int[] {0, 1, -100, 2, 2, 2, -100, 1}, 2, 2, 2);
        }
    }

    private VectorCase crossEntropy(String detail, int reduction, double smoothing, double[] weights, int ignored) {
        return classification(
                        "crossEntropy",
                        detail + (smoothing == 0 ? "" : ", smoothed"),
                        "[torch.cross_entropy_loss(x, labels, %s, %d, %d, %s)]"
                                .formatted(tensor(weights), reduction, ignored, smoothing),
                        reduction,
                        weights,
                        ignored)
                .with("labelSmoothing", smoothing);
    }

    private VectorCase classification(
            String operation, String detail, String script, int reduction, double[] weights, int ignored) {
        String how = REDUCTIONS.get(reduction);
        return add(operation, "with class weights, " + detail + ", " + how.toLowerCase(Locale.ROOT), script)
                .with("reduction", how)
                .with("classWeights", weights)
                .with("ignoreIndex", ignored);
    }

    private static String tensor(double[] values) {
        return "torch.tensor(" + Arrays.toString(values) + ").to(x.dtype)";
    }

    private void shapes() {
        for (int axis : new int[] {0, 1, -1}) {
            add("stack", "along " + axis, "[torch.stack([x, y], %d)]".formatted(axis))
                    .with("axis", axis)
                    .normal("x", 2, 3)
                    .normal("y", 2, 3);
        }
        add("split", "into 3, 1 and 4", "torch.split(x, [3, 1, 4], 1)")
                .with("axis", 1)
                .with("sizes", new int[] {3, 1, 4})
                .normal("x", 2, 8);
        add("split", "into parts of 2", "torch.split(x, 2, 0)")
                .with("axis", 0)
                .with("sizes", new int[] {2})
                .normal("x", 5, 3);
        add("splitAndReverse", "", "[torch.cat(torch.split(x, [3, 1, 4], 1)[::-1], 1)]")
                .with("axis", 1)
                .with("sizes", new int[] {3, 1, 4})
                .normal("x", 2, 8);
        add("squeeze", "all", "[torch.squeeze(x)]").with("axes", new int[0]).normal("x", 1, 3, 1, 2);
        add("squeeze", "some", "[torch.squeeze(x, [0, 1])]")
                .with("axes", new int[] {0, 1})
                .normal("x", 1, 3, 1, 2);
        add("unsqueeze", "", "[torch.unsqueeze(x, -1)]").with("axis", -1).normal("x", 3, 2);
        add("flip", "one axis", "[torch.flip(x, [1])]")
                .with("axes", new int[] {1})
                .normal("x", 3, 5);
        add("flip", "two axes", "[torch.flip(x, [0, -1])]")
                .with("axes", new int[] {0, -1})
                .normal("x", 2, 3, 4);
        // libtorch has no negative steps.
        add("slice", "backward", "[torch.flip(x, [1])[:, 1:6:2]]")
                .with("axis", 1)
                .with("start", 5)
                .with("end", 0)
                .with("step", -2)
                .normal("x", 2, 7);
        add("slice", "backward from the end", "[torch.flip(x, [0])]")
                .with("axis", 0)
                .with("start", -1)
                .with("end", -6)
                .with("step", -1)
                .normal("x", 5, 2);
    }

    private void selections() {
        add("gather", "rows", "[torch.gather(x, 0, index)]")
                .with("axis", 0)
                .normal("x", 3, 4)
                .integers("index", new int[] {0, 2, 1, 1, 0, 0, 2, 2, 0, 1, 1, 2, 2, 2, 1, 0}, 4, 4);
        add("gather", "fewer columns", "[torch.gather(x, 1, index)]")
                .with("axis", 1)
                .normal("x", 3, 4, 2)
                .integers("index", new int[] {3, 0, 3, 1, 2, 2}, 2, 3, 1);
        for (int axis : new int[] {0, 1}) {
            add("indexSelect", "along " + axis, "[torch.index_select(x, %d, index)]".formatted(axis))
                    .with("axis", axis)
                    .normal("x", 3, 4, 2)
                    .integers("index", new int[] {2, 0, 2, 2}, 4);
        }
        add("oneHot", "", "[torch.one_hot(index, 5)]")
                .with("classes", 5)
                .integers("index", new int[] {0, 4, 2, 2, 1, 3}, 2, 3);
        for (int axis : new int[] {0, 1}) {
            String top = "torch.topk(x, 3, %d, True, True)".formatted(axis);
            add("topk", "along " + axis, "[%s[0], %s[1]]".formatted(top, top))
                    .with("k", 3)
                    .with("axis", axis)
                    .distinct("x", 5, 4);
        }
    }

    private void reductions() {
        add("min", "over all", "[torch.min(x)]").with("axes", new int[0]).distinct("x", 3, 4);
        // torch.min over all axes shares the gradient among ties; along one axis, one element gets it, as here.
        add("min", "of ties", "[torch.min(x, 1)[0]]")
                .with("axes", new int[] {1})
                .ties("x", 4, 5);
        add("min", "NaN and infinity", "[torch.min(x, 1)[0]]")
                .with("axes", new int[] {1})
                .values("x", new float[] {1, NAN, -INF, INF, INF, 2, NAN, NAN, 0}, 3, 3);
        for (String name : new String[] {"argmin", "argmax"}) {
            add(name, "of ties", "[torch.%s(x, 1)]".formatted(name))
                    .with("axis", 1)
                    .ties("x", 6, 5)
                    .constant();
            add(name + "Last", "of ties", "[4 - torch.%s(torch.flip(x, [1]), 1)]".formatted(name))
                    .with("axis", 1)
                    .ties("x", 6, 5)
                    .constant();
        }
        add("argmin", "NaN", "[torch.argmin(x, 0)]")
                .with("axis", 0)
                .values("x", new float[] {1, -INF, NAN, NAN, -1, NAN}, 3, 2)
                .constant();
        add("prod", "over all", "[torch.prod(x)]").with("axes", new int[0]).normal("x", 2, 3);
        // No zero, one, two; a zero among others.
        add("prod", "with zeros", "[torch.prod(x, 1)]")
                .with("axes", new int[] {1})
                .values("x", new float[] {2, -1, -3, 4, 0, 5, 0, -2, 0, 2, 3, 0}, 4, 3);
        add("prod", "over two axes", "[torch.prod(torch.prod(x, 2), 0)]")
                .with("axes", new int[] {0, 2})
                .normal("x", 2, 3, 2);
        for (String name : new String[] {"var", "std"}) {
            for (int correction : new int[] {0, 1, 2}) {
                add(
                                name,
                                "correction " + correction,
                                "[torch.%s(x, [0, 2], correction=%d)]".formatted(name, correction))
                        .with("axes", new int[] {0, 2})
                        .with("correction", correction)
                        .normal("x", 2, 3, 4);
            }
            add(name, "over all", "[torch.%s(x, None, correction=1)]".formatted(name))
                    .with("axes", new int[0])
                    .with("correction", 1)
                    .normal("x", 7);
            add(name, "of zeros", "[torch.%s(x, [1], correction=1)]".formatted(name))
                    .with("axes", new int[] {1})
                    .with("correction", 1)
                    .values("x", new float[] {0, 0, 0, 1, -2, 0.5f}, 2, 3);
        }
        add("logSumExp", "of rows", "[torch.logsumexp(x, [1])]").with("axis", 1).normal("x", 3, 5);
        add("logSumExp", "large", "[torch.logsumexp(x, [0])]")
                .with("axis", 0)
                .values("x", new float[] {1000, -1000, 999.5f, -1001, -INF, -INF}, 3, 2);
        add("logSumExp", "of infinities", "[torch.logsumexp(x, [1])]")
                .with("axis", 1)
                .values("x", new float[] {-INF, -INF, 1, INF, NAN, 2}, 3, 2)
                .constant();
    }

    private void normalisations() {
        double epsilon = 0x1p-10;
        String group = "[torch.group_norm(x, %d, %s, %s, 0.0009765625, False)]";
        add("groupNorm", "of 2 groups", group.formatted(2, "weight", "bias"))
                .with("groups", 2)
                .with("epsilon", epsilon)
                .normal("x", 2, 4, 3, 2)
                .normal("weight", 4)
                .normal("bias", 4);
        add("groupNorm", "of 3 groups, no bias", group.formatted(3, "weight", "None"))
                .with("groups", 3)
                .with("epsilon", epsilon)
                .normal("x", 3, 6, 2)
                .normal("weight", 6);
        add("groupNorm", "of 2 groups, no parameters", group.formatted(2, "None", "None"))
                .with("groups", 2)
                .with("epsilon", epsilon)
                .uniform("x", 99, 101, 2, 2, 5);
        String layer = "[torch.layer_norm(x, %s, %s, %s, 0.0009765625, False)]";
        add("layerNorm", "over one axis", layer.formatted("[5]", "weight", "bias"))
                .with("normalized", new int[] {5})
                .with("epsilon", epsilon)
                .normal("x", 2, 3, 5)
                .normal("weight", 5)
                .normal("bias", 5);
        add("layerNorm", "over two axes, no parameters", layer.formatted("[3, 4]", "None", "None"))
                .with("normalized", new int[] {3, 4})
                .with("epsilon", epsilon)
                .normal("x", 2, 3, 4);
        String instance = "[torch.instance_norm(x, %s, %s, None, None, True, 0.1, 0.0009765625, False)]";
        add("instanceNorm2d", "", instance.formatted("weight", "bias"))
                .with("epsilon", epsilon)
                .normal("x", 2, 3, 2, 3)
                .normal("weight", 3)
                .normal("bias", 3);
        add("instanceNorm2d", "no parameters", instance.formatted("None", "None"))
                .with("epsilon", epsilon)
                .normal("x", 2, 2, 3, 2);
        // torch.nn.functional.local_response_norm, of five, two, and more channels than there are.
        for (int size : new int[] {5, 2, 9}) {
            add(
                            "localResponseNorm",
                            "of " + size,
                            ("[x / torch.pow(1.5 + 0.75 * torch.squeeze(torch.avg_pool3d(torch.constant_pad_nd("
                                            + "torch.unsqueeze(x * x, 1), [0, 0, 0, 0, %d, %d]), [%d, 1, 1], 1), 1),"
                                            + " 0.75)]")
                                    .formatted(size / 2, (size - 1) / 2, size))
                    .with("size", size)
                    .with("alpha", 0.75)
                    .with("beta", 0.75)
                    .with("k", 1.5)
                    .normal("x", 2, 6, 1, 2);
        }
    }

    private void images() {
        String[][] modes = {
            {"NEAREST", "upsample_nearest2d(x, %s, %s)"},
            {"NEAREST_EXACT", "_upsample_nearest_exact2d(x, %s, %s)"},
            {"BILINEAR", "upsample_bilinear2d(x, %s, False, %s)"},
            {"BILINEAR_ALIGN_CORNERS", "upsample_bilinear2d(x, %s, True, %s)"}
        };
        for (String[] mode : modes) {
            String name = mode[0].toLowerCase(Locale.ROOT);
            for (int[] size : new int[][] {{5, 7}, {2, 3}, {1, 8}}) {
                add(
                                "upsample",
                                name + " to " + size[0] + "x" + size[1],
                                "[torch." + mode[1].formatted(Arrays.toString(size), "None") + "]")
                        .with("mode", mode[0])
                        .with("size", size)
                        .normal("x", 1, 2, 3, 4);
            }
            for (double[] scale : new double[][] {{2, 2}, {1.75, 0.625}}) {
                add(
                                "upsampleBy",
                                name + " " + scale[0] + " and " + scale[1],
                                "[torch." + mode[1].formatted("None", Arrays.toString(scale)) + "]")
                        .with("mode", mode[0])
                        .with("scale", scale)
                        .normal("x", 1, 2, 3, 4);
            }
        }
        // libtorch's order is left, right, top, bottom.
        String[][] paddings = {{"padReflect", "reflection_pad2d"}, {"padEdge", "replication_pad2d"}};
        for (String[] padding : paddings) {
            add(padding[0], "", "[torch." + padding[1] + "(x, [3, 0, 2, 1])]")
                    .with("padding", new int[] {2, 1, 3, 0})
                    .normal("x", 1, 2, 3, 4);
        }
        add("padEdge", "wider than the image", "[torch.replication_pad2d(x, [0, 5, 4, 1])]")
                .with("padding", new int[] {4, 1, 0, 5})
                .normal("x", 1, 2, 2, 3);
        add("pixelShuffle", "", "[torch.pixel_shuffle(x, 2)]").with("factor", 2).normal("x", 2, 8, 1, 2);
        add("globalMaxPool2d", "of ties", "[torch.adaptive_max_pool2d(x, [1, 1])[0]]")
                .ties("x", 2, 3, 3, 2);
        // libtorch's pooling has no dilation, but its convolution has.
        add(
                        "avgpool2d",
                        "dilated",
                        "[torch.conv2d(x, torch.full([2, 1, 2, 3], 1.0 / 6).to(x.dtype), None, [1, 2], [1, 0], [2, 1],"
                                + " 2)]")
                .with("kernel", new int[] {2, 3})
                .with("stride", new int[] {1, 2})
                .with("padding", new int[] {1, 0})
                .with("dilation", new int[] {2, 1})
                .normal("x", 1, 2, 4, 5);
    }
}
