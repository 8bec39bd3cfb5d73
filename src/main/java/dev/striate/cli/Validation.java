package dev.striate.cli;

import dev.striate.StriateException;
import dev.striate.data.Dataset;
import dev.striate.data.Datasets;
import dev.striate.data.Parts;
import dev.striate.data.Splits;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * What a training is validated on after each epoch.
 *
 * @param share  the share of the training images that is held out; 0 for none
 * @param onTest whether the test set validates, as in runs of versions that had no validation set
 */
record Validation(double share, boolean onTest) {

    private static final String TEST = "test";

    static final Validation ON_TEST = new Validation(0, true);

    /**
     * The images of a run.
     *
     * @param validation null for none
     */
    record Sets(Dataset train, @Nullable Dataset validation, Dataset test) {

        /** {@code 54,000 training, 6,000 validation and 10,000 test images}. */
        @Override
        public String toString() {
            return validation == null || validation == test
                    ? String.format(Locale.ROOT, "%,d training and %,d test images", train.size(), test.size())
                    : String.format(
                            Locale.ROOT,
                            "%,d training, %,d validation and %,d test images",
                            train.size(),
                            validation.size(),
                            test.size());
        }
    }

    /**
     * Holds out images of the training set. The same seed gives the same images. If the share is less than one image,
     * there is no validation set.
     */
    Sets split(Splits splits, long seed) {
        if (onTest) {
            return new Sets(splits.train(), splits.test(), splits.test());
        }
        if (Math.round(share * splits.train().size()) == 0) {
            return new Sets(splits.train(), null, splits.test());
        }
        try {
            Parts<Dataset> parts = Datasets.split(splits.train(), share, seed);
            return new Sets(parts.first(), parts.second(), splits.test());
        } catch (StriateException e) {
            throw new StriateException(
                    "--validation=" + this + ": " + e.getMessage() + "; --validation=0 trains on all images", e);
        }
    }

    @Override
    public String toString() {
        return onTest ? TEST : String.valueOf(share);
    }

    static final class Converter implements ITypeConverter<Validation> {

        @Override
        public Validation convert(String value) {
            if (value.equals(TEST)) {
                return ON_TEST;
            }
            try {
                double share = Double.parseDouble(value);
                if (share >= 0 && share < 1) {
                    return new Validation(share, false);
                }
            } catch (NumberFormatException e) {
                // The same message.
            }
            throw new TypeConversionException("expected a number from 0 to below 1, or 'test', got '" + value + "'");
        }
    }
}
