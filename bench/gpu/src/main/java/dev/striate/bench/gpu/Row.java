package dev.striate.bench.gpu;

import dev.striate.Device;
import java.util.Map;
import java.util.function.Function;

/**
 * A piece of work, told for both sides.
 *
 * @param name    for people
 * @param request the same for {@code torch_peer.py}
 * @param cost    what a call comes to
 * @param bounds  how far the sides' digests may lie apart, relative, by their names
 * @param work    on Striate's side
 */
record Row(String name, String request, Cost cost, Map<String, Double> bounds, Function<Device, Work> work) {

    /**
     * What a call comes to; 0 where it has no meaning.
     *
     * @param flops   multiplications and additions of products and convolutions
     * @param bytes   copied
     * @param samples images of a training step
     */
    record Cost(double flops, double bytes, int samples) {}
}
