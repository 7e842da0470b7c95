// bf16 numbers eight at a time.
#pragma once
#include <cuda_bf16.h>
#include <cstdint>

__device__ __forceinline__ void widen8(float (&out)[8], uint4 v) {
  uint32_t pairs[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
  for (int i = 0; i < 4; i++) {
    out[2 * i] = __uint_as_float(pairs[i] << 16);
    out[2 * i + 1] = __uint_as_float(pairs[i] & 0xFFFF0000u);
  }
}

__device__ __forceinline__ uint32_t narrow2(float a, float b) {
  __nv_bfloat162 pair = __floats2bfloat162_rn(a, b);
  return *(uint32_t*) &pair;
}

__device__ __forceinline__ uint4 narrow8(const float (&v)[8]) {
  return make_uint4(narrow2(v[0], v[1]), narrow2(v[2], v[3]), narrow2(v[4], v[5]),
                    narrow2(v[6], v[7]));
}

// 2 to the power of v in one instruction: to 2 ulp, and 0 below the least normal number.
__device__ __forceinline__ float powerOf2(float v) {
  float power;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(v));
  return power;
}
