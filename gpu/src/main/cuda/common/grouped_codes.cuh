// Products with grouped codes: each 16 stored inputs of an output have a scale and a zero.
//
// Codes are multiplied as whole numbers; what their zeros take off is the zero times the sum of the group's
// activations. A few weights are stored beside their codes and added to what these stand for.
#pragma once
#include <cuda_fp16.h>
#include "code_pairs.cuh"
#include "mma.cuh"
#include "step.cuh"

// Sums of each 16 of a block's rows, after the rows themselves: fp32 [groups][2].
__device__ inline void sumGroups(float2* to, const char* rows, int rowCount, int columns) {
  for (int i = threadIdx.x; i < spreadRowBytes(columns) / 32; i += blockDim.x) {
    float sums[2] = {};
    for (int r = 0; r < rowCount; r++) {
      const char* row = rows + r * spreadRowBytes(columns);
      for (int k = 0; k < 16; k++) {
        sums[r] += __bfloat162float(*(const __nv_bfloat16*) (row + spreadOffset(i * 16 + k)));
      }
    }
    to[i] = make_float2(sums[0], sums[1]);
  }
}

// Adds a group of 16 inputs, `step` of its block. x: this lane's activations of this group and its neighbour;
// groupSum: what the activations of both rows sum to.
template <int BITS>
__device__ __forceinline__ void addGroup(float (&totals)[4], int step, const CodeBlock<BITS>& block,
                                         const CodePairs<BITS>& pairs, uint4 x, float2 groupSum) {
  constexpr int PAIRS = 16 / BITS;   // of a word
  uint32_t a[4];
#pragma unroll
  for (int j = 0; j < 4; j++) a[j] = pairs.make(block.words[(step * 4 + j) / PAIRS], (step * 4 + j) % PAIRS);
  float sums[4] = {};
  if (step % 2 == 0) {
    multiply(sums, a[0], a[1], a[2], a[3], x.x, x.y);
  } else {
    multiply(sums, a[0], a[1], a[2], a[3], x.z, x.w);
  }
#pragma unroll
  for (int half = 0; half < 2; half++) {
    uint32_t both = __shfl_sync(~0u, block.head[step % 2 * 2 + half], step / 2, 4);
    float2 own = __half22float2(*(__half2*) &both);
    totals[2 * half] = fmaf(own.x, fmaf(-own.y, groupSum.x, sums[2 * half]), totals[2 * half]);
    totals[2 * half + 1] = fmaf(own.x, fmaf(-own.y, groupSum.y, sums[2 * half + 1]), totals[2 * half + 1]);
  }
}

// An outlier's stored position and its value, which is added.
__device__ __forceinline__ int positionOf(uint32_t outlier) { return outlier & 0xFFFF; }
__device__ __forceinline__ float valueOf(uint32_t outlier) { return __half2float(__ushort_as_half(outlier >> 16)); }

// Sums over the outliers of an output of half its warp's lanes, of both rows. Lane i has output i / 2's.
__device__ __forceinline__ float2 outlierSums(const GroupedExtra& extra, int output, const char* rows, int rowCount,
                                              int columns) {
  float sums[2] = {};
  int end = __ldg(extra.outlierOffsets + output + 1);
#pragma unroll 4
  for (int i = __ldg(extra.outlierOffsets + output) + threadIdx.x % 2; i < end; i += 2) {
    uint32_t outlier = __ldg(extra.outliers + i);
    const char* at = rows + spreadOffset(positionOf(outlier));
#pragma unroll
    for (int r = 0; r < 2; r++) {
      if (r < rowCount) {
        sums[r] = fmaf(valueOf(outlier), __bfloat162float(*(const __nv_bfloat16*) (at + r * spreadRowBytes(columns))), sums[r]);
      }
    }
  }
#pragma unroll
  for (int r = 0; r < 2; r++) sums[r] += __shfl_xor_sync(~0u, sums[r], 1);
  return make_float2(sums[0], sums[1]);
}
