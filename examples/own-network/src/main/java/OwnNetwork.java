import static dev.striate.WindowOption.padding;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.data.DataLoader;
import dev.striate.data.Dataset;
import dev.striate.data.Datasets;
import dev.striate.data.Parts;
import dev.striate.data.TinyDigits;
import dev.striate.models.ModelDescription;
import dev.striate.models.NetworkBuilder;
import dev.striate.models.NetworkCatalog;
import dev.striate.nn.Block;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Linear;
import dev.striate.optim.Adam;
import dev.striate.train.Checkpoint;
import dev.striate.train.CheckpointWriter;
import dev.striate.train.Trainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A network with a skip connection, trained with a loss and a metric of its own. A second start continues the first. */
public class OwnNetwork extends Block {
    private final Block stem = addChild("stem", new Conv2d(1, 16, 3, padding(1)));
    private final Block conv = addChild("conv", new Conv2d(16, 16, 3, padding(1)));
    private final Block head;

    OwnNetwork(int classes) {
        head = addChild("head", new Linear(16 * 4 * 4, classes));
    }

    @Override
    protected Tensor compute(Tensor x) {
        Tensor features = stem.forward(x).relu();
        return head.forward(
                conv.forward(features).add(features).relu().maxPool2d(2).flatten(1));
    }

    public static void main(String[] args) {
        Path file = Path.of("target/own.safetensors");
        Device device = Device.best();
        Parts<Dataset> digits = Datasets.split(TinyDigits.train(), 0.1, 0);
        NetworkBuilder builder = new Catalog().builders().get(0);
        ModelDescription description =
                ModelDescription.of(builder, digits.first().classNames()).withDataset("digits");
        try (Block network = builder.build(10).initialize(device, new Generator(0));
                Adam optimizer = new Adam(network.parameters(), 0.003f)) {
            Trainer trainer = Trainer.of(network, optimizer, device)
                    .labelLoss((logits, labels) ->
                            logits.crossEntropy(labels).add(logits.abs().mean().mul(0.01f)))
                    .labelMetric(
                            "confidence",
                            (logits, labels) -> logits.softmax(1).max(1).mean())
                    .listener(new CheckpointWriter(file, description.toMetadata()));
            if (Files.exists(file)) {
                trainer.resume(Checkpoint.read(file));
            }
            DataLoader train = DataLoader.of(digits.first(), 32).shuffle(0);
            trainer.fit(train, DataLoader.of(digits.second(), 100), Integer.parseInt(args[0]));
            System.out.println(trainer.evaluate(DataLoader.of(TinyDigits.test(), 100)));
        }
    }

    /** Tells Striate how to build the network that a model file names. */
    public static class Catalog implements NetworkCatalog {
        @Override
        public List<NetworkBuilder> builders() {
            return List.of(NetworkBuilder.ofClasses("own-network", Shape.of(1, 8, 8), OwnNetwork::new));
        }
    }
}
