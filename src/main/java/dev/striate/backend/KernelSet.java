package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/**
 * The kernels of a device, one contract per family.
 *
 * @param normPool null if fusing {@link #batchNorm2d} and {@link #maxPool2d} has no advantage
 */
public record KernelSet(
        UnaryKernels unary,
        BinaryKernels binary,
        CopyKernels copy,
        GatherKernels gather,
        ReduceKernels reduce,
        MatmulKernels matmul,
        LinearKernels linear,
        Conv2dKernels conv2d,
        Im2ColKernels im2col,
        MaxPool2dKernels maxPool2d,
        AvgPool2dKernels avgPool2d,
        AdaptiveAvgPool2dKernels adaptiveAvgPool2d,
        Resample2dKernels resample2d,
        BatchNorm2dKernels batchNorm2d,
        @Nullable NormPoolKernels normPool,
        DropoutKernels dropout,
        SoftmaxKernels softmax,
        CrossEntropyKernels crossEntropy,
        NllKernels nll,
        OptimizerKernels optimizer) {}
