package dev.striate.generator;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/**
 * One value per lane. In the vector version of a loop its form is an expression of one vector; in the scalar version it
 * has a form for each lane of a group. An operation composes the texts of its operands, so the two versions perform the
 * same operations in the same order and have the same bits.
 */
final class Expression {

    /** What a lane holds. */
    enum Type {
        FLOAT("FloatVector", "float"),
        INT("IntVector", "int"),
        MASK("VectorMask<Float>", "boolean");

        final String vector;
        final String scalar;

        Type(String vector, String scalar) {
            this.vector = vector;
            this.scalar = scalar;
        }
    }

    final Body body;
    final Type type;
    final List<String> forms;

    Expression(Body body, Type type, List<String> forms) {
        this.body = body;
        this.type = type;
        this.forms = forms;
    }

    Expression plus(Expression other) {
        return infix("add", "+", other);
    }

    Expression minus(Expression other) {
        return infix("sub", "-", other);
    }

    Expression times(Expression other) {
        return infix("mul", "*", other);
    }

    Expression over(Expression other) {
        return infix("div", "/", other);
    }

    Expression plus(float constant) {
        return plus(body.constant(constant));
    }

    Expression minus(float constant) {
        return minus(body.constant(constant));
    }

    Expression times(float constant) {
        return times(body.constant(constant));
    }

    /** {@code this * factor + summand}, rounded once. */
    Expression fma(Expression factor, Expression summand) {
        List<String> result = new ArrayList<>();
        for (int i = 0; i < forms.size(); i++) {
            String a = forms.get(i);
            String b = factor.forms.get(i);
            String c = summand.forms.get(i);
            result.add(body.isVector() ? a + ".fma(" + b + ", " + c + ")" : "fma(" + a + ", " + b + ", " + c + ")");
        }
        return new Expression(body, Type.FLOAT, result);
    }

    /** The polynomial in this variable with these coefficients, highest power first, by Horner's rule. */
    Expression polynomial(float... coefficients) {
        Expression result = body.constant(coefficients[0]);
        for (int i = 1; i < coefficients.length; i++) {
            result = result.fma(this, body.constant(coefficients[i]));
        }
        return result;
    }

    Expression negate() {
        return call(a -> a + ".neg()", a -> "(-" + a + ")");
    }

    Expression abs() {
        return call(a -> a + ".abs()", a -> "Math.abs(" + a + ")");
    }

    Expression sqrt() {
        return call(a -> a + ".sqrt()", a -> "(float) Math.sqrt(" + a + ")");
    }

    Expression max(Expression other) {
        return combine(Type.FLOAT, other, (a, b) -> a + ".max(" + b + ")", (a, b) -> "Math.max(" + a + ", " + b + ")");
    }

    Expression min(Expression other) {
        return combine(Type.FLOAT, other, (a, b) -> a + ".min(" + b + ")", (a, b) -> "Math.min(" + a + ", " + b + ")");
    }

    Expression isBelow(Expression other) {
        return compare("LT", "<", other);
    }

    Expression isAbove(Expression other) {
        return compare("GT", ">", other);
    }

    Expression isAtLeast(Expression other) {
        return compare("GE", ">=", other);
    }

    Expression isAtMost(Expression other) {
        return compare("LE", "<=", other);
    }

    Expression isEqualTo(Expression other) {
        return compare("EQ", "==", other);
    }

    Expression isBelow(float constant) {
        return isBelow(body.constant(constant));
    }

    Expression isAbove(float constant) {
        return isAbove(body.constant(constant));
    }

    /** Of a mask: the one value where it is set, the other elsewhere. */
    Expression choose(Expression yes, Expression no) {
        List<String> result = new ArrayList<>();
        for (int i = 0; i < forms.size(); i++) {
            String mask = forms.get(i);
            String a = yes.forms.get(i);
            String b = no.forms.get(i);
            result.add(
                    body.isVector() ? b + ".blend(" + a + ", " + mask + ")" : "(" + mask + " ? " + a + " : " + b + ")");
        }
        return new Expression(body, yes.type, result);
    }

    /** This value if a condition holds, which is the same for all lanes, or another. */
    Expression orElse(String condition, Expression other) {
        BinaryOperator<String> form = (a, b) -> "(" + condition + " ? " + a + " : " + b + ")";
        return combine(type, other, form, form);
    }

    /**
     * The bits of a float. The species is a constant: C2 does not always know the one that {@code reinterpretAsInts}
     * looks up, and then boxes the vector.
     */
    Expression bits() {
        return convert(
                Type.INT,
                a -> "((IntVector) " + a + ".reinterpretShape(INTEGERS, 0))",
                a -> "Float.floatToRawIntBits(" + a + ")");
    }

    /** The float that has these bits. */
    Expression toFloat() {
        return convert(
                Type.FLOAT,
                a -> "((FloatVector) " + a + ".reinterpretShape(SPECIES, 0))",
                a -> "Float.intBitsToFloat(" + a + ")");
    }

    Expression plusInt(int constant) {
        return convert(Type.INT, a -> a + ".add(" + constant + ")", a -> "(" + a + " + " + constant + ")");
    }

    Expression minusInt(int constant) {
        return convert(Type.INT, a -> a + ".sub(" + constant + ")", a -> "(" + a + " - " + constant + ")");
    }

    Expression shiftLeft(int bits) {
        return convert(
                Type.INT, a -> a + ".lanewise(VectorOperators.LSHL, " + bits + ")", a -> "(" + a + " << " + bits + ")");
    }

    Expression shiftRight(int bits) {
        return convert(
                Type.INT, a -> a + ".lanewise(VectorOperators.ASHR, " + bits + ")", a -> "(" + a + " >> " + bits + ")");
    }

    /** This value where a vector of bits is set, 0 elsewhere: vectors only. Vector masks are slow before Java 18. */
    Expression and(String mask) {
        return convert(
                Type.FLOAT,
                a -> "((FloatVector) ((IntVector) " + a + ".reinterpretShape(INTEGERS, 0)).and(" + mask
                        + ").reinterpretShape(SPECIES, 0))",
                a -> a);
    }

    /** This value in the last lanes, 0 in the others. */
    Expression inLast(String count) {
        return within("LANES + " + count, lane -> lane + " >= LANES - " + count);
    }

    /** This value in the first lanes, 0 in the others. */
    Expression inFirst(String count) {
        return within("LANES - " + count, lane -> lane + " < " + count);
    }

    private Expression within(String window, UnaryOperator<String> condition) {
        if (body.isVector()) {
            return and("IntVector.fromArray(INTEGERS, Lanes.EDGES, " + window + ")");
        }
        List<String> result = new ArrayList<>();
        for (int i = 0; i < forms.size(); i++) {
            result.add("(" + condition.apply(body.lane(i)) + " ? " + forms.get(i) + " : 0f)");
        }
        return new Expression(body, Type.FLOAT, result);
    }

    /** Neighbours change places. By shifting pairs of 32 bit: C2 boxes shuffles now and then. */
    Expression swapped() {
        if (body.isVector()) {
            String name = body.letPairs(forms.get(0));
            return new Expression(
                    body,
                    Type.FLOAT,
                    List.of("((FloatVector) " + name + ".lanewise(VectorOperators.LSHL, 32).or(" + name
                            + ".lanewise(VectorOperators.LSHR, 32)).reinterpretShape(SPECIES, 0))"));
        }
        List<String> result = new ArrayList<>();
        for (int i = 0; i < forms.size(); i++) {
            result.add(forms.get(i ^ 1));
        }
        return new Expression(body, Type.FLOAT, result);
    }

    private Expression compare(String operator, String sign, Expression other) {
        return combine(
                Type.MASK,
                other,
                (a, b) -> a + ".compare(VectorOperators." + operator + ", " + b + ")",
                (a, b) -> "(" + a + " " + sign + " " + b + ")");
    }

    private Expression infix(String method, String sign, Expression other) {
        return combine(
                type,
                other,
                (a, b) -> a + "." + method + "(" + b + ")",
                (a, b) -> "(" + a + " " + sign + " " + b + ")");
    }

    private Expression call(UnaryOperator<String> vector, UnaryOperator<String> scalar) {
        return convert(type, vector, scalar);
    }

    private Expression convert(Type to, UnaryOperator<String> vector, UnaryOperator<String> scalar) {
        return new Expression(
                body, to, forms.stream().map(body.isVector() ? vector : scalar).toList());
    }

    private Expression combine(
            Type to, Expression other, BinaryOperator<String> vector, BinaryOperator<String> scalar) {
        BinaryOperator<String> form = body.isVector() ? vector : scalar;
        List<String> result = new ArrayList<>();
        for (int i = 0; i < forms.size(); i++) {
            result.add(form.apply(forms.get(i), other.forms.get(i)));
        }
        return new Expression(body, to, result);
    }
}
