package dev.striate.generator;

/** Element-wise loops of several operands: sums and products, normalisation, and the steps of the optimisers. */
final class Updates {

    private Updates() {}

    static void write(Loops loops) {
        loops.elementwise("add", e -> e.store("y", e.load("a").plus(e.load("b"))));
        loops.elementwise("multiply", e -> e.store("y", e.load("a").times(e.load("b"))));
        loops.elementwise("addScaled", e -> e.store("y", e.load("x").fma(e.uniform("scale"), e.load("y"))));
        loops.elementwise(
                "scaleAndShift",
                e -> e.store("y", e.load("x").minus(e.uniform("center")).fma(e.uniform("scale"), e.uniform("shift"))));
        loops.elementwise("normGradient", e -> {
            Expression centred = e.load("x").minus(e.uniform("mean"));
            Expression rest = e.load("dy").minus(e.uniform("shiftShare"));
            e.store("dx", rest.minus(centred.times(e.uniform("scaleShare"))).times(e.uniform("factor")));
        });
        loops.elementwise("descend", e -> {
            Expression weight = e.load("w");
            Expression d = e.load("g").plus(weight.times(e.uniform("weightDecay")));
            e.store("w", weight.minus(d.times(e.uniform("rate"))));
        });
        loops.elementwise("descendWithMomentum", e -> {
            Expression weight = e.load("w");
            Expression momentum = e.uniform("momentum");
            Expression d = e.let("d", e.load("g").plus(weight.times(e.uniform("weightDecay"))));
            Expression damped = d.times(e.uniform("undamped"));
            Expression velocity = e.let("velocity", e.load("v").times(momentum).plus(damped));
            e.store("v", velocity);
            Expression direction = d.plus(velocity.times(momentum)).orElse("nesterov", velocity);
            e.store("w", weight.minus(direction.times(e.uniform("rate"))));
        });
        loops.elementwise("adam", e -> {
            Expression weight = e.load("w");
            Expression d = e.let("d", e.load("g").plus(weight.times(e.uniform("factors.coupledDecay()"))));
            Expression freshMean = d.times(e.uniform("factors.rest1()"));
            Expression mean = e.let(
                    "mean", e.load("m").times(e.uniform("factors.beta1()")).plus(freshMean));
            Expression freshSquare = d.times(e.uniform("factors.rest2()")).times(d);
            Expression square = e.let(
                    "square", e.load("v").times(e.uniform("factors.beta2()")).plus(freshSquare));
            e.store("m", mean);
            e.store("v", square);
            Expression deviation = square.sqrt().over(e.uniform("factors.rootOfCorrection2()"));
            Expression step =
                    mean.times(e.uniform("factors.rate()")).over(deviation.plus(e.uniform("factors.epsilon()")));
            e.store("w", weight.times(e.uniform("factors.shrink()")).minus(step));
        });
    }
}
