package dev.striate.models;

import java.util.List;

/**
 * The classes of a picture, the most likely first.
 *
 * @param ranking all classes with their probabilities
 */
public record Prediction(List<Candidate> ranking) {

    /**
     * A class.
     *
     * @param label       its label, counted from 0
     * @param className   its name
     * @param probability from 0 to 1
     */
    public record Candidate(int label, String className, float probability) {}

    public Prediction {
        ranking = List.copyOf(ranking);
    }

    /** Returns the most likely class. */
    public Candidate best() {
        return ranking.get(0);
    }

    /** Returns the name of the most likely class. */
    public String className() {
        return best().className();
    }

    /** Returns the probability of the most likely class. */
    public float probability() {
        return best().probability();
    }

    /** Returns the {@code count} most likely classes, or all if there are fewer. */
    public List<Candidate> top(int count) {
        return ranking.subList(0, Math.min(count, ranking.size()));
    }
}
