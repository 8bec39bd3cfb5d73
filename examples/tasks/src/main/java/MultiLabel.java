import static dev.striate.WindowOption.padding;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.data.DataLoader;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Flatten;
import dev.striate.nn.GlobalMaxPool2d;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Relu;
import dev.striate.nn.Sequential;
import dev.striate.optim.Adam;
import dev.striate.train.Evaluation;
import dev.striate.train.PlainProgress;
import dev.striate.train.Trainer;

/** Several labels per image: which of three kinds of shapes are in it. */
final class MultiLabel extends Shapes {

    private MultiLabel(int size, long seed) {
        super(size, seed);
    }

    @Override
    public Shape targetShape() {
        return Shape.of(KINDS);
    }

    @Override
    public void readTarget(int index, float[] target, int offset) {
        int[][] centres = scene(index).centres();
        for (int kind = 0; kind < KINDS; kind++) {
            target[offset + kind] = centres[kind] == null ? 0 : 1;
        }
    }

    /** The fraction of images of which all labels are right. */
    static Tensor exact(Tensor logits, Tensor labels) {
        return logits.gt(0).eq(labels).prod(1).mean();
    }

    public static void main(String[] args) {
        Device device = Device.best();
        DataLoader train = DataLoader.of(new MultiLabel(2000, 1), 50).shuffle(0);
        DataLoader validation = DataLoader.of(new MultiLabel(200, 10_000_019), 100);
        DataLoader test = DataLoader.of(new MultiLabel(400, 20_000_003), 100);
        Sequential network = new Sequential(
                new Conv2d(1, 16, 3, padding(1)),
                new Relu(),
                new MaxPool2d(2),
                new Conv2d(16, 32, 5, padding(2)),
                new Relu(),
                new GlobalMaxPool2d(),
                new Flatten(),
                new Linear(32, KINDS));
        try (network;
                Adam optimizer =
                        new Adam(network.initialize(device, new Generator(0)).parameters(), 0.003f)) {
            Trainer trainer = Trainer.of(network, optimizer, device)
                    .loss(Tensor::binaryCrossEntropyWithLogits)
                    .metric("exact", MultiLabel::exact)
                    .listener(new PlainProgress(System.out));
            trainer.fit(train, validation, 10);
            Evaluation result = trainer.evaluate(test);
            System.out.printf("test: all labels right in %.1f %% of the images%n", 100 * result.metric("exact"));
        }
    }
}
