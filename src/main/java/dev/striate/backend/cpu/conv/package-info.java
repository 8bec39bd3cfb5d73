/**
 * The algorithms of convolution on the CPU, one list for each direction in {@link
 * dev.striate.backend.cpu.conv.ConvAlgorithms}. Of the algorithms that fit a geometry, the one with the least estimated
 * time is run.
 *
 * <p>Forward, and the input gradient, which is the forward pass of transposed convolution:
 * <ul>
 * <li>{@link dev.striate.backend.cpu.conv.WholeImage} "linear": the window covers the image, as in C5 of LeNet-5. A
 *     linear layer over the flattened images. Also for the weight gradient.
 * <li>{@link dev.striate.backend.cpu.conv.WinogradConv2d} "winograd": 3x3 with stride 1, no dilation, one group
 *     and many channels: most layers of a ResNet, the second one of the CIFAR CNN. A third of the multiplications
 *     (Lavin and Gray, 2016).
 * <li>{@link dev.striate.backend.cpu.conv.ShiftedInputGradient} "shifted": input gradients of stride 1 on small images,
 *     as in LeNet-5. The columns of the kernel become rows of the product and are shifted and added afterwards.
 * <li>{@link dev.striate.backend.cpu.conv.PatchConv2d} "patches": everything else. A matrix product of the weights and
 *     patches of the images, whose matrix is never stored (implicit GEMM).
 * </ul>
 *
 * <p>The weight gradient, a sum over images by {@link dev.striate.backend.cpu.conv.WeightGradient}:
 * <ul>
 * <li>{@link dev.striate.backend.cpu.conv.WinogradWeightGradient} "winograd": 3x3 with stride 1 and many channels. Less
 *     than half of the multiplications, by the transposed algorithm.
 * <li>{@link dev.striate.backend.cpu.conv.PositionWeightGradient} "positions": few weights and many pixels, as in first
 *     layers, and depthwise convolutions. Dot products along the pixels, with nothing to pack.
 * <li>{@link dev.striate.backend.cpu.conv.ChannelWeightGradient} "channels": everything else. Products along the
 *     channels, of images that are copied with their channels last.
 * </ul>
 *
 * <p>{@link dev.striate.backend.cpu.conv.PatchProduct} is the matrix product behind "patches" and "shifted", {@link
 * dev.striate.backend.cpu.conv.Patches} its operand. An algorithm stays only if it makes a training step or an
 * inference of one of the library's networks at least 5 % faster.
 *
 * <p>To add an algorithm, implement {@link dev.striate.backend.cpu.conv.ConvAlgorithm}, or extend {@link
 * dev.striate.backend.cpu.conv.WeightGradient}, and add a line to the list of its direction, before the
 * last one, which fits everything. Estimate its time from
 * {@link dev.striate.backend.cpu.Speeds}. The operation's tests run every algorithm on every case that it fits.
 */
@NullMarked
package dev.striate.backend.cpu.conv;

import org.jspecify.annotations.NullMarked;
