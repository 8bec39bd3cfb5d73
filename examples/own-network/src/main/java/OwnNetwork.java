import static dev.striate.WindowOption.padding;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Tensor;
import dev.striate.data.DataLoader;
import dev.striate.data.TinyDigits;
import dev.striate.models.Model;
import dev.striate.models.ModelDescription;
import dev.striate.models.NetworkBuilder;
import dev.striate.nn.BatchNorm2d;
import dev.striate.nn.Block;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Linear;
import dev.striate.optim.Adam;
import dev.striate.train.Trainer;
import java.nio.file.Path;

/** A network with a skip connection: its forward computation is plain Java, not a chain of layers. */
public class OwnNetwork extends Block {

    private final Conv2d stem = addChild("stem", new Conv2d(1, 16, 3, padding(1)));
    private final Conv2d conv = addChild("conv", new Conv2d(16, 16, 3, padding(1)));
    private final BatchNorm2d norm = addChild("norm", new BatchNorm2d(16));
    private final Linear head;

    public OwnNetwork(int classes) {
        head = addChild("head", new Linear(16 * 4 * 4, classes));
    }

    @Override
    protected Tensor compute(Tensor x) {
        Tensor features = stem.forward(x).relu();
        Tensor sum = norm.forward(conv.forward(features)).add(features).relu();
        return head.forward(sum.maxPool2d(2).flatten(1));
    }

    public static void main(String[] args) {
        Device device = Device.best();
        Path file = Path.of("target/own.safetensors");
        NetworkBuilder builder = new OwnCatalog().builders().get(0);
        DataLoader train = DataLoader.of(TinyDigits.train(), 32).shuffle(0);
        DataLoader test = DataLoader.of(TinyDigits.test(), 200);
        try (Block network = builder.build(10).initialize(device, new Generator(0));
                Adam optimizer = new Adam(network.parameters(), 0.003f)) {
            Trainer.of(network, optimizer, device).fit(train, null, 20);
            ModelDescription.of(builder, TinyDigits.train().classNames())
                    .withDataset("digits")
                    .save(network, file);
        }
        try (Model model = Model.load(file, device)) {
            System.out.println(model.network().summary(model.description().batch(1)));
            double accuracy = Trainer.evaluate(model.network(), test, device).accuracy();
            System.out.printf("test accuracy %.1f %%%n", 100 * accuracy);
        }
    }
}
