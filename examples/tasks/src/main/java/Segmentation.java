import static dev.striate.WindowOption.padding;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Interpolation;
import dev.striate.LossReduction;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.data.DataLoader;
import dev.striate.data.RandomHorizontalFlip;
import dev.striate.nn.BatchNorm2d;
import dev.striate.nn.Block;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Relu;
import dev.striate.nn.Sequential;
import dev.striate.optim.Adam;
import dev.striate.train.Evaluation;
import dev.striate.train.Monitor;
import dev.striate.train.PlainProgress;
import dev.striate.train.Trainer;

/** Images as targets: a small U-Net (Ronneberger et al., 2015) finds the pixels of discs, not of other shapes. */
final class Segmentation extends Shapes {

    private Segmentation(int size, long seed) {
        super(size, seed);
    }

    @Override
    public Shape targetShape() {
        return Shape.of(1, SIZE, SIZE);
    }

    @Override
    public void readTarget(int index, float[] target, int offset) {
        Scene scene = scene(index);
        for (int pixel = 0; pixel < SIZE * SIZE; pixel++) {
            target[offset + pixel] = scene.covers(0, pixel % SIZE, pixel / SIZE) ? 1 : 0;
        }
    }

    /** Features at two scales; those of the finer one reach the output directly, too. */
    private static final class UNet extends Block {

        private final Block fine = addChild("fine", convolutions(1, 16));
        private final Block coarse = addChild("coarse", convolutions(16, 32));
        private final Block joined = addChild("joined", convolutions(16 + 32, 16));
        private final Block head = addChild("head", new Conv2d(16, 1, 1));

        private static Block convolutions(int in, int out) {
            return new Sequential(
                    new Conv2d(in, out, 3, padding(1)).bias(false),
                    new BatchNorm2d(out),
                    new Relu(),
                    new Conv2d(out, out, 3, padding(1)).bias(false),
                    new BatchNorm2d(out),
                    new Relu());
        }

        @Override
        protected Tensor compute(Tensor x) {
            Tensor details = fine.forward(x);
            Tensor context = coarse.forward(details.maxPool2d(2)).upsampleBy(2, Interpolation.BILINEAR);
            return head.forward(joined.forward(Tensor.concat(1, details, context)));
        }
    }

    private static Tensor loss(Tensor logits, Tensor mask) {
        return logits.binaryCrossEntropyWithLogits(mask).add(logits.diceLoss(mask, 1, LossReduction.MEAN));
    }

    /** The intersection over the union of the found and the right pixels of all images of a batch. */
    private static Tensor iou(Tensor logits, Tensor mask) {
        Tensor found = logits.gt(0);
        Tensor both = found.mul(mask).sum();
        return both.div(found.add(mask).sum().sub(both).clamp(1, Float.MAX_VALUE));
    }

    public static void main(String[] args) {
        Device device = Device.best();
        DataLoader train =
                DataLoader.of(new Segmentation(1000, 1), 25).shuffle(0).jointTransform(new RandomHorizontalFlip(0.5f));
        DataLoader validation = DataLoader.of(new Segmentation(200, 10_000_019), 100);
        DataLoader test = DataLoader.of(new Segmentation(400, 20_000_003), 100);
        try (UNet network = new UNet();
                Adam optimizer =
                        new Adam(network.initialize(device, new Generator(0)).parameters(), 0.003f)) {
            Trainer trainer = Trainer.of(network, optimizer, device)
                    .loss(Segmentation::loss)
                    .metric("iou", Segmentation::iou)
                    .averageWeights(0.99f)
                    .keepBest(Monitor.highest("iou"))
                    .listener(new PlainProgress(System.out));
            trainer.fit(train, validation, 6);
            Evaluation result = trainer.evaluate(test);
            System.out.printf("test: intersection over union %.3f%n", result.metric("iou"));
        }
    }
}
