package dev.striate.io;

import java.util.List;

/**
 * What was loaded from a file that need not fit.
 *
 * @param loaded     the names of the tensors that were loaded
 * @param missing    those that the file does not have
 * @param unexpected the file's tensors that the network does not have
 * @param misshapen  those that have another shape in the file, or a type that cannot be read, with the reason
 */
public record LoadReport(List<String> loaded, List<String> missing, List<String> unexpected, List<String> misshapen) {

    public LoadReport {
        loaded = List.copyOf(loaded);
        missing = List.copyOf(missing);
        unexpected = List.copyOf(unexpected);
        misshapen = List.copyOf(misshapen);
    }

    /** Returns whether the file had exactly the tensors of the network. */
    public boolean isComplete() {
        return missing.isEmpty() && unexpected.isEmpty() && misshapen.isEmpty();
    }
}
