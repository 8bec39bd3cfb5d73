package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.striate.StriateException;
import dev.striate.data.Dataset;
import dev.striate.data.Datasets;
import dev.striate.data.TinyDigits;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ClassNamesTest {

    private static final Path MODEL = Path.of("m");
    private final Dataset digits = TinyDigits.test();

    @Test
    void theOrderOfTheClassesDoesNotMatter() {
        List<String> names = digits.classNames();
        assertSame(digits, ClassNames.matchAll(digits, names, MODEL));
        List<String> reversed =
                IntStream.range(0, 10).mapToObj(i -> names.get(9 - i)).toList();
        Dataset matched = ClassNames.matchAll(digits, reversed, MODEL);
        for (int i = 0; i < digits.size(); i++) {
            assertEquals(names.get(digits.label(i)), matched.classNames().get(matched.label(i)));
        }
    }

    @Test
    void aPartOfTheClassesCanBeEvaluatedButNotTrainedFurther() {
        List<String> more = IntStream.range(0, 12).mapToObj(i -> "" + i).toList();
        assertEquals(12, ClassNames.match(digits, more, MODEL).classes());
        StriateException e = assertThrows(StriateException.class, () -> ClassNames.matchAll(digits, more, MODEL));
        assertEquals(
                "m was trained on the classes 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 ... (12 in all); the data set has only 0, 1, 2, 3, 4,"
                        + " 5, 6, 7, 8, 9",
                e.getMessage());
    }

    @Test
    void anUnknownClassIsNamedWithBothLists() {
        StriateException e =
                assertThrows(StriateException.class, () -> ClassNames.match(digits, List.of("0", "one"), MODEL));
        assertEquals(
                "m does not know the class \"1\": its classes are 0, one; those of the data set are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9",
                e.getMessage());
        // Ambiguous names are no match either.
        assertThrows(
                StriateException.class,
                () -> ClassNames.match(
                        Datasets.subset(digits, 10),
                        Collections.nCopies(2, digits.classNames()).stream()
                                .flatMap(List::stream)
                                .toList(),
                        MODEL));
    }
}
