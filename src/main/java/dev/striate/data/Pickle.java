package dev.striate.data;

import dev.striate.disk.PrintableText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Parses a Python pickle (protocols 2 to 4) of a dictionary of strings, numbers, lists and NumPy arrays of unsigned
 * bytes. Of the classes and functions that a pickle can name, only the three for such an array are recognised, by their
 * names. All others are errors, and no code is ever called.
 *
 * <p>A pickle can refer to the same large value many times. Therefore references do not copy or convert values, and the
 * number of references is limited.
 */
final class Pickle {

    /**
     * A two-dimensional array of unsigned bytes.
     *
     * @param stored      the elements in the order of the file
     * @param columnMajor whether this order is column-major
     */
    record Matrix(int rows, int columns, byte[] stored, boolean columnMajor) {

        /** Returns the elements in row-major order, without copying if they are stored in this order. */
        byte[] values() {
            if (!columnMajor) {
                return stored;
            }
            byte[] rowMajor = new byte[stored.length];
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < columns; column++) {
                    rowMajor[row * columns + column] = stored[column * rows + row];
                }
            }
            return rowMajor;
        }
    }

    /**
     * CIFAR-100 has about 300,000 values and memos. One byte of the file can create a value that takes up to 60 bytes
     * of memory.
     */
    private static final int MOST_VALUES = 2_000_000;

    /** The maximum length in bytes of a key, or of the module or name of a class. All known names are shorter. */
    private static final int LONGEST_NAME = 200;

    private static final Object MARK = new Object();
    private static final Object NONE = new Object();
    private static final Object RECONSTRUCT = new Object();
    private static final Object NDARRAY = new Object();
    private static final Object DTYPE = new Object();
    private static final Object UINT8 = new Object();

    private static final Map<String, Object> GLOBALS = Map.of(
            "numpy.core.multiarray _reconstruct", RECONSTRUCT,
            "numpy._core.multiarray _reconstruct", RECONSTRUCT,
            "numpy ndarray", NDARRAY,
            "numpy dtype", DTYPE);

    /** An array. Its contents are set later by BUILD. */
    private static final class Array {
        private @Nullable Matrix matrix;
    }

    private final DataFile in;
    private final ArrayList<Object> stack = new ArrayList<>();
    private final Map<Integer, Object> memo = new HashMap<>();
    private int values;

    private Pickle(DataFile in) {
        this.in = in;
    }

    /**
     * Returns the dictionary. Its values are {@code byte[]} (strings), {@link Integer}, {@link List} or {@link Matrix}.
     */
    static Map<String, Object> read(DataFile in) {
        long start = in.offset();
        try {
            Object value = new Pickle(in).run();
            if (value instanceof Map<?, ?> dictionary) {
                Map<String, Object> named = new LinkedHashMap<>();
                dictionary.forEach((key, item) -> named.put(
                        (String) key, item instanceof Array array && array.matrix != null ? array.matrix : item));
                return named;
            }
        } catch (ClassCastException | IndexOutOfBoundsException | UnsupportedOperationException e) {
            throw in.error("the pickle is malformed: its values do not fit its operations");
        }
        throw in.errorAt(start, "the pickle holds no dictionary");
    }

    private Object run() {
        while (true) {
            int opcode = in.readByte("the pickle");
            switch (opcode) {
                case 0x80 -> in.readByte("the protocol");
                case 0x95 -> in.read(8, "a frame's length");
                case '(' -> push(MARK);
                case 'N' -> push(NONE);
                case 0x88 -> push(true);
                case 0x89 -> push(false);
                case 'K' -> push(in.readByte("a number"));
                case 'M' -> push(length(2));
                case 'J' -> push(length(4));
                case 'U', 'C', 0x8C -> push(bytes(in.readByte("a length")));
                case 'T', 'B', 'X' -> push(bytes(length(4)));
                case '}' -> push(new LinkedHashMap<Object, Object>());
                case ']' -> push(new ArrayList<Object>());
                case ')' -> push(List.of());
                case 0x85, 0x86, 0x87 -> push(List.copyOf(pop(opcode - 0x84)));
                case 't' -> push(List.copyOf(popToMark()));
                case 'a' -> {
                    Object item = pop();
                    list().add(item);
                }
                case 'e' -> {
                    List<Object> items = popToMark();
                    list().addAll(items);
                }
                case 's' -> putAll(pop(2));
                case 'u' -> putAll(popToMark());
                case 'q' -> memoize(in.readByte("a memo's number"));
                case 'r' -> memoize(length(4));
                case 0x94 -> memoize(memo.size());
                case 'h' -> recall(in.readByte("a memo's number"));
                case 'j' -> recall(length(4));
                case 'c' -> global(line() + " " + line());
                case 0x93 -> {
                    List<Object> names = pop(2);
                    global(name(names.get(0)) + " " + name(names.get(1)));
                }
                case 'R' -> {
                    List<Object> call = pop(2);
                    reduce(call.get(0), (List<?>) call.get(1));
                }
                case 'b' -> build((List<?>) pop());
                case '.' -> {
                    return pop();
                }
                default ->
                    throw in.errorAt(
                            in.offset() - 1,
                            "the pickle has opcode 0x" + Integer.toHexString(opcode)
                                    + ", which a dictionary of lists and byte arrays does not need; it is not read");
            }
        }
    }

    private void global(String name) {
        Object known = GLOBALS.get(name);
        if (known == null) {
            throw in.error("the pickle names \"" + PrintableText.excerpt(name)
                    + "\"; only NumPy arrays are read, which name " + new TreeSet<>(GLOBALS.keySet()));
        }
        push(known);
    }

    private void reduce(Object callable, List<?> arguments) {
        if (callable == RECONSTRUCT && arguments.get(0) == NDARRAY) {
            push(new Array());
        } else if (callable == DTYPE && name(arguments.get(0)).equals("u1")) {
            push(UINT8);
        } else {
            throw in.error("the pickle makes something other than an array of unsigned bytes (u1)");
        }
    }

    /**
     * The state of an array is its contents. The state of a dtype is its memory layout, which is ignored for single
     * bytes.
     */
    private void build(List<?> state) {
        if (!(top() instanceof Array array)) {
            if (top() != UINT8) {
                throw in.error("the pickle builds something other than an array");
            }
            return;
        }
        // (version, shape, dtype, whether column-major, bytes)
        List<?> shape = (List<?>) state.get(1);
        byte[] values = (byte[]) state.get(4);
        int rows = (Integer) shape.get(0);
        int columns = (Integer) shape.get(1);
        if (state.get(2) != UINT8
                || shape.size() != 2
                || rows < 0
                || columns < 0
                || (long) rows * columns != values.length) {
            throw in.error(
                    "an array of " + rows + " x " + columns + " bytes has " + values.length + ", or it has other axes");
        }
        array.matrix = new Matrix(rows, columns, values, (Boolean) state.get(3));
    }

    private void putAll(List<Object> items) {
        @SuppressWarnings("unchecked")
        Map<Object, Object> dictionary = (Map<Object, Object>) top();
        for (int i = 0; i < items.size(); i += 2) {
            // As a string, because byte arrays are not compared by content.
            dictionary.put(name(items.get(i)), items.get(i + 1));
        }
    }

    private void recall(int number) {
        Object known = memo.get(number);
        if (known == null) {
            throw in.error("the pickle refers to memo " + number + ", which it does not have");
        }
        push(known);
    }

    private void memoize(int number) {
        countValue();
        memo.put(number, top());
    }

    private void push(Object value) {
        countValue();
        stack.add(value);
    }

    private void countValue() {
        values++;
        if (values > MOST_VALUES) {
            throw in.error("the pickle has more than " + MOST_VALUES + " values and memos; it is not read");
        }
    }

    private Object top() {
        return stack.get(stack.size() - 1);
    }

    private Object pop() {
        return stack.remove(stack.size() - 1);
    }

    private List<Object> pop(int count) {
        List<Object> last = stack.subList(stack.size() - count, stack.size());
        List<Object> popped = new ArrayList<>(last);
        last.clear();
        return popped;
    }

    private List<Object> popToMark() {
        int mark = stack.lastIndexOf(MARK);
        List<Object> popped = pop(stack.size() - mark - 1);
        pop();
        return popped;
    }

    @SuppressWarnings("unchecked")
    private List<Object> list() {
        return (List<Object>) top();
    }

    /** A little-endian number, signed if it has four bytes. */
    private int length(int bytes) {
        int number = 0;
        for (int i = 0; i < bytes; i++) {
            number |= in.readByte("a number") << 8 * i;
        }
        return number;
    }

    private byte[] bytes(int length) {
        if (length < 0 || length > in.most()) {
            throw in.error("a string of " + length + " bytes is announced, but there is room for " + in.most());
        }
        return in.read(length, "a string");
    }

    private String line() {
        StringBuilder line = new StringBuilder();
        for (int c = in.readByte("a name"); c != '\n'; c = in.readByte("a name")) {
            if (line.length() == LONGEST_NAME) {
                throw in.error("the pickle has a name of more than " + LONGEST_NAME + " bytes; it is not read");
            }
            line.append((char) c);
        }
        return line.toString();
    }

    private String name(Object value) {
        byte[] bytes = (byte[]) value;
        if (bytes.length > LONGEST_NAME) {
            throw in.error("the pickle has a name of " + bytes.length + " bytes, expected at most " + LONGEST_NAME);
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
