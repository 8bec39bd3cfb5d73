package dev.striate.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.striate.StriateException;
import org.junit.jupiter.api.Test;

class EvaluationTest {

    /** Of 4 images of class 0 one is missed; class 1 has none, and one is taken for it; of class 2 nothing is found. */
    private static final Evaluation E = new Evaluation(0, new int[0], new int[][] {{3, 1, 0}, {0, 0, 0}, {2, 0, 0}});

    @Test
    void scoresFollowTheirDefinitions() {
        assertEquals(6, E.total());
        assertEquals(3, E.correct());
        assertEquals(0.5, E.accuracy());
        assertEquals(3 / 4.0, E.recall(0));
        assertEquals(3 / 5.0, E.precision(0));
        assertEquals(2 * 0.75 * 0.6 / (0.75 + 0.6), E.f1(0), 1e-15);
    }

    @Test
    void aClassWithoutImagesHasNoRecall() {
        assertEquals(Double.NaN, E.recall(1));
        assertEquals(0, E.precision(1));
        assertEquals(0, E.f1(1));
    }

    @Test
    void aClassThatIsNeverPredictedHasNoPrecision() {
        assertEquals(0, E.recall(2));
        assertEquals(Double.NaN, E.precision(2));
        assertEquals(0, E.f1(2));
    }

    @Test
    void aClassThatIsNotThereIsRefused() {
        assertThrows(StriateException.class, () -> E.recall(3));
        assertThrows(StriateException.class, () -> E.precision(-1));
        assertThrows(StriateException.class, () -> E.f1(3));
    }

    @Test
    void ofAPastEpochThereAreTheNumbersOnly() {
        assertEquals(E.toString(), E.past().toString());
        assertEquals(E.accuracy(), E.past().accuracy());
        StriateException e = assertThrows(StriateException.class, () -> E.past().recall(0));
        assertEquals(
                "class 0 does not exist, expected none: there is no confusion matrix for past epochs, nor without classes",
                e.getMessage());
    }
}
