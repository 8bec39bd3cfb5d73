package dev.striate.op;

import dev.striate.Device;
import org.jspecify.annotations.Nullable;

/** What the reference makes of a case, and how far others may be from it; computed once, on first use. */
final class Expected {

    final OpCase c;
    private @Nullable CaseRun reference;
    private Accuracy.@Nullable Tolerances tolerances;

    Expected(OpCase c) {
        this.c = c;
    }

    CaseRun reference() {
        CaseRun known = reference;
        if (known == null) {
            known = CaseRun.of(c, Device.reference());
            reference = known;
        }
        return known;
    }

    Accuracy.Tolerances tolerances() {
        Accuracy.Tolerances known = tolerances;
        if (known == null) {
            // A case that gives integers only is exact.
            known = reference().outputs().length == 0
                    ? new Accuracy.Tolerances(new double[0][], new double[0][])
                    : c.accuracy().of(c, reference());
            tolerances = known;
        }
        return known;
    }
}
