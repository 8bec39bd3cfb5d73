package dev.striate.nn;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A residual block, {@code relu(body(x) + shortcut(x))} (He et al., 2016). Its parts are named {@code body} and {@code
 * shortcut}.
 */
public final class Residual extends Block {

    private final Block body;
    private final @Nullable Block shortcut;

    /** Creates a block whose shortcut is the input itself. The body has to keep the shape. */
    public Residual(Block body) {
        this(body, null);
    }

    /** @param shortcut maps the input to the output shape of the body; null for the input itself */
    public Residual(Block body, @Nullable Block shortcut) {
        this.body = addChild("body", body);
        this.shortcut = shortcut == null ? null : addChild("shortcut", shortcut);
    }

    @Override
    protected Tensor compute(Tensor x) {
        return join(x, body.forward(x), shortcut == null ? x : shortcut.forward(x));
    }

    @Override
    protected Shape shapeRule(Shape input) {
        List<Shape> shapes =
                sideBySide(() -> body.outputShape(input), () -> shortcut == null ? input : shortcut.outputShape(input));
        return joinShapes(this, shapes.get(0), shapes.get(1));
    }

    /** {@code relu(main + side)}; closes the two unless they are the block's input. */
    static Tensor join(Tensor input, Tensor main, Tensor side) {
        try (Tensor sum = main.add(side)) {
            if (main != input) {
                main.close();
            }
            if (side != input) {
                side.close();
            }
            return sum.relu();
        }
    }

    static Shape joinShapes(Block block, Shape main, Shape side) {
        if (!main.equals(side)) {
            throw new ShapeException(block + ": the body's output is " + main + " but the shortcut's is " + side
                    + "; use a shortcut that maps the input to the body's output shape");
        }
        return main;
    }

    @Override
    public BlockConfig config() {
        return shortcut == null
                ? BlockConfig.of(this).withPart("body", body.config())
                : BlockConfig.of(this).withPart("body", body.config()).withPart("shortcut", shortcut.config());
    }
}
