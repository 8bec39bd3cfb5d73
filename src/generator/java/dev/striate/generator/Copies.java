package dev.striate.generator;

import java.util.ArrayList;
import java.util.List;

/** Copies of lines of pixels, with all masks in registers: vectors only. */
final class Copies {

    private Copies() {}

    static void write(Loops loops) {
        for (int vectors = 1; vectors <= 3; vectors++) {
            int count = vectors;
            loops.vectorMethod("copyFrames" + vectors, body -> frames(body, count));
        }
        for (int shifts : new int[] {3, 5}) {
            loops.vectorMethod(
                    "@Override void addShifted" + shifts
                            + "(int lines, int length, float[] x, int xOffset, int xLength,"
                            + " int xStep, int[] shifts, int[] masks, float start, float[] y, int yOffset)",
                    body -> addShifted(body, shifts));
        }
    }

    /** Lines of so many vectors: the last of them ends with the line. */
    private static void frames(Body body, int vectors) {
        body.line("int width = frame.width();");
        body.line("int last = width - LANES;");
        body.line("int above = frame.firstLine() * width;");
        body.line("int lines = frame.endLine() - frame.firstLine();");
        body.line("int below = (frame.lines() - frame.endLine()) * width;");
        String[] places = {"0", vectors == 2 ? "last" : "LANES", "last"};
        for (int v = 0; v < vectors; v++) {
            body.line("IntVector mask" + v + " = IntVector.fromArray(INTEGERS, Lanes.EDGES, from(frame.firstX(), "
                    + places[v] + ")).and(IntVector.fromArray(INTEGERS, Lanes.EDGES, below(frame.endX(), " + places[v]
                    + ")));");
        }
        body.block("for (int channel = 0, to = at; channel < channels; channel++)", () -> {
            body.block("for (int i = 0; i < above; i += LANES)", () -> body.store("target", "to + i", body.zero()));
            body.line("to += above;");
            body.line("int start = from + channel * channelStep;");
            body.block("for (int line = 0; line < lines; line++, start += frame.lineStep(), to += width)", () -> {
                for (int v = 0; v < vectors; v++) {
                    Expression pixels =
                            body.load("source", "start + " + places[v]).and("mask" + v);
                    body.store("target", "to + " + places[v], pixels);
                }
            });
            body.block("for (int i = 0; i < below; i += LANES)", () -> body.store("target", "to + i", body.zero()));
            body.line("to += below;");
        });
    }

    /** Lines that a vector holds. */
    private static void addShifted(Body body, int shifts) {
        for (int s = 0; s < shifts; s++) {
            body.line("IntVector mask" + s + " = IntVector.fromArray(INTEGERS, masks, " + s + " * LANES);");
            body.line("int shift" + s + " = xOffset + " + s + " * xStep + shifts[" + s + "];");
        }
        body.block(
                "for (int line = 0, from = 0, to = yOffset; line < lines; line++, from += xLength, to += length)",
                () -> {
                    List<Expression> x = new ArrayList<>();
                    for (int s = 0; s < shifts; s++) {
                        x.add(body.let("x" + s, body.load("x", "shift" + s + " + from")));
                    }
                    Expression sum = body.uniform("start");
                    for (int s = 0; s < shifts; s++) {
                        sum = sum.plus(x.get(s).and("mask" + s));
                    }
                    body.store("y", "to", sum);
                });
    }
}
