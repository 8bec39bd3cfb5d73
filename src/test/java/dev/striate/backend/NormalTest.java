package dev.striate.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NormalTest {

    /** Computed with 50 digits and rounded. */
    @ParameterizedTest
    @CsvSource({
        "1e-10, 1.12837916709551258e-10, 9.99999999887162039e-01",
        "0.1, 1.12462916018284897e-01, 8.87537083981715158e-01",
        "0.5, 5.20499877813046519e-01, 4.79500122186953481e-01",
        "1, 8.42700792949714894e-01, 1.57299207050285134e-01",
        "1.4999, 9.66093251662295316e-01, 3.39067483377047327e-02",
        "1.5, 9.66105146475310761e-01, 3.38948535246892738e-02",
        "2, 9.95322265018952712e-01, 4.67773498104726623e-03",
        "3, 9.99977909503001361e-01, 2.20904969985854412e-05",
        "4.5, 9.99999999803383943e-01, 1.96616044154288758e-10",
    })
    void knownValues(double x, double erf, double erfc) {
        assertEquals(erf, Normal.erf(x), 1e-15);
        assertEquals(-erf, Normal.erf(-x), 1e-15);
        assertEquals(erfc, Normal.erfc(x), 1e-14 * Math.max(erfc, 1e-2));
        assertEquals(2 - erfc, Normal.erfc(-x), 1e-15);
    }

    @Test
    void tailsKeepRelativeAccuracy() {
        assertEquals(2.15197367124989128e-17, Normal.erfc(6), 2.15197367124989128e-17 * 1e-14);
    }

    @Test
    void limits() {
        assertEquals(1, Normal.erf(Double.POSITIVE_INFINITY));
        assertEquals(-1, Normal.erf(Double.NEGATIVE_INFINITY));
        assertEquals(0, Normal.erfc(Double.POSITIVE_INFINITY));
        assertEquals(Double.NaN, Normal.erf(Double.NaN));
    }
}
