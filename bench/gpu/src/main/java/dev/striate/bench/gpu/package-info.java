/** Measures Striate on an OpenCL device, with PyTorch on the same work in turns; {@code run.sh} starts it. */
package dev.striate.bench.gpu;
