package dev.striate.backend;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.function.BiFunction;

/** Kernels in place of others, for tests that watch or disturb a backend. */
public final class KernelSets {

    private KernelSets() {}

    /**
     * Returns a set with each family replaced by what {@code replace} returns for its contract and its kernels; null
     * stays null.
     */
    public static KernelSet map(KernelSet kernels, BiFunction<Class<?>, Object, Object> replace) {
        RecordComponent[] families = KernelSet.class.getRecordComponents();
        Class<?>[] types = Arrays.stream(families).map(RecordComponent::getType).toArray(Class<?>[]::new);
        Object[] replaced = new Object[families.length];
        try {
            for (int i = 0; i < families.length; i++) {
                Object family = families[i].getAccessor().invoke(kernels);
                replaced[i] = family == null ? null : replace.apply(types[i], family);
            }
            Constructor<KernelSet> constructor = KernelSet.class.getDeclaredConstructor(types);
            return constructor.newInstance(replaced);
        } catch (ReflectiveOperationException e) {
            // A record's accessors and constructor are public, and KernelSet's do not throw.
            throw new LinkageError(e.getMessage(), e);
        }
    }
}
