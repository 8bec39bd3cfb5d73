/**
 * Inner loops in two versions, one on the Vector API and its plain-Java twin. The only package that imports {@code
 * jdk.incubator.vector}.
 */
@NullMarked
package dev.striate.backend.cpu.simd;

import org.jspecify.annotations.NullMarked;
