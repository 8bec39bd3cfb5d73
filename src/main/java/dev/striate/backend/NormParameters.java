package dev.striate.backend;

/**
 * The scale and the shift that follow a normalisation.
 *
 * @param gamma one element per channel
 * @param beta  one element per channel
 */
public record NormParameters(Buffer gamma, Buffer beta) {}
