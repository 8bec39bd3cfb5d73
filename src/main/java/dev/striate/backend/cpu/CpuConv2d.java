package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.Conv2dKernels;
import dev.striate.backend.cpu.conv.ConvAlgorithms;
import dev.striate.backend.cpu.conv.Epilogue;
import dev.striate.backend.cpu.conv.Pass;
import dev.striate.backend.cpu.conv.WeightPass;
import org.jspecify.annotations.Nullable;

/** Convolution by the algorithms of {@link dev.striate.backend.cpu.conv}. */
final class CpuConv2d implements Conv2dKernels {

    private final ConvAlgorithms algorithms;

    CpuConv2d(ConvAlgorithms algorithms) {
        this.algorithms = algorithms;
    }

    @Override
    public void forward(Conv2dGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, boolean relu, Buffer y) {
        algorithms.forward(g, pass(x, w, new Epilogue(CpuBuffer.ofNullable(bias), relu, null), y));
    }

    @Override
    public void inputGradient(
            Conv2dGeometry g, Buffer dy, Buffer w, @Nullable Buffer bias, @Nullable Buffer gate, Buffer dx) {
        Epilogue epilogue = new Epilogue(CpuBuffer.ofNullable(bias), false, CpuBuffer.ofNullable(gate));
        algorithms.inputGradient(g, pass(dy, w, epilogue, dx));
    }

    @Override
    public void weightGradient(Conv2dGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        algorithms.weightGradient(
                g, new WeightPass(CpuBuffer.of(x), CpuBuffer.of(dy), CpuBuffer.of(dw), CpuBuffer.ofNullable(dbias)));
    }

    private static Pass pass(Buffer images, Buffer weights, Epilogue epilogue, Buffer output) {
        return new Pass(CpuBuffer.of(images), CpuBuffer.of(weights), epilogue, CpuBuffer.of(output));
    }
}
