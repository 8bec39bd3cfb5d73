/**
 * The CPU backend, in pure Java.
 *
 * <p>{@link dev.striate.backend.cpu.CpuBackend} creates one class per kernel family, {@code Cpu...}. Each divides its
 * work among the threads of {@code CpuThreads} and calls inner loops of {@link dev.striate.backend.cpu.simd}. The
 * result has the same bits for any number of threads.
 *
 * <ul>
 *   <li>Convolution: {@code CpuConv2d} selects an algorithm of {@link dev.striate.backend.cpu.conv}.
 *   <li>Matrix products: {@code CpuGemm} is the blocked and packed product; {@code CpuMatmul} selects it, or simpler
 *       loops for few rows. Linear layers are composed of products, see {@link dev.striate.backend.ComposedLinear}.
 *   <li>{@link dev.striate.backend.cpu.Speeds} is the table of costs, {@code Caches} the sizes of the caches. Blocks
 *       follow the caches only where this does not change the order of a sum.
 *   <li>Memory: {@code CpuPool} reuses {@code float} arrays, {@link dev.striate.backend.cpu.CpuBuffer} is a range of
 *       one, {@link dev.striate.backend.cpu.Scratch} keeps scratch arrays per thread.
 * </ul>
 */
@NullMarked
package dev.striate.backend.cpu;

import org.jspecify.annotations.NullMarked;
