package dev.striate.backend.cpu.conv;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.LinearKernels;
import java.util.function.BiConsumer;

/**
 * Convolutions whose only window covers the image, such as C5 of LeNet-5: linear layers over the flattened images. As
 * products over positions they would have one of these, and vectors with one lane in use.
 */
record WholeImage<O>(BiConsumer<Conv2dGeometry, O> body) implements ConvAlgorithm<O> {

    static WholeImage<Pass> forward(LinearKernels linear) {
        return new WholeImage<>((g, z) -> {
            Epilogue epilogue = z.epilogue();
            linear.forward(g.asLinear(), z.images(), z.weights(), epilogue.bias(), epilogue.relu(), z.output());
        });
    }

    static WholeImage<Pass> inputGradient(LinearKernels linear) {
        return new WholeImage<>((g, z) -> {
            Epilogue epilogue = z.epilogue();
            linear.inputGradient(g.asLinear(), z.images(), z.weights(), epilogue.gate(), z.output());
            for (int i = 0; epilogue.bias() != null && i < z.output().length(); i++) {
                int channel = i / (g.inHeight() * g.inWidth()) % g.inChannels();
                z.output().array[z.output().offset + i] += epilogue.bias(channel);
            }
        });
    }

    static WholeImage<WeightPass> weightGradient(LinearKernels linear) {
        return new WholeImage<>((g, z) -> linear.weightGradient(g.asLinear(), z.x(), z.dy(), z.dw(), z.dbias()));
    }

    @Override
    public String name() {
        return "linear";
    }

    @Override
    public boolean fits(Conv2dGeometry g) {
        return g.isLinear();
    }

    @Override
    public double nanos(Conv2dGeometry g) {
        return 0;
    }

    @Override
    public void run(Conv2dGeometry g, O operands) {
        body.accept(g, operands);
    }
}
