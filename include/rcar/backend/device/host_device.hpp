#pragma once
/// Marks a function that runs on the processor and, where nvcc compiles it, on the GPU too; one that is called there
/// rather than written out at every use, and a loop to be unrolled there.

#ifdef __CUDACC__
#define RCAR_HOST_DEVICE __host__ __device__
#define RCAR_NOINLINE __noinline__
#define RCAR_UNROLL _Pragma("unroll")
#define RCAR_PRAGMA(text) _Pragma(#text)
#define RCAR_UNROLL_BY(times) RCAR_PRAGMA(unroll times)
#else
#define RCAR_HOST_DEVICE
#define RCAR_NOINLINE
#define RCAR_UNROLL
#define RCAR_UNROLL_BY(times)
#endif
