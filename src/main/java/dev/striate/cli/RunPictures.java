package dev.striate.cli;

import dev.striate.NoGrad;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.data.Dataset;
import dev.striate.nn.Block;
import dev.striate.plot.ConfusionMatrix;
import dev.striate.plot.Curves;
import dev.striate.plot.Filters;
import dev.striate.plot.RunPage;
import dev.striate.plot.Samples;
import dev.striate.train.Evaluation;
import dev.striate.train.TrainingResult;
import java.nio.file.Path;
import java.util.Map;

/**
 * The pictures of a trained model: learning curves, confusion matrix, some test images and the first layer's filters.
 *
 * @param prefix the start of the file names
 */
record RunPictures(String prefix, Block model, Dataset testing, TrainingResult result, Evaluation test) {

    private static final System.Logger LOG = System.getLogger(RunPictures.class.getName());

    /**
     * Writes the pictures to a directory. Returns false if they cannot be drawn: on a machine without fonts, the rest
     * of the result must not be lost.
     */
    boolean write(Path directory) {
        try {
            new Curves(result.epochs(), result.curve()).write(directory.resolve(prefix + "curves.png"));
            new ConfusionMatrix(test, testing.classNames()).write(directory.resolve(prefix + "confusion.png"));
            filters().write(directory.resolve(prefix + "filters.png"));
            new Samples(testing, test, testing.classNames()).write(directory.resolve(prefix + "samples.png"));
            return true;
        } catch (StriateException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot draw the pictures of the run: {0}", e.getMessage());
            return false;
        }
    }

    /** @param whose the start of the headings: a name with a colon, or nothing */
    void show(RunPage page, String whose) {
        page.picture(
                        prefix + "curves.png",
                        whose + "Training curves",
                        "Loss, accuracy and learning rate. Losses and rates of the steps are means of several steps if there are many.")
                .picture(
                        prefix + "confusion.png",
                        whose + "Confusion matrix",
                        "Test images by true and predicted class.")
                .picture(
                        prefix + "samples.png",
                        whose + "Sample predictions",
                        "Test images with their predicted classes, mistakes first.")
                .picture(prefix + "filters.png", whose + "Filters", "Weights of the first layer.");
    }

    /**
     * Returns the weights of the first layer that has images as input: a convolution, or a linear layer on all their
     * pixels.
     */
    private Filters filters() {
        Shape image = testing.imageShape();
        try (NoGrad off = NoGrad.open();
                Scope scope = Scope.open()) {
            for (Map.Entry<String, Tensor> parameter : model.parameters().entrySet()) {
                String layer = parameter.getKey().replaceAll("\\.weight$", "");
                Tensor weight = parameter.getValue();
                Shape shape = weight.shape();
                if (shape.rank() == 4) {
                    return new Filters(layer, weight);
                }
                if (shape.rank() == 2 && shape.size(1) == image.elements()) {
                    return new Filters(
                            layer, weight.reshape(shape.size(0), image.size(0), image.size(1), image.size(2)));
                }
            }
        }
        throw new StriateException("the model has no layer whose weights can be drawn");
    }
}
