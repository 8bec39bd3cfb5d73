package dev.striate.generator;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A pair of classes with the same methods: one on vectors, and its scalar twin. */
final class Loops {

    private final String name;
    private final List<Contract> contracts;
    private boolean hasTails;
    private final Map<String, String> fields = new LinkedHashMap<>();
    private final StringBuilder vector = new StringBuilder();
    private final StringBuilder scalar = new StringBuilder();

    /**
     * @param name      of the interface that both implement; their own names have Vector and Scalar before it
     * @param contracts the interface's, and those of their superclasses
     */
    Loops(String name, List<Contract> contracts) {
        this.name = name;
        this.contracts = contracts;
    }

    private Contract contractOf(String method) {
        return contracts.stream()
                .filter(contract -> contract.signatures().containsKey(method))
                .findFirst()
                .orElseThrow(() -> new NoSuchElementException(name + " has no method " + method));
    }

    /** The result, name and parameters of the method of this name. */
    String signature(String method) {
        return contractOf(method).signatures().get(method);
    }

    /** Returns the head of a contract's method by its name. Text with a parameter list is a head itself. */
    private String head(String nameOrHead) {
        return nameOrHead.contains("(") ? nameOrHead : contractOf(nameOrHead).modifiers() + signature(nameOrHead);
    }

    /** The names of a signature's parameters. */
    static List<String> parameters(String signature) {
        String list = signature.substring(signature.indexOf('(') + 1, signature.lastIndexOf(')'));
        return list.isBlank()
                ? List.of()
                : Arrays.stream(list.split(","))
                        .map(parameter -> parameter.substring(parameter.lastIndexOf(' ') + 1))
                        .toList();
    }

    static String methodName(String signature) {
        String head = signature.substring(0, signature.indexOf('('));
        return head.substring(head.lastIndexOf(' ') + 1);
    }

    /** A method in both versions: the name of one in a contract, or the head of one of our own. */
    void method(String nameOrHead, Consumer<Body> body) {
        vectorMethod(nameOrHead, body);
        scalarMethod(nameOrHead, body);
    }

    void vectorMethod(String nameOrHead, Consumer<Body> body) {
        append(vector, true, nameOrHead, body);
    }

    void scalarMethod(String nameOrHead, Consumer<Body> body) {
        append(scalar, false, nameOrHead, body);
    }

    private void append(StringBuilder to, boolean isVector, String nameOrHead, Consumer<Body> body) {
        String signature = head(nameOrHead);
        Body lines = new Body(isVector, parameters(signature));
        body.accept(lines);
        fields.putAll(lines.fields());
        to.append("\n    ")
                .append(signature)
                .append(" {\n")
                .append(lines.text())
                .append("    }\n");
    }

    /**
     * A loop over {@code n} elements of arrays, each of which has an offset, {@code xOffset} for {@code x}. The last
     * elements, less than a vector, are left to the scalar twin.
     */
    void elementwise(String nameOrHead, Consumer<Element> element) {
        String signature = head(nameOrHead);
        scalarMethod(
                signature, body -> body.block("for (int i = 0; i < n; i++)", () -> element.accept(new Element(body))));
        vectorMethod(signature, body -> {
            body.line("int bound = SPECIES.loopBound(n);");
            body.block("for (int i = 0; i < bound; i += LANES)", () -> element.accept(new Element(body)));
            String arguments = parameters(signature).stream()
                    .map(each -> each.equals("n") ? "n - bound" : each.endsWith("Offset") ? each + " + bound" : each)
                    .collect(Collectors.joining(", "));
            hasTails = true;
            body.line("twin." + methodName(signature) + "(" + arguments + ");");
        });
    }

    /** One turn of {@link #elementwise}. */
    record Element(Body body) {

        Expression load(String array) {
            return body.let(array + "Value", body.load(array, array + "Offset + i"));
        }

        Expression uniform(String java) {
            return body.uniform(java);
        }

        Expression let(String name, Expression value) {
            return body.let(name, value);
        }

        void store(String array, Expression value) {
            body.store(array, array + "Offset + i", value);
        }
    }

    String vectorName() {
        return "Vector" + name;
    }

    String scalarName() {
        return "Scalar" + name;
    }

    /** Whether there is anything in the scalar version: tiles have a twin for all shapes that is written by hand. */
    boolean hasScalar() {
        return !scalar.isEmpty();
    }

    /** The source of the vector version; {@code superclass} is null for none. */
    String vectorSource(@Nullable String superclass) {
        return header() + "import static dev.striate.backend.cpu.simd.Lanes.fma;\n\n"
                + "import dev.striate.backend.UnaryFunction;\n"
                + "import jdk.incubator.vector.FloatVector;\n"
                + "import jdk.incubator.vector.IntVector;\n"
                + "import jdk.incubator.vector.LongVector;\n"
                + "import jdk.incubator.vector.VectorMask;\n"
                + "import jdk.incubator.vector.VectorOperators;\n"
                + "import jdk.incubator.vector.VectorSpecies;\n"
                + declaration(vectorName(), superclass)
                + """

                    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
                    private static final VectorSpecies<Integer> INTEGERS = SPECIES.withLanes(int.class);
                    private static final VectorSpecies<Long> PAIRS = SPECIES.withLanes(long.class);
                    private static final int LANES = SPECIES.length();
                """
                + fields.values().stream().map(field -> "    " + field + "\n").collect(Collectors.joining())
                + (hasTails ? "    private final " + scalarName() + " twin = new " + scalarName() + "();\n" : "")
                + vector + "}\n";
    }

    String scalarSource(@Nullable String superclass) {
        return header() + "import static dev.striate.backend.cpu.simd.Lanes.LANES;\n"
                + "import static dev.striate.backend.cpu.simd.Lanes.fma;\n\n"
                + "import dev.striate.backend.UnaryFunction;\n"
                + declaration(scalarName(), superclass) + scalar + "}\n";
    }

    private static String header() {
        return "// Generated by dev.striate.generator.\npackage dev.striate.backend.cpu.simd;\n\n";
    }

    private String declaration(String className, @Nullable String superclass) {
        return "\n@SuppressWarnings(\"all\")\nfinal class " + className
                + (superclass == null ? " implements " + name : " extends " + superclass) + " {\n";
    }
}
