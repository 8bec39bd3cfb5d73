package dev.striate.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.StriateException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ScheduleTest {

    /** The rates are results of a few double operations, rounded once to float. */
    private static final double ROUNDING = 0x1p-23;

    private static void assertRate(double expected, float actual) {
        assertEquals(expected, actual, expected * ROUNDING);
    }

    static Stream<Schedule> all() {
        return Stream.of(
                new Constant(1),
                new StepSchedule(1, 10, .1f),
                new CosineSchedule(1, 0, 10),
                new OneCycleSchedule(1, 10),
                new Warmup(5, new Constant(1)));
    }

    @ParameterizedTest
    @MethodSource("all")
    void stepsCountFromZero(Schedule schedule) {
        assertThrows(StriateException.class, () -> schedule.at(-1));
    }

    @Test
    void stepScheduleFallsInSteps() {
        Schedule schedule = new StepSchedule(.8f, 10, .5f);
        assertEquals(.8f, schedule.at(0));
        assertEquals(.8f, schedule.at(9));
        assertEquals(.4f, schedule.at(10));
        assertEquals(.2f, schedule.at(29));
    }

    @Test
    void cosineGoesFromInitialToMinimumAndStays() {
        Schedule schedule = new CosineSchedule(1, .2f, 8);
        assertRate(1, schedule.at(0));
        assertRate(.2f + .8f * (1 + Math.sqrt(.5)) / 2, schedule.at(2));
        assertRate(.2f + .8f / 2, schedule.at(4));
        assertRate(.2f, schedule.at(8));
        assertRate(.2f, schedule.at(1000));
    }

    @Test
    void oneCycleRisesAndFallsAsPyTorchs() {
        // With 40 steps and a rise of a quarter the top is at step 9 and the end at 39.
        OneCycleSchedule schedule = new OneCycleSchedule(1, 40, .25f, 10, 100);
        assertRate(.1, schedule.at(0));
        assertRate(.1 + .9 * (1 - Math.cos(Math.PI / 3)) / 2, schedule.at(3));
        assertRate(1, schedule.at(9));
        assertRate((1 + .001) / 2, schedule.at(24));
        assertRate(.001, schedule.at(39));
        assertRate(.001, schedule.at(100));
        assertEquals(new OneCycleSchedule(2, 40, .3f, 25, 1e4f), new OneCycleSchedule(2, 40));
    }

    @Test
    void theShortestCycleIsFinite() {
        // The rise takes no step: 0.5 * 2 - 1 = 0.
        OneCycleSchedule schedule = new OneCycleSchedule(1, 2, .5f, 10, 100);
        assertRate(1, schedule.at(0));
        assertRate(.001, schedule.at(1));
    }

    @Test
    void warmupRisesLinearlyAndThenHandsOver() {
        Schedule schedule = new Warmup(4, new StepSchedule(1, 3, .5f));
        float[] expected = {.2f, .4f, .6f, .8f, 1, 1, 1, .5f};
        for (int step = 0; step < expected.length; step++) {
            assertRate(expected[step], schedule.at(step));
        }
    }

    @Test
    void argumentsAreChecked() {
        List<Executable> wrong = List.of(
                () -> new Constant(-1),
                () -> new Constant(Float.NaN),
                () -> new StepSchedule(1, 0, .1f),
                () -> new StepSchedule(1, 1, 0),
                () -> new CosineSchedule(1, -1, 10),
                () -> new CosineSchedule(1, 0, 0),
                () -> new OneCycleSchedule(1, 1),
                () -> new OneCycleSchedule(1, 10, 0, 25, 1e4f),
                () -> new OneCycleSchedule(1, 10, 1, 25, 1e4f),
                () -> new OneCycleSchedule(1, 10, .3f, 0, 1e4f),
                () -> new OneCycleSchedule(1, 10, .3f, 25, 0),
                () -> new Warmup(-1, new Constant(1)));
        wrong.forEach(one -> assertThrows(StriateException.class, one));
        assertTrue(assertThrows(StriateException.class, () -> new Constant(-1))
                .getMessage()
                .contains("learning rate"));
    }
}
