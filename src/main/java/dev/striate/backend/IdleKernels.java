package dev.striate.backend;

import java.lang.reflect.Proxy;

/** Kernels that do nothing. Operations call them if their result has no elements, so that no other kernel has to. */
public final class IdleKernels {

    /** One for each family. */
    public static final KernelSet ALL = new KernelSet(
            idle(UnaryKernels.class),
            idle(BinaryKernels.class),
            idle(CopyKernels.class),
            idle(GatherKernels.class),
            idle(ReduceKernels.class),
            idle(MatmulKernels.class),
            idle(LinearKernels.class),
            idle(Conv2dKernels.class),
            idle(Im2ColKernels.class),
            idle(MaxPool2dKernels.class),
            idle(AvgPool2dKernels.class),
            idle(AdaptiveAvgPool2dKernels.class),
            idle(Resample2dKernels.class),
            idle(BatchNorm2dKernels.class),
            idle(NormPoolKernels.class),
            idle(DropoutKernels.class),
            idle(SoftmaxKernels.class),
            idle(CrossEntropyKernels.class),
            idle(NllKernels.class),
            idle(OptimizerKernels.class));

    private IdleKernels() {}

    /** No method of a family returns anything. */
    private static <K> K idle(Class<K> family) {
        return family.cast(Proxy.newProxyInstance(
                family.getClassLoader(), new Class<?>[] {family}, (proxy, method, arguments) -> null));
    }
}
