package dev.striate.io;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The number types that can be read, with their names in a safetensors header. All are converted to float32: F16, BF16
 * and the 8-bit floats exactly, F64 by rounding to nearest, BOOL to 0 and 1. Integers must be exact in float32, because
 * a rounded index or count would be wrong.
 */
enum NumberType {
    F32(Float.BYTES, ByteBuffer::getFloat) {
        @Override
        void convert(ByteBuffer from, float[] to, int start, int count) {
            from.asFloatBuffer().get(to, start, count);
        }
    },
    /** IEEE 754 binary16: 5 bits of exponent, 10 of fraction. */
    F16(Short.BYTES, from -> fromHalf(from.getShort())),
    /** The upper half of a float32. */
    BF16(Short.BYTES, from -> Float.intBitsToFloat(from.getShort() << 16)),
    F64(Double.BYTES, from -> (float) from.getDouble()),
    /** 4 bits of exponent, 3 of fraction, no infinity ("FP8 Formats for Deep Learning", Micikevicius et al., 2022). */
    F8_E4M3(Byte.BYTES, from -> fromE4M3(from.get())),
    /** The upper half of a binary16. */
    F8_E5M2(Byte.BYTES, from -> fromHalf((short) (from.get() << 8))),
    BOOL(Byte.BYTES, from -> from.get() == 0 ? 0 : 1),
    I8(Byte.BYTES, ByteBuffer::get),
    U8(Byte.BYTES, from -> from.get() & 0xFF),
    I16(Short.BYTES, ByteBuffer::getShort),
    U16(Short.BYTES, from -> from.getShort() & 0xFFFF),
    I32(Integer.BYTES, from -> exact(from.getInt())),
    U32(Integer.BYTES, from -> exact(from.getInt() & 0xFFFFFFFFL)),
    I64(Long.BYTES, from -> exact(from.getLong())),
    U64(Long.BYTES, from -> exactUnsigned(from.getLong()));

    private interface Conversion {
        float next(ByteBuffer from);
    }

    private final int bytes;
    private final Conversion conversion;

    NumberType(int bytes, Conversion conversion) {
        this.bytes = bytes;
        this.conversion = conversion;
    }

    static @Nullable NumberType named(String name) {
        for (NumberType type : values()) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        return null;
    }

    /** Returns the number of bytes of one number. */
    int bytes() {
        return bytes;
    }

    /**
     * Converts numbers from a buffer, starting at its position.
     *
     * @throws ArithmeticException if an integer is not exact in float32
     */
    void convert(ByteBuffer from, float[] to, int start, int count) {
        for (int i = start; i < start + count; i++) {
            to[i] = conversion.next(from);
        }
    }

    private static float exact(long value) {
        float rounded = (float) value;
        // Long.MAX_VALUE rounds to 2^63, which the cast saturates to Long.MAX_VALUE again.
        if ((long) rounded != value || value == Long.MAX_VALUE) {
            throw new ArithmeticException("it holds " + value + ", which float32 cannot hold exactly");
        }
        return rounded;
    }

    private static float exactUnsigned(long value) {
        if (value >= 0) {
            return exact(value);
        }
        // From 2^63 on, neighbouring float32 values are 2^40 apart.
        if ((value & (1L << 40) - 1) != 0) {
            throw new ArithmeticException(
                    "it holds " + Long.toUnsignedString(value) + ", which float32 cannot hold exactly");
        }
        return 2 * (float) (value >>> 1);
    }

    /** The equivalent of {@code Float.float16ToFloat}, which Java 17 lacks. */
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

    static float fromE4M3(byte bits) {
        int exponent = bits >> 3 & 0xF;
        int fraction = bits & 7;
        float size = exponent == 15 && fraction == 7
                ? Float.NaN
                : exponent == 0 ? Math.scalb((float) fraction, -9) : Math.scalb(8f + fraction, exponent - 10);
        return Math.copySign(size, bits);
    }
}
