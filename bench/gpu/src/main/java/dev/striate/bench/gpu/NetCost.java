package dev.striate.bench.gpu;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.models.Architecture;
import dev.striate.nn.Sequential;
import dev.striate.nn.Summary;
import java.util.List;

/**
 * What training a net comes to.
 *
 * @param trainingFlops multiplications and additions of a step per image: thrice those of the forward pass, but for the
 *     gradient of the images, which nobody needs
 * @param rounding      how far two right losses may lie apart, relative: what the sums of each layer may add
 */
record NetCost(double trainingFlops, double rounding) {

    static NetCost of(Architecture net) {
        try (Sequential model = net.create(Works.CLASSES).initialize(Device.cpu(), new Generator(0))) {
            List<Summary.Row> layers = model.summary(net.batch(1)).rows().stream()
                    .filter(row -> row.multiplyAdds() > 0)
                    .toList();
            double forward =
                    layers.stream().mapToDouble(Summary.Row::multiplyAdds).sum();
            double rounding = layers.stream()
                    .mapToDouble(row -> Digest.rounding(
                            (double) row.multiplyAdds() / row.output().elements()))
                    .sum();
            return new NetCost(2 * (3 * forward - layers.get(0).multiplyAdds()), rounding);
        }
    }
}
