/** Hand-written OpenCL kernels on any device with a driver. The only package that imports {@code org.jocl}. */
@NullMarked
package dev.striate.backend.opencl;

import org.jspecify.annotations.NullMarked;
