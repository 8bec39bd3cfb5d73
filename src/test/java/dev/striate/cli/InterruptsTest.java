package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.JavaProcess;
import dev.striate.data.DataLoader;
import dev.striate.data.TinyDigits;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.Sequential;
import dev.striate.optim.Adam;
import dev.striate.train.BatchEnd;
import dev.striate.train.Checkpoint;
import dev.striate.train.CheckpointWriter;
import dev.striate.train.StepCurve;
import dev.striate.train.Stop;
import dev.striate.train.StopSwitch;
import dev.striate.train.Trainer;
import dev.striate.train.TrainingListener;
import dev.striate.train.TrainingResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Signals, to a training in another JVM. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no request to terminate")
class InterruptsTest {

    @TempDir
    private Path directory;

    /**
     * A training without end, with the checkpoint's file for an argument; with a second one, its third step lasts for
     * ever.
     */
    static final class Endless {

        public static void main(String[] arguments) {
            Device device = Device.cpu(1);
            StopSwitch stop = new StopSwitch();
            CountDownLatch never = new CountDownLatch(1);
            TrainingResult result;
            try (Sequential net =
                            new Sequential(new Flatten(), new Linear(64, 10)).initialize(device, new Generator(1));
                    Adam adam = new Adam(net.parameters(), 0.001f);
                    Interrupts interrupts = Interrupts.askFor(stop)) {
                result = Trainer.of(net, adam, device)
                        .listener(new CheckpointWriter(Path.of(arguments[0]), Map.of()))
                        .listener(new TrainingListener() {
                            @Override
                            public void onBatch(BatchEnd batch) {
                                if (batch.epoch() == 1 && batch.step() == 3) {
                                    System.out.println("third step");
                                    if (arguments.length > 1) {
                                        await(never);
                                    }
                                }
                            }
                        })
                        .listener(stop)
                        .fit(DataLoader.of(TinyDigits.train(), 32).shuffle(1), null, Integer.MAX_VALUE);
            }
            System.out.println("RESULT " + result.stop().reason());
            System.exit(Interrupts.STATUS);
        }

        private static void await(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @Test
    void theMessageSaysHowToGoOn() {
        Stop stop = Stop.interrupt("interrupted after epoch 3");
        TrainingResult some = new TrainingResult(
                List.of(), null, null, 0, new StepCurve(1, 0, new float[0], new float[0]), 1.5, 1, stop);
        assertEquals(
                "interrupted after epoch 3; go on with: ./striate lenet --resume=x",
                Interrupts.message(some, "./striate lenet --resume=x"));
        stop = Stop.interrupt("interrupted before the first step");
        TrainingResult none = new TrainingResult(
                List.of(), null, null, 0, new StepCurve(1, 0, new float[0], new float[0]), 0, 1, stop);
        assertEquals(
                "interrupted before the first step; there is no checkpoint to resume from",
                Interrupts.message(none, "./striate lenet --resume=x"));
    }

    @Test
    void theFirstSignalEndsTheTrainingAfterTheStep() throws Exception {
        Path file = directory.resolve("checkpoint.safetensors");
        try (JavaProcess training = JavaProcess.start(Endless.class, file.toString())) {
            training.awaitLine("third step");
            training.terminate();
            training.awaitLine("finishing the current step");
            String reason = training.awaitLine("RESULT ");
            assertEquals(Interrupts.STATUS, training.awaitStatus());
            assertTrue(reason.startsWith("RESULT interrupted "), reason);
            assertEquals(reason, "RESULT interrupted " + Checkpoint.read(file).inWords());
        }
    }

    @Test
    void theSecondSignalEndsTheProgram() throws Exception {
        Path file = directory.resolve("checkpoint.safetensors");
        try (JavaProcess training = JavaProcess.start(Endless.class, file.toString(), "blocked")) {
            training.awaitLine("third step");
            training.terminate();
            training.awaitLine("finishing the current step");
            training.terminate();
            assertEquals(Interrupts.STATUS, training.awaitStatus());
            assertFalse(Files.exists(file));
        }
    }
}
