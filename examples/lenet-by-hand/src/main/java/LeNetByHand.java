import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.IntTensor;
import dev.striate.NoGrad;
import dev.striate.Scope;
import dev.striate.Tensor;
import dev.striate.data.Batch;
import dev.striate.data.DataLoader;
import dev.striate.data.Datasets;
import dev.striate.data.Mnist;
import dev.striate.data.Normalize;
import dev.striate.data.Splits;
import dev.striate.data.TinyDigits;
import java.nio.file.Path;
import java.util.List;

/**
 * LeNet-5 without layers, optimisers or a training loop: tensor operations, ten parameters in fields, and stochastic
 * gradient descent written out. It trains on the digits that are part of the library, or on MNIST from the directory
 * given as an argument.
 */
public class LeNetByHand {

    private static final int EPOCHS = 10;
    private static final float LEARNING_RATE = 0.05f;

    private final Tensor conv1Weight;
    private final Tensor conv1Bias;
    private final Tensor conv2Weight;
    private final Tensor conv2Bias;
    private final Tensor fc1Weight;
    private final Tensor fc1Bias;
    private final Tensor fc2Weight;
    private final Tensor fc2Bias;
    private final Tensor fc3Weight;
    private final Tensor fc3Bias;

    private LeNetByHand(Device device, Generator generator) {
        conv1Weight = weight(device, generator, 6, 1, 5, 5);
        conv1Bias = bias(device, 6);
        conv2Weight = weight(device, generator, 16, 6, 5, 5);
        conv2Bias = bias(device, 16);
        fc1Weight = weight(device, generator, 120, 400);
        fc1Bias = bias(device, 120);
        fc2Weight = weight(device, generator, 84, 120);
        fc2Bias = bias(device, 84);
        fc3Weight = weight(device, generator, 10, 84);
        fc3Bias = bias(device, 10);
    }

    /**
     * Uniform between -sqrt(6 / fan-in) and sqrt(6 / fan-in) (He et al., 2015): the signal keeps its variance through
     * ReLUs.
     */
    private static Tensor weight(Device device, Generator generator, int... sizes) {
        int fanIn = 1;
        for (int axis = 1; axis < sizes.length; axis++) {
            fanIn *= sizes[axis];
        }
        float bound = (float) Math.sqrt(6.0 / fanIn);
        return Tensor.uniform(device, generator, -bound, bound, sizes).requiresGrad(true);
    }

    private static Tensor bias(Device device, int size) {
        return Tensor.zeros(device, size).requiresGrad(true);
    }

    private List<Tensor> parameters() {
        return List.of(
                conv1Weight,
                conv1Bias,
                conv2Weight,
                conv2Bias,
                fc1Weight,
                fc1Bias,
                fc2Weight,
                fc2Bias,
                fc3Weight,
                fc3Bias);
    }

    /** Maps images (N, 1, 32, 32) to logits (N, 10). */
    private Tensor forward(Tensor x) {
        Tensor maps = x.conv2d(conv1Weight, conv1Bias).relu().maxPool2d(2); // (N, 6, 14, 14)
        maps = maps.conv2d(conv2Weight, conv2Bias).relu().maxPool2d(2); // (N, 16, 5, 5)
        Tensor features = maps.flatten(1).linear(fc1Weight, fc1Bias).relu(); // (N, 120)
        features = features.linear(fc2Weight, fc2Bias).relu(); // (N, 84)
        return features.linear(fc3Weight, fc3Bias);
    }

    /** Does one step of gradient descent and returns the loss of the batch. */
    private float step(Tensor images, IntTensor labels) {
        Tensor loss = forward(images).crossEntropy(labels);
        loss.backward();
        try (NoGrad off = NoGrad.open()) {
            for (Tensor parameter : parameters()) {
                parameter.addInPlace(-LEARNING_RATE, parameter.grad());
                parameter.zeroGrad();
            }
        }
        return loss.item();
    }

    private int countCorrect(Batch batch, Device device) {
        int correct = 0;
        try (NoGrad off = NoGrad.open()) {
            int[] predicted = forward(batch.images(device)).argmax(1).toIntArray();
            for (int i = 0; i < predicted.length; i++) {
                correct += predicted[i] == batch.labels()[i] ? 1 : 0;
            }
        }
        return correct;
    }

    public static void main(String[] args) {
        Device device = Device.best();
        Splits data = args.length > 0
                ? Mnist.read(Path.of(args[0])).map(images -> Datasets.pad(images, 2))
                : new Splits(TinyDigits.train(), TinyDigits.test()).map(images -> Datasets.resize(images, 32, 32));
        Normalize normalize = Datasets.meanAndDeviation(data.train());
        DataLoader train = DataLoader.of(data.train(), 32).shuffle(0).transform(normalize);
        DataLoader test = DataLoader.of(data.test(), 200).transform(normalize);

        LeNetByHand net = new LeNetByHand(device, new Generator(0));
        for (int epoch = 1; epoch <= EPOCHS; epoch++) {
            double loss = 0;
            for (Batch batch : train) {
                // The scope closes all tensors created inside it, so device memory does not wait for the garbage
                // collector.
                try (batch;
                        Scope scope = Scope.open()) {
                    loss += net.step(batch.images(device), batch.labels(device)) * batch.size();
                }
            }
            int correct = 0;
            for (Batch batch : test) {
                try (batch;
                        Scope scope = Scope.open()) {
                    correct += net.countCorrect(batch, device);
                }
            }
            System.out.printf(
                    "epoch %d  loss %.4f  test accuracy %.2f %%%n",
                    epoch,
                    loss / data.train().size(),
                    100.0 * correct / data.test().size());
        }
        net.parameters().forEach(Tensor::close);
    }
}
