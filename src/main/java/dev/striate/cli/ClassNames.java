package dev.striate.cli;

import dev.striate.StriateException;
import dev.striate.data.Dataset;
import dev.striate.data.Datasets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Matches the classes of a data set with those of a model, by name. */
final class ClassNames {

    private static final int MOST_SHOWN = 10;

    private ClassNames() {}

    /**
     * Returns the data set with its labels converted to those of a model, or the data set itself if the model's classes
     * have no names.
     *
     * @param model for errors
     * @throws StriateException if the data set has a class that the model does not know
     */
    static Dataset match(Dataset images, List<String> known, Path model) {
        if (known.isEmpty()) {
            return images;
        }
        Set<String> all = new HashSet<>(known);
        for (String name : images.classNames()) {
            if (!all.contains(name)) {
                throw new StriateException(model + " does not know the class \"" + name + "\": its classes are "
                        + shortened(known) + "; those of the data set are " + shortened(images.classNames()));
            }
        }
        return Datasets.withClasses(images, known);
    }

    /**
     * Matches like {@link #match}, and requires that the data set has all classes of the model.
     *
     * @throws StriateException if a class is missing, or as for {@link #match}
     */
    static Dataset matchAll(Dataset images, List<String> known, Path model) {
        Dataset matched = match(images, known, model);
        if (images.classes() < known.size()) {
            throw new StriateException(model + " was trained on the classes " + shortened(known)
                    + "; the data set has only " + shortened(images.classNames()));
        }
        return matched;
    }

    /** {@code cat, dog, horse ... (100 in all)}. */
    private static String shortened(List<String> names) {
        String shown = String.join(", ", names.subList(0, Math.min(names.size(), MOST_SHOWN)));
        return names.size() <= MOST_SHOWN ? shown : shown + " ... (" + names.size() + " in all)";
    }
}
