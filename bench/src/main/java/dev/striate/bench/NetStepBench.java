package dev.striate.bench;

import dev.striate.bench.common.Cost;
import dev.striate.bench.common.Net;
import dev.striate.bench.common.Striate;
import dev.striate.bench.common.TrainingWork;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** One training step on images that are already tensors, net and batch: forward, backward, update, reading the loss. */
public class NetStepBench extends DeviceBench {

    @Param({"digits:32", "lenet:64", "lenet:128", "cifar:128"})
    public String net;

    private TrainingWork training;

    private Net net() {
        return Net.named(net.substring(0, net.indexOf(':')));
    }

    private int batch() {
        return Integer.parseInt(net.substring(net.indexOf(':') + 1));
    }

    @Override
    void prepare() {
        training = new Striate(opened).training(net(), batch(), 1);
        training.restart();
    }

    @Setup(Level.Iteration)
    public void settle() {
        training.settle();
    }

    @Override
    Cost cost(String benchmark) {
        return net().trainingCost(batch());
    }

    @Benchmark
    public void step() {
        measure(training::run);
    }
}
