// Sums and maxima over a warp or a block, in an order fixed by the number of threads.
#pragma once

__device__ __forceinline__ float warpSum(float v) {
#pragma unroll
  for (int step = 16; step > 0; step /= 2) v += __shfl_xor_sync(~0u, v, step);
  return v;
}

__device__ __forceinline__ float warpMax(float v) {
#pragma unroll
  for (int step = 16; step > 0; step /= 2) v = fmaxf(v, __shfl_xor_sync(~0u, v, step));
  return v;
}

// The sum over all threads of a block of at most 1,024, in every thread. `scratch` has 32 floats.
__device__ __forceinline__ float blockSum(float v, float* scratch) {
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  v = warpSum(v);
  if (lane == 0) scratch[warp] = v;
  __syncthreads();
  v = warpSum(lane < (int) blockDim.x / 32 ? scratch[lane] : 0.0f);
  __syncthreads();
  return v;
}
