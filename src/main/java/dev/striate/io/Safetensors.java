package dev.striate.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.striate.Device;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.disk.AtomicFile;
import dev.striate.disk.PrintableText;
import dev.striate.disk.RegularFile;
import dev.striate.disk.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes tensors in the <a href="https://github.com/huggingface/safetensors#format">safetensors format</a>:
 * the length of the header as a little-endian 64-bit number, a JSON header with the name, type, shape and position of
 * each tensor, then the values, little-endian and row-major.
 *
 * <p>Values are written as F32. The metadata get the entry {@code striate.sha256}, the SHA-256 of all bytes after the
 * header. Other programs ignore it. If a file has this entry, it is checked whenever tensors are read, so the whole
 * file is read even for a few tensors. A program that changes the tensors of such a file must remove the entry.
 *
 * <p>F16, BF16, F8_E4M3 and F8_E5M2 are converted to float32 exactly. F64 is rounded to the nearest float32, so
 * magnitudes above about 3.4e38 become infinite. BOOL becomes 0 and 1. Signed and unsigned integers of 8 to 64 bits can
 * be read if all values of the tensor are exact in float32, as they are up to 2^24. Tensors of other types or with 2^31
 * elements or more cannot be read, but the metadata and the other tensors of the file can.
 */
public final class Safetensors {

    private static final int CHUNK_BYTES = 1 << 20;
    private static final JsonFactory JSON = new JsonFactory();

    /** The start of a header. The digits of the digest follow and are filled in after the data are written. */
    private static final String HEADER_START =
            "{\"" + SafetensorsHeader.METADATA + "\":{\"" + SafetensorsHeader.DIGEST + "\":\"";

    private Safetensors() {}

    /**
     * Writes tensors to a file, in the order of the map. The write is {@linkplain AtomicFile atomic}. One tensor at a
     * time is copied to host memory.
     *
     * @param metadata text entries for the whole file; {@code striate.sha256} is replaced
     * @throws StriateException if the file cannot be written, a tensor is named {@code __metadata__}, a text is not
     *     valid Unicode, there are more than 500,000 tensors and metadata entries, or these exceed the limit of the
     *     format, 100 million bytes
     */
    public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
        if (tensors.size() + metadata.size() >= SafetensorsHeader.MAX_ENTRIES) {
            throw new StriateException("cannot write " + file + ": " + tensors.size() + " tensors and "
                    + metadata.size() + " metadata entries are too many; the limit is " + SafetensorsHeader.MAX_ENTRIES
                    + " with the digest");
        }
        byte[] header = header(tensors, metadata);
        if (header.length > SafetensorsHeader.MAX_BYTES) {
            throw new StriateException("cannot write " + file + ": its header would take " + header.length
                    + " bytes, and " + SafetensorsHeader.MAX_BYTES
                    + " is the most that the safetensors format allows; shorten the metadata");
        }
        AtomicFile.write(file, channel -> {
            channel.position(Long.BYTES + header.length);
            ByteBuffer chunk = buffer(CHUNK_BYTES);
            Sha256 digest = new Sha256();
            for (Tensor tensor : tensors.values()) {
                writeValues(channel, tensor.toFloatArray(), chunk, digest);
            }
            byte[] digits = digest.digits().getBytes(StandardCharsets.US_ASCII);
            System.arraycopy(digits, 0, header, HEADER_START.length(), digits.length);
            channel.position(0);
            AtomicFile.writeFully(
                    channel, buffer(Long.BYTES).putLong(header.length).flip());
            AtomicFile.writeFully(channel, ByteBuffer.wrap(header));
        });
    }

    /**
     * Reads all tensors of a file to a device, in the order of the header. The header is checked before memory is
     * allocated for values.
     *
     * @throws StriateException if the file cannot be read, is malformed or damaged, or has a tensor that cannot be
     *     read. In the last case, {@link #read(Path, Device, Collection)} can read the others
     */
    public static Map<String, Tensor> read(Path file, Device device) {
        try (Reader reader = new Reader(file)) {
            return reader.read(reader.header().entries().keySet(), device);
        }
    }

    /**
     * Reads the named tensors of a file to a device, in the order of the names.
     *
     * @throws StriateException if the file cannot be read, is malformed or damaged, lacks one of the tensors, or has
     *     one that cannot be read
     */
    public static Map<String, Tensor> read(Path file, Device device, Collection<String> names) {
        try (Reader reader = new Reader(file)) {
            return reader.read(names, device);
        }
    }

    /**
     * Reads the description of each tensor from the header of a file, in the order of the header, without reading
     * values.
     *
     * @throws StriateException if the file cannot be read or is malformed
     */
    public static Map<String, SafetensorsEntry> entries(Path file) {
        try (Reader reader = new Reader(file)) {
            return Collections.unmodifiableMap(reader.header().entries());
        }
    }

    /**
     * Reads the metadata of a file without reading values. The result is empty if there are none.
     *
     * @throws StriateException if the file cannot be read or is malformed
     */
    public static Map<String, String> readMetadata(Path file) {
        try (Reader reader = new Reader(file)) {
            return reader.header().metadata();
        }
    }

    /** An open file with a checked header. */
    static final class Reader implements AutoCloseable {

        private final Path file;
        private final FileChannel channel;
        private final SafetensorsHeader header;
        private final long dataStart;

        Reader(Path file) {
            this.file = file;
            FileChannel opened = null;
            boolean done = false;
            try {
                opened = FileChannel.open(RegularFile.require(file), StandardOpenOption.READ);
                channel = opened;
                long size = channel.size();
                if (size < Long.BYTES) {
                    throw new SafetensorsHeader.Malformed("it has " + size + " bytes, too few for a header");
                }
                ByteBuffer length = buffer(Long.BYTES);
                readFully(channel, length, 0);
                long headerBytes = length.getLong(0);
                long limit = Math.min(SafetensorsHeader.MAX_BYTES, size - Long.BYTES);
                if (headerBytes < 0 || headerBytes > limit) {
                    throw new SafetensorsHeader.Malformed("it announces a header of "
                            + Long.toUnsignedString(headerBytes) + " bytes, but there is room for " + limit);
                }
                byte[] json = new byte[(int) headerBytes];
                readFully(channel, ByteBuffer.wrap(json), Long.BYTES);
                dataStart = Long.BYTES + headerBytes;
                header = SafetensorsHeader.parse(json, size - dataStart);
                done = true;
            } catch (SafetensorsHeader.Malformed e) {
                throw new StriateException(file + " is not a safetensors file that can be read: " + e.getMessage());
            } catch (IOException e) {
                throw AtomicFile.failure("cannot read", file, e);
            } finally {
                if (!done) {
                    closeQuietly(opened);
                }
            }
        }

        SafetensorsHeader header() {
            return header;
        }

        private Map<String, Tensor> read(Collection<String> names, Device device) {
            Map<String, Tensor> read = new HashMap<>();
            boolean done = false;
            try {
                read(new LinkedHashSet<>(names), (name, values) -> {
                    SafetensorsEntry entry =
                            Objects.requireNonNull(header.entries().get(name));
                    read.put(name, Tensor.of(device, entry.tensorShape(), values));
                });
                done = true;
            } finally {
                if (!done) {
                    read.values().forEach(Tensor::close);
                }
            }
            Map<String, Tensor> ordered = new LinkedHashMap<>();
            names.forEach(name -> ordered.put(name, Objects.requireNonNull(read.get(name))));
            return ordered;
        }

        /**
         * Reads the values of tensors in the order of the data, then checks the digest if there is one. If this throws,
         * the caller must discard the values that the sink has received.
         */
        void read(Set<String> names, BiConsumer<String, float[]> sink) {
            names.forEach(this::requireReadable);
            String expected = header.digest();
            Sha256 digest = expected == null ? null : new Sha256();
            ByteBuffer chunk = buffer(CHUNK_BYTES);
            for (Map.Entry<String, SafetensorsEntry> each : header.inFile()) {
                boolean wanted = names.contains(each.getKey());
                if (wanted || digest != null) {
                    float[] values = read(each.getKey(), each.getValue(), wanted, digest, chunk);
                    if (wanted) {
                        sink.accept(each.getKey(), values);
                    }
                }
            }
            if (digest != null && expected != null) {
                requireEqual(digest.digits(), expected);
            }
        }

        private void requireReadable(String name) {
            SafetensorsEntry entry = header.entries().get(name);
            if (entry == null) {
                throw new StriateException(file + " has no tensor \"" + PrintableText.excerpt(name) + "\"");
            }
            String obstacle = entry.obstacle();
            if (obstacle != null) {
                throw unreadable(name, obstacle, null);
            }
        }

        /**
         * Returns the values of a tensor. If it is not wanted, its bytes are only added to the digest, and the result
         * is empty.
         */
        private float[] read(
                String name, SafetensorsEntry entry, boolean wanted, @Nullable Sha256 digest, ByteBuffer chunk) {
            float[] values = new float[wanted ? (int) entry.elements() : 0];
            int done = 0;
            try {
                for (long at = entry.begin(); at < entry.end(); at += chunk.limit()) {
                    chunk.clear().limit((int) Math.min(CHUNK_BYTES, entry.end() - at));
                    readFully(channel, chunk, dataStart + at);
                    chunk.flip();
                    if (digest != null) {
                        digest.add(chunk);
                    }
                    if (wanted) {
                        NumberType type = Objects.requireNonNull(entry.numberType());
                        int count = chunk.limit() / type.bytes();
                        type.convert(chunk, values, done, count);
                        done += count;
                    }
                }
            } catch (IOException e) {
                throw AtomicFile.failure("cannot read", file, e);
            } catch (ArithmeticException e) {
                throw unreadable(name, "is of type " + entry.type() + "; " + e.getMessage(), e);
            }
            return values;
        }

        private StriateException unreadable(String name, String reason, @Nullable Exception cause) {
            return new StriateException(
                    file + ": the tensor \"" + PrintableText.excerpt(name) + "\" cannot be read: it " + reason
                            + ". Safetensors.read(file, device, names) reads other tensors of the file",
                    cause);
        }

        private void requireEqual(String found, String expected) {
            if (!found.equals(expected)) {
                throw new StriateException(
                        file + " is damaged: the SHA-256 of its tensors is " + found + ", but it was "
                                + PrintableText.excerpt(expected)
                                + " when they were written. Take a copy that is intact. If another program changed"
                                + " the tensors on purpose, remove \"" + SafetensorsHeader.DIGEST
                                + "\" from the file's metadata");
            }
        }

        @Override
        public void close() {
            closeQuietly(channel);
        }
    }

    private static byte[] header(Map<String, Tensor> tensors, Map<String, String> metadata) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeObjectFieldStart(SafetensorsHeader.METADATA);
            json.writeStringField(SafetensorsHeader.DIGEST, "0".repeat(Sha256.DIGITS));
            for (Map.Entry<String, String> entry : metadata.entrySet()) {
                if (!entry.getKey().equals(SafetensorsHeader.DIGEST)) {
                    json.writeStringField(requireUnicode(entry.getKey()), requireUnicode(entry.getValue()));
                }
            }
            json.writeEndObject();
            long offset = 0;
            for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
                if (entry.getKey().equals(SafetensorsHeader.METADATA)) {
                    throw new StriateException("safetensors: a tensor cannot be called " + SafetensorsHeader.METADATA);
                }
                Tensor tensor = entry.getValue();
                json.writeObjectFieldStart(requireUnicode(entry.getKey()));
                json.writeStringField("dtype", NumberType.F32.name());
                json.writeFieldName("shape");
                int[] sizes = tensor.shape().toArray();
                json.writeArray(sizes, 0, sizes.length);
                json.writeFieldName("data_offsets");
                long end = offset + (long) Float.BYTES * tensor.shape().elements();
                json.writeArray(new long[] {offset, end}, 0, 2);
                json.writeEndObject();
                offset = end;
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new AssertionError("writing to memory cannot fail", e);
        }
        // Padding with spaces, which the format allows, aligns the values in a mapped file.
        while (bytes.size() % Long.BYTES != 0) {
            bytes.write(' ');
        }
        return bytes.toByteArray();
    }

    /** Other programs do not read a header with half of a surrogate pair. */
    private static String requireUnicode(String text) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new StriateException("safetensors: \"" + PrintableText.excerpt(text)
                    + "\" is not valid Unicode: it has half of a" + " surrogate pair");
        }
        return text;
    }

    private static void writeValues(FileChannel channel, float[] values, ByteBuffer chunk, Sha256 digest)
            throws IOException {
        int count;
        for (int done = 0; done < values.length; done += count) {
            count = Math.min(CHUNK_BYTES / Float.BYTES, values.length - done);
            chunk.clear();
            chunk.asFloatBuffer().put(values, done, count);
            digest.add(chunk.limit(Float.BYTES * count));
            AtomicFile.writeFully(channel, chunk);
        }
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void readFully(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
        while (bytes.hasRemaining()) {
            int count = channel.read(bytes, position);
            if (count < 0) {
                throw new EOFException("the file ends at byte " + position + "; it changed while it was read");
            }
            position += count;
        }
    }

    private static void closeQuietly(@Nullable FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                // The file was only read, so nothing is lost.
            }
        }
    }
}
