import static dev.striate.WindowOption.padding;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.data.DataLoader;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Relu;
import dev.striate.nn.Sequential;
import dev.striate.optim.Adam;
import dev.striate.optim.CosineSchedule;
import dev.striate.train.Evaluation;
import dev.striate.train.PlainProgress;
import dev.striate.train.Trainer;

/** A number as the target: how many pixels of the image belong to shapes. */
final class Regression extends Shapes {

    private Regression(int size, long seed) {
        super(size, seed);
    }

    @Override
    public Shape targetShape() {
        return Shape.of();
    }

    /** The number of pixels that belong to a shape. */
    @Override
    public void readTarget(int index, float[] target, int offset) {
        Scene scene = scene(index);
        int count = 0;
        for (int pixel = 0; pixel < SIZE * SIZE; pixel++) {
            for (int kind = 0; kind < KINDS; kind++) {
                if (scene.covers(kind, pixel % SIZE, pixel / SIZE)) {
                    count++;
                    break;
                }
            }
        }
        target[offset] = count;
    }

    public static void main(String[] args) {
        Device device = Device.best();
        DataLoader train = DataLoader.of(new Regression(2000, 1), 50).shuffle(0);
        DataLoader validation = DataLoader.of(new Regression(200, 10_000_019), 100);
        DataLoader test = DataLoader.of(new Regression(400, 20_000_003), 100);
        Sequential network = new Sequential(
                new Conv2d(1, 16, 3, padding(1)),
                new Relu(),
                new MaxPool2d(2),
                new Conv2d(16, 32, 3, padding(1)),
                new Relu(),
                new Flatten(),
                new Linear(32 * 8 * 8, 1));
        try (network;
                Adam optimizer =
                        new Adam(network.initialize(device, new Generator(0)).parameters(), 0.003f)) {
            Trainer trainer = Trainer.of(network, optimizer, device)
                    .schedule(new CosineSchedule(0.003f, 0, 10L * train.batches()))
                    .loss((output, count) -> output.squeeze(1).huber(count))
                    .metric(
                            "error",
                            (output, count) ->
                                    output.squeeze(1).sub(count).abs().mean())
                    .listener(new PlainProgress(System.out));
            trainer.fit(train, validation, 10);
            Evaluation result = trainer.evaluate(test);
            System.out.printf("test: the mean error is %.2f pixels%n", result.metric("error"));
        }
    }
}
