import dev.striate.Shape;
import dev.striate.data.TargetDataset;
import java.util.Random;

/** Images of 16x16 pixels with a disc, a square and a cross, each of them in every second image, on noise. */
abstract class Shapes implements TargetDataset {

    static final int SIZE = 16;
    static final int KINDS = 3;
    private static final int RADIUS = 3;

    private final int size;
    private final long seed;

    Shapes(int size, long seed) {
        this.size = size;
        this.seed = seed;
    }

    /** The place of each kind of shape in an image, null if the image has none. */
    record Scene(int[][] centres) {

        /** Returns whether a pixel belongs to a shape. */
        boolean covers(int kind, int x, int y) {
            if (centres[kind] == null) {
                return false;
            }
            int dx = Math.abs(x - centres[kind][0]);
            int dy = Math.abs(y - centres[kind][1]);
            return switch (kind) {
                case 0 -> dx * dx + dy * dy <= RADIUS * RADIUS;
                case 1 -> Math.max(dx, dy) == RADIUS;
                default -> Math.min(dx, dy) == 0 && Math.max(dx, dy) <= RADIUS;
            };
        }
    }

    /** The same index always gives the same scene. */
    final Scene scene(int index) {
        Random random = new Random(seed + index * 7919L);
        int[][] centres = new int[KINDS][];
        for (int kind = 0; kind < KINDS; kind++) {
            int x = RADIUS + random.nextInt(SIZE - 2 * RADIUS);
            int y = RADIUS + random.nextInt(SIZE - 2 * RADIUS);
            centres[kind] = random.nextBoolean() ? new int[] {x, y} : null;
        }
        return new Scene(centres);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public Shape imageShape() {
        return Shape.of(1, SIZE, SIZE);
    }

    @Override
    public void read(int index, float[] target, int offset) {
        Scene scene = scene(index);
        Random noise = new Random(~(seed + index));
        for (int y = 0; y < SIZE; y++) {
            for (int x = 0; x < SIZE; x++) {
                float value = 0.3f * (float) noise.nextGaussian();
                for (int kind = 0; kind < KINDS; kind++) {
                    value += scene.covers(kind, x, y) ? 1 : 0;
                }
                target[offset + y * SIZE + x] = value;
            }
        }
    }
}
