package dev.striate.generator;

import dev.striate.generator.Expression.Type;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * The body of one method, in one of its two versions. Lines of plain Java are copied; what a lane computes is an
 * {@link Expression}.
 */
final class Body {

    private final boolean vector;
    private final StringBuilder text = new StringBuilder();
    /** Vectors that hold one value throughout, by that value: declared ahead of all loops. */
    private final Map<String, String> uniforms = new LinkedHashMap<>();

    private final Map<String, String> fields = new LinkedHashMap<>();
    private final Set<String> names = new HashSet<>();
    private final Map<String, Integer> copies = new HashMap<>();
    private int depth = 2;
    /** Lanes that the scalar version computes side by side. */
    private int group = 1;
    /** What the scalar version adds to an index to get that of its first lane. */
    private String lane = "";

    Body(boolean vector, List<String> parameters) {
        this.vector = vector;
        names.addAll(parameters);
    }

    boolean isVector() {
        return vector;
    }

    /** The whole body. */
    String text() {
        StringBuilder all = new StringBuilder();
        uniforms.forEach((value, name) -> all.append("        ")
                .append(vector ? "FloatVector " : "float ")
                .append(name)
                .append(" = ")
                .append(
                        !vector
                                ? value
                                : fields.containsKey(value)
                                        ? "FloatVector.fromArray(SPECIES, " + value + ", 0)"
                                        : "FloatVector.broadcast(SPECIES, " + value + ")")
                .append(";\n"));
        return all.append(text).toString();
    }

    /** A line of Java that both versions have. */
    void line(String java) {
        text.append("    ".repeat(depth)).append(java).append('\n');
    }

    /** A block of Java, as a loop or a condition, that both versions have. */
    void block(String head, Runnable inner) {
        line(head.isEmpty() ? "{" : head + " {");
        depth++;
        inner.run();
        depth--;
        line("}");
    }

    /**
     * Writes code for all lanes: one block in the vector version, a loop over groups of lanes in the scalar version.
     * That loop runs from the last group to the first, so that both versions leave the same values where a vector
     * extends past the end of its line. Otherwise, groups must not depend on each other.
     */
    void lanes(int lanesOfGroup, Runnable inner) {
        if (vector) {
            block("", inner);
            return;
        }
        group = lanesOfGroup;
        lane = "lane";
        block("for (int lane = LANES - " + lanesOfGroup + "; lane >= 0; lane -= " + lanesOfGroup + ")", inner);
        group = 1;
        lane = "";
    }

    /** The text of a lane's number in the scalar version. */
    String lane(int inGroup) {
        return inGroup == 0 ? lane : lane + " + " + inGroup;
    }

    private Expression of(Type type, IntFunction<String> form) {
        List<String> forms = new ArrayList<>();
        for (int i = 0; i < (vector ? 1 : group); i++) {
            forms.add(form.apply(i));
        }
        return new Expression(this, type, forms);
    }

    Expression constant(float value) {
        String literal = Float.isNaN(value)
                ? "Float.NaN"
                : Float.isInfinite(value)
                        ? (value > 0 ? "Float.POSITIVE_INFINITY" : "Float.NEGATIVE_INFINITY")
                        : value + "f";
        return uniform(literal);
    }

    /** The same value in every lane. */
    Expression uniform(String java) {
        if (!vector && !java.endsWith("()")) {
            return of(Type.FLOAT, i -> java);
        }
        String name = uniforms.computeIfAbsent(java, value -> unique(nameOf(value)));
        return of(Type.FLOAT, i -> name);
    }

    Expression zero() {
        return constant(0);
    }

    /** A name for a vector that holds one value throughout. */
    private static String nameOf(String java) {
        if (java.endsWith("()")) {
            return java.substring(java.indexOf('.') + 1, java.length() - 2);
        }
        return switch (java) {
            case "0.0f" -> "zero";
            case "1.0f" -> "one";
            case "2.0f" -> "two";
            case "0.5f" -> "half";
            default -> Character.isLowerCase(java.charAt(0)) ? java + "Lanes" : "constant";
        };
    }

    /** The same value in every lane, where the place in the code matters. */
    Expression broadcast(String java) {
        return of(Type.FLOAT, i -> vector ? "FloatVector.broadcast(SPECIES, " + java + ")" : java);
    }

    /** A pair of floats, in turn in every lane: vectors only. */
    Expression broadcastPair(String java) {
        return of(
                Type.FLOAT,
                i -> "((FloatVector) LongVector.broadcast(PAIRS, " + java + ").reinterpretShape(SPECIES, 0))");
    }

    /** One value in even lanes, another in odd ones. */
    Expression alternating(float even, float odd) {
        if (!vector) {
            return of(Type.FLOAT, i -> (i % 2 == 0 ? even : odd) + "f");
        }
        String field = ("ALTERNATING_" + even + "_" + odd).replace('-', 'M').replace('.', 'P');
        fields.put(
                field, "private static final float[] " + field + " = Lanes.alternating(" + even + "f, " + odd + "f);");
        return uniform(field);
    }

    /** Static fields that the body needs. */
    Map<String, String> fields() {
        return fields;
    }

    /** Neighbouring elements. */
    Expression load(String array, String index) {
        return of(
                Type.FLOAT,
                i -> vector
                        ? "FloatVector.fromArray(SPECIES, " + array + ", " + index + ")"
                        : element(array, index, i));
    }

    void store(String array, String index, Expression value) {
        for (int i = 0; i < value.forms.size(); i++) {
            line(
                    vector
                            ? value.forms.get(i) + ".intoArray(" + array + ", " + index + ");"
                            : element(array, index, i) + " = " + value.forms.get(i) + ";");
        }
    }

    private String element(String array, String index, int inGroup) {
        return array + "[" + index + (lane.isEmpty() ? "" : " + " + lane(inGroup)) + "]";
    }

    /** Gives a value a name, so that it is computed once. */
    Expression let(String name, Expression value) {
        List<String> declared = new ArrayList<>();
        for (int i = 0; i < value.forms.size(); i++) {
            String unique = unique(value.forms.size() == 1 ? name : name + i);
            line((vector ? value.type.vector : value.type.scalar) + " " + unique + " = " + value.forms.get(i) + ";");
            declared.add(unique);
        }
        return new Expression(this, value.type, Collections.unmodifiableList(declared));
    }

    void assign(Expression variable, Expression value) {
        for (int i = 0; i < value.forms.size(); i++) {
            line(variable.forms.get(i) + " = " + value.forms.get(i) + ";");
        }
    }

    /** A vector of floats as one of pairs. */
    String letPairs(String form) {
        String name = unique("pairs");
        line("LongVector " + name + " = (LongVector) " + form + ".reinterpretShape(PAIRS, 0);");
        return name;
    }

    private String unique(String name) {
        String free = name;
        while (!names.add(free)) {
            free = name + copies.merge(name, 1, Integer::sum);
        }
        return free;
    }
}
