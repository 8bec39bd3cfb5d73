package dev.striate.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.nn.Block;
import dev.striate.nn.Sequential;
import dev.striate.nn.Summary;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class NetworksTest {

    static List<NetworkBuilder> builtIn() {
        return new BuiltInNetworks().builders();
    }

    /** A file can hold the structure of each, so that it needs no builder. */
    @ParameterizedTest
    @MethodSource("builtIn")
    void canBeDescribedByItsStructure(NetworkBuilder builder) {
        try (Block model = builder.build(7).initialize(Device.cpu(), new Generator(1));
                Block same = model.config().build().initialize(Device.cpu(), new Generator(1))) {
            assertEquals(model.config(), same.config());
            assertEquals(model.state().keySet(), same.state().keySet());
            same.state()
                    .forEach((name, tensor) -> assertEquals(
                            Objects.requireNonNull(model.state().get(name)).shape(), tensor.shape(), name));
        }
    }

    @ParameterizedTest
    @MethodSource("builtIn")
    void givesALogitPerClass(NetworkBuilder builder) {
        try (Block model = builder.build(7).initialize(Device.cpu(), new Generator(1))) {
            Shape input = builder.input();
            Shape batch = Shape.of(2, input.size(0), input.size(1), input.size(2));
            try (Tensor x = Tensor.randn(Device.cpu(), new Generator(2), batch.toArray());
                    Tensor logits = model.forward(x)) {
                assertEquals(Shape.of(2, 7), logits.shape());
                assertEquals(logits.shape(), model.outputShape(batch));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "mlp, 2410",
        "cnn, 1898",
        "lenet5-modern, 61706",
        "lenet5-paper, 61706",
        "cifar-simple, 612234",
        "resnet9, 6573130"
    })
    void hasTheParametersOfItsLiterature(String name, long parameters) {
        try (Block model = Networks.named(name).build(10).initialize(Device.cpu(), new Generator(1))) {
            assertEquals(parameters, model.parameterCount());
        }
    }

    /** LeCun et al. (1998), but for C3, which sees all maps here: 16 (6 x 25 + 1) instead of 1,516. */
    @Test
    void lenetsLayersHaveTheParametersOfThePaper() {
        try (Sequential model = LeNet5.paper(10).initialize(Device.cpu(), new Generator(1))) {
            Map<String, Long> counts = new LinkedHashMap<>();
            Summary summary = model.summary(Shape.of(1, 1, 32, 32));
            summary.rows().stream()
                    .filter(row -> row.parameters() > 0)
                    .forEach(row -> counts.put(row.name(), row.parameters()));
            assertEquals(Map.of("c1", 156L, "c3", 2_416L, "c5", 48_120L, "f6", 10_164L, "output", 850L), counts);
            assertEquals(
                    Shape.of(1, 120, 1, 1),
                    summary.rows().stream()
                            .filter(row -> row.name().equals("c5"))
                            .findFirst()
                            .orElseThrow()
                            .output());
        }
    }

    @ParameterizedTest
    @MethodSource("builtIn")
    void isFoundByItsName(NetworkBuilder builder) {
        assertEquals(builder.input(), Networks.named(builder.name()).input());
        NetworkBuilder other = NetworkBuilder.ofClasses(builder.name(), Shape.of(1, 2, 3), TinyNets::mlp);
        assertSame(other, Networks.named(builder.name(), other));
    }

    @Test
    void anUnknownNameIsRefusedWithThoseThereAre() {
        StriateException error = assertThrows(StriateException.class, () -> Networks.named("LENET5_MODERN"));
        assertTrue(error.getMessage().contains("lenet5-modern"), error.getMessage());
    }

    @Test
    void partsAreNamedAsInPyTorch() {
        try (Block model = ResNet9.create(10).initialize(Device.cpu(), new Generator(1))) {
            List<String> names = List.copyOf(model.parameters().keySet());
            assertEquals(
                    List.of(
                            "conv1.weight",
                            "bn1.weight",
                            "bn1.bias",
                            "conv2.weight",
                            "bn2.weight",
                            "bn2.bias",
                            "res2.conv1.weight",
                            "res2.bn1.weight"),
                    names.subList(0, 8));
            assertEquals(List.of("fc.weight", "fc.bias"), names.subList(names.size() - 2, names.size()));
        }
    }
}
