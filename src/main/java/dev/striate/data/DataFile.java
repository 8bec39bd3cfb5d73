package dev.striate.data;

import dev.striate.StriateException;
import dev.striate.disk.RegularFile;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** Reads the bytes of a file and unpacks it if it is compressed. Every error names the file and the offset. */
final class DataFile implements Closeable {

    /**
     * A byte of deflate can expand to 1,032 bytes, but the published data sets have fewer than 10, and two million
     * blank images of MNIST in a file of 1.5 MB would take gigabytes. Small files, such as those of tests, may be
     * blank.
     */
    private static final long MOST_PER_PACKED_BYTE = 100;

    private static final long SMALL = 1 << 26;

    /** Java unpacks these recursively. */
    private static final int MOST_EMPTY_MEMBERS = 100;

    private static final int CHUNK = 1 << 16;

    private final String name;
    private final InputStream in;
    private final long most;
    private long offset;

    /**
     * @param name the name in errors
     * @param most an upper bound of the number of bytes
     */
    DataFile(String name, InputStream in, long most) {
        this.name = name;
        this.in = in;
        this.most = most;
    }

    /**
     * Opens a file. If its name ends in {@code .gz}, it is unpacked while it is read, and offsets refer to the unpacked
     * bytes.
     */
    static DataFile open(Path file) {
        try {
            InputStream in = Files.newInputStream(RegularFile.require(file));
            boolean done = false;
            try {
                long size = Files.size(file);
                DataFile opened;
                if (file.getFileName().toString().endsWith(".gz")) {
                    long most = Math.max(SMALL, Math.multiplyExact(size, MOST_PER_PACKED_BYTE));
                    opened = new DataFile(
                            file + " (unpacked)", new BufferedInputStream(new Unpacked(in, most), CHUNK), most);
                } else {
                    opened = new DataFile(file.toString(), new BufferedInputStream(in, CHUNK), size);
                }
                done = true;
                return opened;
            } finally {
                if (!done) {
                    in.close();
                }
            }
        } catch (EOFException e) {
            throw new StriateException(file + " is truncated: it ends in the header of gzip", e);
        } catch (IOException e) {
            throw new StriateException("cannot read " + file + ": " + e, e);
        }
    }

    String name() {
        return name;
    }

    /** Returns the offset of the next byte. */
    long offset() {
        return offset;
    }

    /** Returns an upper bound of the number of bytes that follow. A length in the file that is above this is wrong. */
    long most() {
        return most - offset;
    }

    /** Reads the next byte as an unsigned number. */
    int readByte(String what) {
        int value;
        try {
            value = in.read();
        } catch (IOException e) {
            throw unreadable(what, e);
        }
        advance(value < 0 ? 0 : 1, 1, what);
        return value;
    }

    /** Reads the next four bytes as a big-endian number. */
    int readInt(String what) {
        byte[] four = new byte[4];
        readFully(four, 0, 4, what);
        return (four[0] & 0xFF) << 24 | (four[1] & 0xFF) << 16 | (four[2] & 0xFF) << 8 | four[3] & 0xFF;
    }

    /** @param what the name of the bytes for the error if the file is truncated */
    void readFully(byte[] target, int start, int length, String what) {
        int read;
        try {
            read = in.readNBytes(target, start, length);
        } catch (IOException e) {
            throw unreadable(what, e);
        }
        advance(read, length, what);
    }

    private void advance(int read, int length, String what) {
        offset += read;
        if (read < length) {
            throw error("the file ends here, within " + what + ", " + (length - read)
                    + " bytes too early; it is truncated");
        }
    }

    private StriateException unreadable(String what, IOException e) {
        return e instanceof EOFException
                ? error("the packed data end here or soon after, within " + what + "; the file is truncated")
                : error("cannot read " + what + " from here on: " + e.getMessage());
    }

    /**
     * Reads the next bytes. Memory is allocated while they arrive, so that a wrong length in a compressed file does not
     * exhaust it.
     */
    byte[] read(int length, String what) {
        byte[] bytes;
        try {
            bytes = in.readNBytes(length);
        } catch (IOException e) {
            throw unreadable(what, e);
        }
        advance(bytes.length, length, what);
        return bytes;
    }

    /** Skips to an offset. */
    void skipTo(long place, String what) {
        try {
            in.skipNBytes(place - offset);
        } catch (EOFException e) {
            throw error("the file ends before byte " + place + ", within " + what + "; it is truncated");
        } catch (IOException e) {
            throw unreadable(what, e);
        }
        offset = place;
    }

    /** Skips the rest of the file. For compressed data, this verifies the checksum. */
    void skipToEnd() {
        try {
            offset += in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            throw unreadable("the rest", e);
        }
    }

    /** Returns the next {@code length} bytes as a separate file. Reading there also advances this file. */
    DataFile part(String partName, long length) {
        return new DataFile(
                partName,
                new InputStream() {

                    private long left = length;

                    @Override
                    public int read() throws IOException {
                        byte[] one = new byte[1];
                        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
                    }

                    @Override
                    public int read(byte[] target, int start, int count) throws IOException {
                        if (count > 0 && left == 0) {
                            return -1;
                        }
                        int read = in.read(target, start, (int) Math.min(count, left));
                        if (read > 0) {
                            left -= read;
                            offset += read;
                        }
                        return read;
                    }
                },
                length);
    }

    /** @throws StriateException if there is another byte, or the checksum of compressed data is wrong */
    void expectEnd() {
        try {
            if (in.read() >= 0) {
                throw error("expected the end of the file, but there is more");
            }
        } catch (IOException e) {
            throw unreadable("the checksum of packed data", e);
        }
    }

    /** The contents of a gzip file, limited in size. */
    private static final class Unpacked extends GZIPInputStream {

        private final long most;
        private long count;
        private int depth;

        Unpacked(InputStream packed, long most) throws IOException {
            super(packed, CHUNK);
            this.most = most;
        }

        /** Calls itself at the end of each member of the file. */
        @Override
        public int read(byte[] target, int start, int length) throws IOException {
            if (depth > MOST_EMPTY_MEMBERS) {
                throw new IOException("the gzip file has more than " + MOST_EMPTY_MEMBERS + " empty members in a row");
            }
            depth++;
            int read;
            try {
                read = super.read(target, start, length);
            } finally {
                depth--;
            }
            if (depth == 0 && read > 0) {
                count += read;
                if (count > most) {
                    throw new IOException("the gzip file unpacks to more than " + most
                            + " bytes; a file of its size may have " + MOST_PER_PACKED_BYTE + " times its size or "
                            + SMALL + " bytes, whichever is more");
                }
            }
            return read;
        }
    }

    StriateException error(String problem) {
        return errorAt(offset, problem);
    }

    StriateException errorAt(long place, String problem) {
        return new StriateException(name + ", byte " + place + ": " + problem);
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            // All data have been read, or another error is being thrown.
        }
    }
}
