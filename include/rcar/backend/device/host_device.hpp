#pragma once
/// Marks a function that runs on the processor and, where nvcc compiles it, on the GPU too, and a loop to be unrolled
/// there.

#ifdef __CUDACC__
#define RCAR_HOST_DEVICE __host__ __device__
#define RCAR_UNROLL _Pragma("unroll")
#else
#define RCAR_HOST_DEVICE
#define RCAR_UNROLL
#endif
