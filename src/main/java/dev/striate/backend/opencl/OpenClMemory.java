package dev.striate.backend.opencl;

import org.jocl.cl_mem;

/** What a kernel can be given as an argument in global memory. */
interface OpenClMemory {

    cl_mem memory();
}
