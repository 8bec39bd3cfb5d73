package dev.striate.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class StridedLoopTest {

    @Test
    void denseOperandsBecomeOneLoop() {
        StridedLoop loop = StridedLoop.of(new int[] {2, 3, 5}, new int[] {15, 5, 1}, new int[] {15, 5, 1});
        assertEquals(1, loop.depth());
        assertEquals(30, loop.size(0));
        assertTrue(loop.isDense(0));
        assertTrue(loop.isDense(1));
    }

    @Test
    void loopsOfOneTurnAreDropped() {
        StridedLoop loop = StridedLoop.of(new int[] {1, 7, 1}, new int[] {99, 1, 42});
        assertEquals(1, loop.depth());
        assertTrue(loop.isDense(0));
    }

    @Test
    void anOperandThatJumpsKeepsLoopsApart() {
        StridedLoop loop = StridedLoop.of(new int[] {2, 3}, new int[] {3, 1}, new int[] {1, 2});
        assertEquals(2, loop.depth());
        assertFalse(loop.isDense(0));
    }

    @Test
    void broadcastAxesMergeAmongThemselves() {
        StridedLoop loop = StridedLoop.of(new int[] {2, 3, 4}, new int[] {0, 0, 1}, new int[] {12, 4, 1});
        assertEquals(2, loop.depth());
        assertEquals(6, loop.size(0));
        assertEquals(0, loop.stride(0, 0));
        assertEquals(4, loop.stride(1, 0));
    }

    @Test
    void nothingToLoopOverIsOneTurn() {
        StridedLoop loop = StridedLoop.of(new int[] {1, 1}, new int[] {5, 5});
        assertEquals(0, loop.depth());
        assertEquals(1, loop.turns());
        assertEquals(0, loop.position(0, 0));
        assertTrue(loop.isDense(0));
        assertTrue(loop.isConstant(0));
    }

    @Test
    void positionsAreThoseOfTheNestAsWritten() {
        int[] sizes = {2, 1, 3, 4};
        int[] transposed = {1, 77, 8, 2};
        int[] broadcast = {0, 5, 4, 1};
        StridedLoop loop = StridedLoop.of(sizes, transposed, broadcast);
        assertEquals(24, loop.turns());
        int turn = 0;
        for (int i = 0; i < 2; i++) {
            for (int k = 0; k < 3; k++) {
                for (int l = 0; l < 4; l++) {
                    assertEquals(i + 8 * k + 2 * l, loop.position(0, turn));
                    assertEquals(4 * k + l, loop.position(1, turn));
                    turn++;
                }
            }
        }
    }

    @Test
    void repeatingOneElementIsConstant() {
        StridedLoop loop = StridedLoop.of(new int[] {4, 5}, new int[] {0, 0}, new int[] {5, 1});
        assertEquals(1, loop.depth());
        assertTrue(loop.isConstant(0));
        assertFalse(loop.isConstant(1));
    }
}
