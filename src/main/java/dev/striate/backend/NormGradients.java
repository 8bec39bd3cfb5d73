package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/** Where the gradients of a normalisation go; null for those that are not wanted. */
public record NormGradients(
        @Nullable Buffer dx,
        @Nullable Buffer dgamma,
        @Nullable Buffer dbeta) {}
