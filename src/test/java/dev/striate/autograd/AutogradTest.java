package dev.striate.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.AutogradException;
import dev.striate.Device;
import dev.striate.NoGrad;
import dev.striate.Scope;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.internal.Internals;
import dev.striate.op.Linear;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The graph and its walk. Every test runs in a scope and must leave no buffer behind. */
class AutogradTest {

    private static final Device DEVICE = Device.reference();

    private int before;
    private Scope scope;

    @BeforeEach
    void open() {
        before = live();
        scope = Scope.open();
    }

    @AfterEach
    void everythingIsGivenBack() {
        scope.close();
        assertEquals(before, live());
    }

    private static int live() {
        return DEVICE.memory().liveBuffers();
    }

    private static Tensor leaf(float... values) {
        return Tensor.of(DEVICE, values).requiresGrad(true);
    }

    private static void assertGrad(Tensor tensor, float... expected) {
        assertArrayEquals(expected, tensor.grad().toFloatArray());
    }

    // ---- What arrives at leaves

    @Test
    void gradientsAddUpOverPasses() {
        Tensor x = leaf(1, 2);
        assertNull(x.grad());
        x.mul(3).sum().backward();
        x.mul(4).sum().backward();
        assertGrad(x, 7, 7);
        x.zeroGrad();
        assertNull(x.grad());
        x.mul(5).sum().backward();
        assertGrad(x, 5, 5);
    }

    @Test
    void aTensorUsedTwiceByOneOperationGetsBothGradients() {
        Tensor x = leaf(1, 2);
        x.add(x).sum().backward();
        assertGrad(x, 2, 2);
        Tensor y = leaf(3, 4);
        y.mul(y).sum().backward();
        assertGrad(y, 6, 8);
        Tensor z = leaf(3, 4);
        z.sub(z).mul(5).sum().backward();
        assertGrad(z, 0, 0);
    }

    @Test
    void aComputedTensorUsedTwiceByOneOperationGetsBothGradients() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(3);
        y.add(y).mul(2).sum().backward();
        assertGrad(x, 12, 12);
    }

    @Test
    void gradientsOfSeveralPathsMeet() {
        Tensor x = leaf(2);
        Tensor body = x.mul(x).mul(3);
        body.add(x).add(body).sum().backward();
        // 6 x^2 + x
        assertGrad(x, 25);
    }

    /**
     * One addition hands the same gradient to the leaf a and to the node n; what a later operation adds to a's must not
     * show in n's, which still waits.
     */
    @Test
    void aGradientThatStillWaitsIsNotChangedThroughALeaf() {
        Tensor a = leaf(1);
        Tensor w = leaf(1);
        Tensor n = w.mul(2);
        Tensor p = a.mul(3);
        a.add(n).mul(5).add(p).sum().backward();
        assertGrad(a, 8);
        assertGrad(w, 10);
    }

    @Test
    void oneGradientForSeveralInputsOfAnOperationStaysApart() {
        Tensor a = leaf(1);
        Tensor w = leaf(1);
        Tensor n = w.mul(2);
        Tensor p = a.mul(3);
        Tensor sum = Tensor.of(DEVICE, 3);
        Tensor y = Recorder.of("custom", sum)
                .inputs(List.of(a, n), (dy, saved, targets) -> {
                    Tensor both = dy.mul(7);
                    return new Tensor[] {both, both};
                })
                .record();
        y.add(p).sum().backward();
        assertGrad(a, 10);
        assertGrad(w, 14);
    }

    @Test
    void inputsThatNeedNoGradientGetNone() {
        Tensor x = leaf(1, 2);
        Tensor constant = Tensor.of(DEVICE, 3, 4);
        x.mul(constant).sum().backward();
        assertGrad(x, 3, 4);
        assertNull(constant.grad());
        assertFalse(constant.mul(2).requiresGrad());
    }

    @Test
    void detachCutsThePath() {
        Tensor x = leaf(3);
        x.mul(x.detach()).backward();
        assertGrad(x, 3);
        assertFalse(x.mul(2).detach().requiresGrad());
    }

    @Test
    void withRecordingOffNothingIsRecorded() {
        Tensor x = leaf(3);
        try (NoGrad off = NoGrad.open();
                NoGrad again = NoGrad.open()) {
            again.close();
            again.close();
            assertFalse(NoGrad.recording());
            Tensor y = x.mul(2);
            assertFalse(y.requiresGrad());
            assertThrows(AutogradException.class, y::backward);
        }
        assertTrue(NoGrad.recording());
        assertTrue(x.mul(2).requiresGrad());
    }

    /** No thread stays without recording because of what another one closed. */
    @Test
    void anotherThreadMayCloseANoGrad() throws InterruptedException {
        NoGrad outer = NoGrad.open();
        NoGrad inner = NoGrad.open();
        List<Boolean> elsewhere = new ArrayList<>();
        Thread other = new Thread(() -> {
            outer.close();
            outer.close();
            elsewhere.add(NoGrad.recording());
            try (NoGrad own = NoGrad.open()) {
                elsewhere.add(NoGrad.recording());
            }
            elsewhere.add(NoGrad.recording());
        });
        other.start();
        other.join();
        assertEquals(List.of(true, false, true), elsewhere);
        assertFalse(NoGrad.recording());
        outer.close();
        assertFalse(NoGrad.recording());
        inner.close();
        assertTrue(NoGrad.recording());
    }

    // ---- Where a pass starts

    @Test
    void aPassCanStartWithAnyGradient() {
        Tensor x = leaf(1, 2);
        Tensor upstream = Tensor.of(DEVICE, 10, 20);
        x.mul(3).backward(upstream);
        assertGrad(x, 30, 60);
        assertArrayEquals(new float[] {10, 20}, upstream.toFloatArray());
        assertThrows(ShapeException.class, () -> x.mul(3).backward(Tensor.of(DEVICE, 1, 2, 3)));
    }

    @Test
    void aLeafIsItsOwnStart() {
        Tensor x = leaf(5);
        x.backward();
        x.backward();
        assertGrad(x, 2);
        Tensor y = leaf(1, 2);
        Tensor upstream = Tensor.of(DEVICE, 3, 4);
        y.backward(upstream);
        y.grad().fill(0);
        assertArrayEquals(new float[] {3, 4}, upstream.toFloatArray());
    }

    @Test
    void severalElementsNeedAnArgument() {
        Tensor x = leaf(1, 2);
        AutogradException error =
                assertThrows(AutogradException.class, () -> x.mul(2).backward());
        assertTrue(error.getMessage().contains("backward(gradient)"), error.getMessage());
    }

    @Test
    void whatDependsOnNothingHasNoBackward() {
        assertThrows(AutogradException.class, () -> Tensor.of(DEVICE, 1).mul(2).backward());
    }

    @Test
    void onlyLeavesAreAskedForGradients() {
        Tensor y = leaf(1).mul(2);
        AutogradException error = assertThrows(AutogradException.class, () -> y.requiresGrad(false));
        assertTrue(error.getMessage().contains("detach()"), error.getMessage());
    }

    @Test
    void retainGradShowsAGradientInTheMiddle() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(3).retainGrad();
        Tensor z = y.mul(y);
        z.sum().backward();
        assertGrad(y, 6, 12);
        assertGrad(x, 18, 36);
        assertNull(z.grad());
        assertThrows(AutogradException.class, () -> Tensor.of(DEVICE, 1).retainGrad());
    }

    @Test
    void aRetainedGradientIsNotTheOneThatTravelsOn() {
        Tensor x = leaf(1, 2);
        Tensor y = x.reshape(2, 1).retainGrad();
        y.add(y.mul(2)).sum().backward();
        y.grad().fill(0);
        assertGrad(x, 3, 3);
    }

    /**
     * A linear layer after ReLU does ReLU's work in its own gradient, through reshapes too; not where the gradient in
     * between is wanted, and where another operation has used the output as well, that one's share is gated by itself.
     */
    @Test
    void aGateIsPassedOnceWhicheverWayItIs() {
        Tensor w = Tensor.of(DEVICE, new float[][] {{2, 3}});
        for (boolean retained : new boolean[] {false, true}) {
            for (boolean usedTwice : new boolean[] {false, true}) {
                Tensor x = leaf(-1, 4);
                Tensor y = x.relu();
                Tensor row = y.reshape(1, 2);
                if (retained) {
                    y.retainGrad();
                }
                Tensor sum = row.linear(w, null).sum();
                if (usedTwice) {
                    sum = sum.add(y.mul(10).sum());
                }
                sum.backward();
                assertGrad(x, 0, usedTwice ? 13 : 3);
                if (retained) {
                    assertGrad(y, usedTwice ? 12 : 2, usedTwice ? 13 : 3);
                } else {
                    assertNull(y.grad());
                }
            }
        }
    }

    @Test
    void aRetainedReshapeBehindAGateHasTheGradientBeforeIt() {
        Tensor x = leaf(-1, 4);
        Tensor row = x.relu().reshape(1, 2).retainGrad();
        row.linear(Tensor.of(DEVICE, new float[][] {{2, 3}}), null).sum().backward();
        assertGrad(row, 2, 3);
        assertGrad(x, 0, 3);
    }

    /** An output that ReLU was part of has ReLU's gradient, and retains the one before it. */
    @Test
    void whatEndsWithReluHasItsGradient() {
        Tensor x = Tensor.of(DEVICE, new float[][] {{1, 1}}).requiresGrad(true);
        Tensor w = Tensor.of(DEVICE, new float[][] {{2, 3}, {-2, -3}}).requiresGrad(true);
        Tensor y = Linear.withRelu(x, w, null).retainGrad();
        assertArrayEquals(new float[] {5, 0}, y.toFloatArray());
        y.backward(Tensor.of(DEVICE, new float[][] {{7, 8}}));
        assertGrad(y, 7, 8);
        assertGrad(x, 14, 21);
        assertGrad(w, 7, 7, 0, 0);
    }

    /** The gradient of 1 that backward() starts with is not written unless it is read. */
    @Test
    void theFirstGradientIsKnown() {
        Tensor x = leaf(3);
        Tensor seen = Tensor.of(DEVICE, 0);
        Tensor y = Recorder.of("custom", x.mul(2).detach())
                .input(x, (dy, saved) -> {
                    assertTrue(Internals.storage(dy).isKnown(1));
                    seen.assign(dy);
                    assertFalse(Internals.storage(dy).isKnown(1));
                    return dy;
                })
                .record();
        y.backward();
        assertArrayEquals(new float[] {1}, seen.toFloatArray());
        assertGrad(x, 1);
    }

    // ---- What cannot be

    @Test
    void aGraphIsWalkedOnce() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(x);
        Tensor loss = y.sum();
        loss.backward();
        AutogradException error = assertThrows(AutogradException.class, loss::backward);
        assertTrue(error.getMessage().contains("used up by an earlier backward()"), error.getMessage());
        assertThrows(AutogradException.class, () -> y.mul(2).sum().backward());
        assertGrad(x, 2, 4);
    }

    @Test
    void aChangeInPlaceOfWhatWasSavedIsNoticed() {
        Tensor x = leaf(1, 2);
        Tensor w = leaf(3, 4);
        Tensor loss = x.mul(w).sum();
        w.detach().fill(0);
        AutogradException error = assertThrows(AutogradException.class, loss::backward);
        assertTrue(
                error.getMessage().contains("backward: mul needs")
                        && error.getMessage().contains("changed in place"),
                error.getMessage());
        assertNull(x.grad());
        assertNull(w.grad());
    }

    @Test
    void aChangeOfWhatNobodySavedIsFine() {
        Tensor x = leaf(1, 2);
        Tensor constant = Tensor.of(DEVICE, 3, 4);
        Tensor loss = x.add(constant).sum();
        constant.fill(0);
        loss.backward();
        assertGrad(x, 1, 1);
    }

    @Test
    void leavesChangeInPlaceOnlyWithRecordingOff() {
        Tensor x = leaf(1, 2);
        assertThrows(AutogradException.class, () -> x.fill(0));
        assertThrows(AutogradException.class, () -> x.assign(3, 4));
        assertThrows(AutogradException.class, () -> x.addInPlace(1, Tensor.ones(DEVICE, 2)));
        assertArrayEquals(new float[] {1, 2}, x.toFloatArray());
        try (NoGrad off = NoGrad.open()) {
            x.addInPlace(2, Tensor.ones(DEVICE, 2));
        }
        assertArrayEquals(new float[] {3, 4}, x.toFloatArray());
    }

    // ---- Memory

    @Test
    void whatWasSavedOutlivesItsTensor() {
        Tensor x = leaf(1, 2);
        Tensor squares = x.mul(x);
        Tensor y = squares.mul(squares);
        squares.close();
        y.sum().backward();
        assertGrad(x, 4, 32);
    }

    @Test
    void aPassLeavesOnlyTheLeavesGradients() {
        Tensor x = leaf(1, 2);
        Tensor y = leaf(3, 4);
        int live = live();
        Tensor a = x.mul(y);
        Tensor b = a.exp();
        Tensor c = b.add(x);
        Tensor loss = c.mul(c).sum();
        loss.backward();
        for (Tensor tensor : new Tensor[] {a, b, c}) {
            tensor.close();
        }
        // c.mul(c) and the loss are still held by the scope.
        assertEquals(live + 2 + 2, live());
    }

    @Test
    void anEndedScopeGivesBackAGraphThatWasNeverWalked() {
        Tensor x = leaf(1, 2);
        int live = live();
        Tensor kept;
        try (Scope inner = Scope.open()) {
            kept = inner.keep(x.mul(x).exp().sum());
        }
        assertEquals(live + 1, live());
        AutogradException error = assertThrows(AutogradException.class, kept::backward);
        assertTrue(error.getMessage().contains("Scope that has been closed"), error.getMessage());
        assertTrue(Float.isFinite(kept.item()));
    }

    @Test
    void gradientsOutliveTheScopeOfTheirPass() {
        Tensor x = leaf(1, 2);
        try (Scope step = Scope.open()) {
            x.mul(3).sum().backward();
        }
        assertGrad(x, 3, 3);
    }

    @Test
    void aRuleThatFailsLeavesNoMemoryBehind() {
        Tensor x = leaf(1, 2);
        int live = live();
        try (Scope step = Scope.open()) {
            Tensor y = x.mul(2);
            Tensor z = Recorder.of("custom", y.detach())
                    .input(y, (dy, saved) -> {
                        throw new StriateException("no gradient today");
                    })
                    .record();
            Tensor loss = z.mul(3).sum();
            assertThrows(StriateException.class, loss::backward);
        }
        assertEquals(live, live());
    }

    // ---- Scopes

    @Test
    void aScopeClosesWhatItsThreadMade() {
        Tensor outer = Tensor.ones(DEVICE, 1);
        Tensor inner;
        Tensor kept;
        Tensor released;
        try (Scope one = Scope.open()) {
            inner = Tensor.ones(DEVICE, 1);
            kept = one.keep(Tensor.ones(DEVICE, 1));
            released = Internals.release(Tensor.ones(DEVICE, 1));
            assertEquals(outer, one.keep(outer));
        }
        assertThrows(StriateException.class, inner::toFloatArray);
        assertEquals(1, outer.item());
        assertEquals(1, kept.item());
        assertEquals(1, released.item());
        released.close();
    }

    @Test
    void keepHandsToTheNextScopeOnly() {
        Tensor kept;
        try (Scope one = Scope.open()) {
            try (Scope two = Scope.open()) {
                kept = two.keep(Tensor.ones(DEVICE, 1));
            }
            assertEquals(1, kept.item());
        }
        assertThrows(StriateException.class, kept::item);
    }

    @Test
    void scopesCloseInOrder() {
        Scope one = Scope.open();
        Scope two = Scope.open();
        assertThrows(StriateException.class, one::close);
        two.close();
        two.close();
        one.close();
    }

    @Test
    void aScopeDoesNotGrowWithWhatWasClosedInTime() {
        // More than the number at which a scope tidies up, with survivors in between.
        Tensor[] survivors = new Tensor[30];
        for (int i = 0; i < 3000; i++) {
            Tensor tensor = Tensor.ones(DEVICE, 1);
            if (i % 100 == 0) {
                survivors[i / 100] = tensor;
            } else {
                tensor.close();
            }
        }
        scope.close();
        for (Tensor survivor : survivors) {
            assertThrows(StriateException.class, survivor::item);
        }
    }
}
