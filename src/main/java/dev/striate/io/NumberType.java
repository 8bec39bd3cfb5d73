package dev.striate.io;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The types of numbers that are read from a file, by the names they have in its header. All become float32. */
enum NumberType {

    F32(Float.BYTES) {
        @Override
        void widen(ByteBuffer from, float[] to, int start, int count) {
            from.asFloatBuffer().get(to, start, count);
        }
    },

    /** IEEE 754 binary16: 5 bits of exponent, 10 of fraction. */
    F16(Short.BYTES) {
        @Override
        void widen(ByteBuffer from, float[] to, int start, int count) {
            for (int i = 0; i < count; i++) {
                to[start + i] = fromHalf(from.getShort());
            }
        }
    },

    /** The upper half of a float32. */
    BF16(Short.BYTES) {
        @Override
        void widen(ByteBuffer from, float[] to, int start, int count) {
            for (int i = 0; i < count; i++) {
                to[start + i] = Float.intBitsToFloat(from.getShort() << 16);
            }
        }
    },

    F64(Double.BYTES) {
        @Override
        void widen(ByteBuffer from, float[] to, int start, int count) {
            for (int i = 0; i < count; i++) {
                to[start + i] = (float) from.getDouble();
            }
        }
    },

    /** PyTorch counts in it how many batches a batch normalisation has seen. */
    I64(Long.BYTES) {
        @Override
        void widen(ByteBuffer from, float[] to, int start, int count) {
            for (int i = 0; i < count; i++) {
                to[start + i] = from.getLong();
            }
        }
    };

    private final int bytes;

    NumberType(int bytes) {
        this.bytes = bytes;
    }

    static @Nullable NumberType named(String name) {
        for (NumberType type : values()) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        return null;
    }

    /** Of one number. */
    int bytes() {
        return bytes;
    }

    /** Converts numbers that lie in a buffer from its position on. */
    abstract void widen(ByteBuffer from, float[] to, int start, int count);

    /** {@code Float.float16ToFloat}, which Java 17 lacks. */
    static float fromHalf(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = half >> 10 & 0x1F;
        int fraction = half & 0x3FF;
        if (exponent == 0) {
            // Zero or subnormal: the fraction counts steps of 2^-24.
            float value = fraction * 0x1p-24f;
            return Float.intBitsToFloat(sign | Float.floatToRawIntBits(value));
        }
        // Infinity and NaN keep an exponent of all ones; for others the bias of 15 becomes one of 127.
        int wide = exponent == 0x1F ? 0xFF : exponent + 127 - 15;
        return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
    }
}
