package dev.striate.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.striate.Device;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.disk.AtomicFile;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tensors in files of the <a href="https://github.com/huggingface/safetensors#format">safetensors format</a>: the
 * header's length as a little-endian 64-bit number, the header in JSON, which gives each tensor's name, type, shape and place,
 * then the values, little-endian and row-major. What is written is float32.
 */
public final class Safetensors {

    private static final int CHUNK_BYTES = 1 << 20;
    private static final JsonFactory JSON = new JsonFactory();

    private Safetensors() {}

    /**
     * Writes tensors to a file, in the map's order, as {@link AtomicFile} does: the file is complete or not there. One tensor at
     * a time is copied to this machine's memory.
     *
     * @param metadata free text to come along, not about single tensors
     * @throws StriateException if the file cannot be written, a tensor is called {@code __metadata__}, or names and metadata take
     *                          more than the 100 million bytes that the format allows
     */
    public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
        byte[] header = header(tensors, metadata);
        if (header.length > SafetensorsHeader.MAX_BYTES) {
            throw new StriateException("cannot write " + file + ": its header would take " + header.length + " bytes, and "
                    + SafetensorsHeader.MAX_BYTES + " is the most that the safetensors format allows; keep less in the metadata");
        }
        AtomicFile.write(file, channel -> {
            AtomicFile.writeFully(channel, buffer(Long.BYTES).putLong(header.length).flip());
            AtomicFile.writeFully(channel, ByteBuffer.wrap(header));
            ByteBuffer chunk = buffer(CHUNK_BYTES);
            for (Tensor tensor : tensors.values()) {
                writeValues(channel, tensor.toArray(), chunk);
            }
        });
    }

    /**
     * Reads all tensors of a file to a device, in the file's order. Everything in the header is checked before any memory is
     * taken for values. Numbers of the types F16 and BF16 are widened exactly, those of F64 and I64 rounded to the nearest
     * float32.
     *
     * @throws StriateException if the file cannot be read or is not what it should be; the message says in what
     */
    public static Map<String, Tensor> read(Path file, Device device) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        boolean done = false;
        try (Reader reader = new Reader(file)) {
            for (Map.Entry<String, SafetensorsHeader.Entry> entry : reader.header().entries().entrySet()) {
                float[] values = reader.values(entry.getKey());
                tensors.put(entry.getKey(), Tensor.of(device, entry.getValue().shape(), values));
            }
            done = true;
            return tensors;
        } finally {
            if (!done) {
                tensors.values().forEach(Tensor::close);
            }
        }
    }

    /**
     * Reads the free text that came along with a file's tensors, empty if there is none.
     *
     * @throws StriateException as {@link #read}
     */
    public static Map<String, String> readMetadata(Path file) {
        try (Reader reader = new Reader(file)) {
            return reader.header().metadata();
        }
    }

    /** An open file whose header was checked. */
    static final class Reader implements AutoCloseable {

        private final Path file;
        private final FileChannel channel;
        private final SafetensorsHeader header;
        private final long dataStart;
        private final ByteBuffer chunk = buffer(CHUNK_BYTES);

        Reader(Path file) {
            this.file = file;
            FileChannel opened = null;
            boolean done = false;
            try {
                opened = FileChannel.open(file, StandardOpenOption.READ);
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
                    throw new SafetensorsHeader.Malformed("it announces a header of " + Long.toUnsignedString(headerBytes)
                            + " bytes, but there is room for " + limit);
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

        /** The values of a tensor that is in the header. */
        float[] values(String name) {
            SafetensorsHeader.Entry entry = header.entries().get(name);
            float[] values = new float[entry.shape().elements()];
            long position = dataStart + entry.begin();
            try {
                int count;
                for (int done = 0; done < values.length; done += count) {
                    count = Math.min(CHUNK_BYTES / entry.type().bytes(), values.length - done);
                    chunk.clear().limit(count * entry.type().bytes());
                    readFully(channel, chunk, position + (long) done * entry.type().bytes());
                    entry.type().widen(chunk.flip(), values, done, count);
                }
            } catch (IOException e) {
                throw AtomicFile.failure("cannot read", file, e);
            }
            return values;
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
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart(SafetensorsHeader.METADATA);
                for (Map.Entry<String, String> entry : metadata.entrySet()) {
                    json.writeStringField(entry.getKey(), entry.getValue());
                }
                json.writeEndObject();
            }
            long offset = 0;
            for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
                if (entry.getKey().equals(SafetensorsHeader.METADATA)) {
                    throw new StriateException("safetensors: a tensor cannot be called " + SafetensorsHeader.METADATA);
                }
                Tensor tensor = entry.getValue();
                json.writeObjectFieldStart(entry.getKey());
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
            throw new AssertionError("memory cannot fail to be written", e);
        }
        // Spaces, which the format allows for, so that the values start at a multiple of their size in a mapped file.
        while (bytes.size() % Long.BYTES != 0) {
            bytes.write(' ');
        }
        return bytes.toByteArray();
    }

    private static void writeValues(FileChannel channel, float[] values, ByteBuffer chunk) throws IOException {
        int count;
        for (int done = 0; done < values.length; done += count) {
            count = Math.min(CHUNK_BYTES / Float.BYTES, values.length - done);
            chunk.clear();
            chunk.asFloatBuffer().put(values, done, count);
            AtomicFile.writeFully(channel, chunk.limit(Float.BYTES * count));
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
                // It was only read from: nothing is lost.
            }
        }
    }
}
