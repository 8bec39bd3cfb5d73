package dev.striate.backend.opencl;

import dev.striate.backend.AdaptiveAvgPool2dGeometry;
import dev.striate.backend.AxisGeometry;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.LinearGeometry;
import dev.striate.backend.Pool2dGeometry;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Records that kernels read as structs: the source of the struct and the bytes of an instance both follow from the
 * record's components, which are int or float. A kernel source includes {@code "Conv2dGeometry.h"} for the struct of
 * that name.
 */
final class OpenClStruct {

    private static final List<Class<? extends Record>> TYPES = List.of(
            AdaptiveAvgPool2dGeometry.class,
            AxisGeometry.class,
            Conv2dGeometry.class,
            LinearGeometry.class,
            Pool2dGeometry.class,
            OpenClBatchNorm2d.Chunks.class,
            OpenClClassification.Classification.class);

    private static final ClassValue<Method[]> ACCESSORS = new ClassValue<>() {
        @Override
        protected Method[] computeValue(Class<?> type) {
            return Arrays.stream(type.getRecordComponents())
                    .map(RecordComponent::getAccessor)
                    .toArray(Method[]::new);
        }
    };

    private OpenClStruct() {}

    /**
     * The struct of a record's name.
     *
     * @throws java.util.NoSuchElementException if no record of that name is listed here
     */
    static String source(String name) {
        Class<?> type = TYPES.stream()
                .filter(each -> each.getSimpleName().equals(name))
                .findFirst()
                .orElseThrow();
        return Arrays.stream(ACCESSORS.get(type))
                .map(each -> each.getReturnType() + " " + each.getName() + ";")
                .collect(Collectors.joining("\n    ", "typedef struct {\n    ", "\n} " + name + ";\n"));
    }

    /** An instance as four-byte words. */
    static int[] words(Record value) {
        Method[] accessors = ACCESSORS.get(value.getClass());
        int[] words = new int[accessors.length];
        for (int i = 0; i < words.length; i++) {
            try {
                Object component = accessors[i].invoke(value);
                words[i] = component instanceof Float number ? Float.floatToRawIntBits(number) : (int) component;
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(value.getClass() + " cannot be read", e);
            }
        }
        return words;
    }
}
