// argmax: the greedy choice of each row.
//
//   out[t] = the smallest n with the largest logits[t, n]; -1 if no logit is a number
//
//   out i32 [T]   logits f32 [T, N]
//   Launch    grid T, block 1,024; may overlap its predecessor.
//   Numerics  exact; NaN is never chosen.
//   Cost      4N bytes read a row.
#include "../common/async.cuh"
#include "../common/reduce.cuh"
#include <cstdint>

struct Choice {
  float value;
  int index;

  __device__ __forceinline__ void take(float otherValue, int otherIndex) {
    if (otherIndex < 0) return;
    if (index < 0 || otherValue > value || (otherValue == value && otherIndex < index)) {
      value = otherValue;
      index = otherIndex;
    }
  }

  __device__ __forceinline__ void takeFromWarp() {
#pragma unroll
    for (int step = 16; step > 0; step /= 2) {
      float otherValue = __shfl_xor_sync(~0u, value, step);
      take(otherValue, __shfl_xor_sync(~0u, index, step));
    }
  }
};

extern "C" __global__ void __launch_bounds__(1024)
argmax_f32(int* __restrict__ out, const float* __restrict__ logits, int outputs) {
  __shared__ Choice choices[32];
  letDependentsStart();
  awaitPredecessors();
  const float* row = logits + (int64_t) blockIdx.x * outputs;
  Choice best = {0, -1};
  for (int n = threadIdx.x; n < outputs; n += blockDim.x) {
    float v = row[n];
    if (!isnan(v)) best.take(v, n);
  }
  best.takeFromWarp();
  if (threadIdx.x % 32 == 0) choices[threadIdx.x / 32] = best;
  __syncthreads();
  if (threadIdx.x >= 32) return;
  best = choices[threadIdx.x];
  best.takeFromWarp();
  if (threadIdx.x == 0) out[blockIdx.x] = best.index;
}
