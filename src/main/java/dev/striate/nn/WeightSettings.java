package dev.striate.nn;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.Tensor;

/** The settings of weight and bias that convolutions and linear layers share. */
final class WeightSettings {

    private Initializer weight = Initializer.PYTORCH_DEFAULT;
    private Initializer bias = Initializer.PYTORCH_DEFAULT;
    private boolean hasBias = true;

    void initializers(Initializer forWeight, Initializer forBias) {
        weight = forWeight;
        bias = forBias;
    }

    void hasBias(boolean wanted) {
        hasBias = wanted;
    }

    boolean hasBias() {
        return hasBias;
    }

    /** The number of elements that {@link #create} allocates. */
    long elements(Shape shape, int biasSize) {
        return (long) shape.elements() + (hasBias ? biasSize : 0);
    }

    /** Creates the parameters {@code weight} and, unless turned off, {@code bias}. */
    void create(Block layer, Device device, Generator generator, Shape shape, int biasSize) {
        int field = shape.elements() / shape.size(0) / shape.size(1);
        int fanIn = shape.size(1) * field;
        int fanOut = shape.size(0) * field;
        layer.addParameter(
                "weight", Tensor.of(device, shape, weight.values(generator, shape.elements(), fanIn, fanOut)));
        if (hasBias) {
            layer.addParameter("bias", Tensor.of(device, bias.values(generator, biasSize, fanIn, fanOut)));
        }
    }
}
