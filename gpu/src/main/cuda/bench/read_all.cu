// read_all: reads memory and keeps nothing, to measure what the device can read.
//
//   in 16-byte units [count]   out u32 [1], written only if the bits happen to cancel out
//   Launch    any grid, block 512.
//   Numerics  none.
//   Cost      16 bytes read a unit, each once.
#include <cstdint>

extern "C" __global__ void __launch_bounds__(512)
read_all(uint32_t* __restrict__ out, const uint4* __restrict__ in, int64_t count) {
  constexpr int TOGETHER = 8;
  uint32_t sum = 0;
  int64_t stride = (int64_t) gridDim.x * blockDim.x;
  int64_t i = blockIdx.x * (int64_t) blockDim.x + threadIdx.x;
  for (; i + (TOGETHER - 1) * stride < count; i += TOGETHER * stride) {
    uint4 v[TOGETHER];
#pragma unroll
    for (int j = 0; j < TOGETHER; j++) v[j] = __ldcs(in + i + j * stride);
#pragma unroll
    for (int j = 0; j < TOGETHER; j++) sum += v[j].x ^ v[j].y ^ v[j].z ^ v[j].w;
  }
  for (; i < count; i += stride) sum += in[i].x;
  if (sum == 0x12345678u) *out = sum;
}
