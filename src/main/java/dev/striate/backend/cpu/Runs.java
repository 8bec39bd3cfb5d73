package dev.striate.backend.cpu;

import dev.striate.backend.StridedLoop;

/**
 * Walks a range of a nest's turns in runs of its innermost loop, along which every operand moves by a constant stride.
 */
final class Runs {

    private final StridedLoop loop;
    private final int from;
    private final int to;
    private final int innermost;
    private final int[] counters;
    private final int[] positions;
    private int remaining;
    private int length;

    /** Before the first run of the turns {@code from .. to-1}. */
    Runs(StridedLoop loop, int from, int to) {
        this.loop = loop;
        this.from = from;
        this.to = to;
        this.innermost = loop.depth() - 1;
        this.counters = new int[loop.depth()];
        this.positions = new int[loop.operands()];
        restart();
    }

    /** Back before the first run. */
    void restart() {
        remaining = to - from;
        length = 0;
        for (int operand = 0; operand < positions.length; operand++) {
            positions[operand] = loop.position(operand, from);
        }
        int rest = from;
        for (int level = innermost; level >= 0; level--) {
            counters[level] = rest % loop.size(level);
            rest /= loop.size(level);
        }
    }

    /** Moves on to the next run; false after the last. */
    boolean next() {
        remaining -= length;
        if (remaining <= 0) {
            return false;
        }
        for (int level = innermost, step = length; level >= 0 && step > 0; level--, step = 1) {
            counters[level] += step;
            boolean wraps = counters[level] == loop.size(level);
            for (int operand = 0; operand < positions.length; operand++) {
                positions[operand] += (wraps ? step - loop.size(level) : step) * loop.stride(operand, level);
            }
            if (!wraps) {
                break;
            }
            counters[level] = 0;
        }
        length = innermost < 0 ? 1 : Math.min(loop.size(innermost) - counters[innermost], remaining);
        return true;
    }

    /** Turns of this run. */
    int length() {
        return length;
    }

    /** Where an operand stands at the start of this run. */
    int position(int operand) {
        return positions[operand];
    }

    /** What an operand moves by from turn to turn; 1 in a nest without loops, whose only run has one turn. */
    int stride(int operand) {
        return innermost < 0 ? 1 : loop.stride(operand, innermost);
    }
}
