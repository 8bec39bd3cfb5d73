package dev.striate.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.ClassificationOptions;
import dev.striate.Device;
import dev.striate.IntTensor;
import dev.striate.LossReduction;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The composed losses against the formulas of PyTorch's and torchvision's documentation, written out here. */
class LossFormulasTest {

    private static final double CLOSE = 1e-12;
    private static final Device DEVICE = Device.reference();
    private static final float[] LOGITS = {1.5f, -0.5f, 0.25f, 2, -1, 0.5f, 0, 3, -2, 1, 0.75f, -0.25f};
    private static final float[] TARGETS = {1, 0, 0.5f, 1, 0, 0, 1, 0.25f, 0, 1, 1, 0};
    private static final int[] LABELS = {2, 0, -100, 1};
    private static final float[] WEIGHTS = {0.5f, 2, 3};

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** torch.nn.CrossEntropyLoss(weight, ignore_index, reduction, label_smoothing). */
    @Test
    void crossEntropyWithClassWeights() {
        for (double smoothing : new double[] {0, 0.2f}) {
            double[] losses = new double[4];
            double weights = 0;
            for (int n = 0; n < 4; n++) {
                double sum = 0;
                for (int c = 0; c < 3; c++) {
                    sum += Math.exp(LOGITS[3 * n + c]);
                }
                if (LABELS[n] >= 0) {
                    for (int c = 0; c < 3; c++) {
                        double target = (c == LABELS[n] ? 1 - smoothing : 0) + smoothing / 3;
                        losses[n] -= target * WEIGHTS[c] * (LOGITS[3 * n + c] - Math.log(sum));
                    }
                    weights += WEIGHTS[LABELS[n]];
                }
            }
            double total = losses[0] + losses[1] + losses[3];
            ClassificationOptions options =
                    ClassificationOptions.DEFAULT.withClassWeights(WEIGHTS).withLabelSmoothing((float) smoothing);
            assertEquals(total / weights, loss(options), 1e-7);
            assertEquals(total, loss(options.withReduction(LossReduction.SUM)), 1e-6);
            float[] each = logits().crossEntropy(labels(), options.withReduction(LossReduction.NONE))
                    .toFloatArray();
            for (int n = 0; n < 4; n++) {
                assertEquals(losses[n], each[n], 1e-6);
            }
            assertEquals(
                    total / weights,
                    logits().crossEntropyWithPredictions(labels(), options)
                            .loss()
                            .item(),
                    1e-6);
        }
        ClassificationOptions two = ClassificationOptions.DEFAULT.withClassWeights(1, 2);
        String message = assertThrows(ShapeException.class, () -> loss(two)).getMessage();
        assertEquals("crossEntropy: expected a weight for each of the 3 classes, got 2", message);
        assertThrows(ShapeException.class, () -> two.withClassWeights(1, -1));
        assertThrows(ShapeException.class, () -> two.withClassWeights(1, Float.NaN));
    }

    private static float loss(ClassificationOptions options) {
        return logits().crossEntropy(labels(), options).item();
    }

    /** torch.nn.BCEWithLogitsLoss(pos_weight). */
    @Test
    void binaryCrossEntropy() {
        double sum = 0;
        double weighted = 0;
        for (int i = 0; i < 12; i++) {
            double p = 1 / (1 + Math.exp(-LOGITS[i]));
            double positive = -TARGETS[i] * Math.log(p);
            double negative = -(1 - TARGETS[i]) * Math.log(1 - p);
            sum += positive + negative;
            weighted += WEIGHTS[i % 3] * positive + negative;
        }
        assertEquals(sum / 12, logits().binaryCrossEntropyWithLogits(targets()).item(), 1e-7);
        assertEquals(
                weighted,
                logits().binaryCrossEntropyWithLogits(targets(), Tensor.of(DEVICE, WEIGHTS), LossReduction.SUM)
                        .item(),
                1e-6);
        assertThrows(ShapeException.class, () -> logits().binaryCrossEntropyWithLogits(Tensor.ones(DEVICE, 4)));
    }

    /** torch.nn.HuberLoss(delta). */
    @Test
    void huber() {
        double sum = 0;
        for (int i = 0; i < 12; i++) {
            double d = Math.abs(LOGITS[i] - TARGETS[i]);
            sum += d <= 0.75 ? d * d / 2 : 0.75 * (d - 0.75 / 2);
        }
        assertEquals(sum, logits().huber(targets(), 0.75f, LossReduction.SUM).item(), 1e-6);
        assertEquals(
                sum / 12, logits().huber(targets(), 0.75f, LossReduction.MEAN).item(), 1e-7);
        assertThrows(ShapeException.class, () -> logits().huber(targets(), 0, LossReduction.SUM));
        assertThrows(ShapeException.class, () -> logits().huber(Tensor.ones(DEVICE, 4)));
    }

    /** torchvision.ops.sigmoid_focal_loss(alpha, gamma). */
    @Test
    void focalLoss() {
        double sum = 0;
        for (int i = 0; i < 12; i++) {
            double p = 1 / (1 + Math.exp(-LOGITS[i]));
            double t = TARGETS[i];
            double entropy = -t * Math.log(p) - (1 - t) * Math.log(1 - p);
            double ofTarget = p * t + (1 - p) * (1 - t);
            sum += (0.25 * t + 0.75 * (1 - t)) * Math.pow(1 - ofTarget, 2) * entropy;
        }
        assertEquals(
                sum, logits().focalLoss(targets(), 0.25f, 2, LossReduction.SUM).item(), 1e-6);
        assertThrows(ShapeException.class, () -> logits().focalLoss(targets(), 2, 2, LossReduction.SUM));
        assertThrows(ShapeException.class, () -> logits().focalLoss(targets(), 0.5f, -1, LossReduction.SUM));
    }

    @Test
    void diceLoss() {
        double mean = 0;
        for (int n = 0; n < 4; n++) {
            double common = 0;
            double both = 0;
            for (int i = 3 * n; i < 3 * n + 3; i++) {
                double p = 1 / (1 + Math.exp(-LOGITS[i]));
                common += p * TARGETS[i];
                both += p + TARGETS[i];
            }
            mean += (1 - (2 * common + 1) / (both + 1)) / 4;
        }
        assertEquals(mean, logits().diceLoss(targets(), 1, LossReduction.MEAN).item(), 1e-7);
        assertThrows(
                ShapeException.class,
                () -> Tensor.ones(DEVICE, 3).diceLoss(Tensor.ones(DEVICE, 3), 1, LossReduction.MEAN));
    }

    @Test
    void mseOfEachElement() {
        float[] each = logits().mse(targets(), LossReduction.NONE).toFloatArray();
        for (int i = 0; i < 12; i++) {
            double d = LOGITS[i] - TARGETS[i];
            assertEquals(d * d, each[i], CLOSE);
        }
        assertTrue(logits().mse(targets()).item() > 0);
    }

    private static Tensor logits() {
        return Tensor.of(DEVICE, Shape.of(4, 3), LOGITS);
    }

    private static Tensor targets() {
        return Tensor.of(DEVICE, Shape.of(4, 3), TARGETS);
    }

    private static IntTensor labels() {
        return IntTensor.of(DEVICE, LABELS);
    }
}
