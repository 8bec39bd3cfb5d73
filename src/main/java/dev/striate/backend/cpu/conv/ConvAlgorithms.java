package dev.striate.backend.cpu.conv;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.LinearKernels;
import dev.striate.backend.cpu.CpuContext;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All algorithms, one list for each direction. Of those that fit, the one of least cost is taken, and among equals the
 * first: so the result of a call has the same bits for any number of threads.
 */
public final class ConvAlgorithms {

    final List<ConvAlgorithm<Pass>> forward;
    final List<ConvAlgorithm<Pass>> inputGradient;
    final List<ConvAlgorithm<WeightPass>> weightGradient;
    private final @Nullable String forced;

    /** @param forced the name of an algorithm that is taken wherever it fits, for tests; or null */
    public ConvAlgorithms(CpuContext context, LinearKernels linear, @Nullable String forced) {
        this.forced = forced;
        this.forward = List.of(
                WholeImage.forward(linear), new WinogradConv2d(context, false), new PatchConv2d(context, false));
        this.inputGradient = List.of(
                WholeImage.inputGradient(linear),
                new WinogradConv2d(context, true),
                new ShiftedInputGradient(context),
                new PatchConv2d(context, true));
        this.weightGradient = List.of(
                WholeImage.weightGradient(linear),
                new WinogradWeightGradient(context),
                new PositionWeightGradient(context),
                new ChannelWeightGradient(context));
    }

    /** The names of all algorithms. */
    public Set<String> names() {
        return Stream.of(forward, inputGradient, weightGradient)
                .flatMap(List::stream)
                .map(ConvAlgorithm::name)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    public void forward(Conv2dGeometry g, Pass operands) {
        choose(forward, g).run(g, operands);
    }

    public void inputGradient(Conv2dGeometry g, Pass operands) {
        choose(inputGradient, g).run(g, operands);
    }

    public void weightGradient(Conv2dGeometry g, WeightPass operands) {
        choose(weightGradient, g).run(g, operands);
    }

    <O> ConvAlgorithm<O> choose(List<ConvAlgorithm<O>> algorithms, Conv2dGeometry g) {
        // The last of each list fits everything.
        ConvAlgorithm<O> best = algorithms.get(algorithms.size() - 1);
        double least = best.nanos(g);
        for (int i = algorithms.size() - 2; i >= 0; i--) {
            ConvAlgorithm<O> candidate = algorithms.get(i);
            if (!candidate.fits(g)) {
                continue;
            }
            if (candidate.name().equals(forced)) {
                return candidate;
            }
            double nanos = candidate.nanos(g);
            if (nanos <= least) {
                least = nanos;
                best = candidate;
            }
        }
        return best;
    }
}
