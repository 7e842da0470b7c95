// Products with a thin pair of matrices: first s = down x, of all a block's rows, then up s.
//
// s is made in fp32 by the whole block, each warp a slice of the inputs, and kept as three bf16 numbers, which
// together have its 24 bits: three columns of the products with `up`, and an empty one.
#pragma once
#include <cuda_bf16.h>
#include <cstdint>
#include "mma.cuh"
#include "tiles.cuh"

constexpr int RANK_UNIT = 16, RANK_UNITS_MAX = 16;

// Where a block's s lies: bf16 [2 rows][4][rank], then what its warps add up.
struct LowRankRoom {
  static constexpr int COLUMN = RANK_UNIT * RANK_UNITS_MAX;
  static constexpr int COLUMNS_BYTES = 8 * COLUMN * 2;

  __host__ __device__ static constexpr int bytes(int warps) {
    return COLUMNS_BYTES + warps * RANK_UNITS_MAX * RANK_UNIT * 2 * 4;
  }

  __nv_bfloat16* columns;
  float* partSums;   // [warps][units][16][2 rows]

  __device__ explicit LowRankRoom(char* memory)
      : columns((__nv_bfloat16*) memory), partSums((float*) (memory + COLUMNS_BYTES)) {}

  // Asks for `down` ahead of make(). Run by the whole block.
  __device__ static void prefetch(const char* down, int units, int inputs) {
    int64_t bytes = units * weightTileBytes(inputs);
    for (int64_t at = threadIdx.x * 128; at < bytes; at += blockDim.x * 128) {
      asm volatile("prefetch.global.L2 [%0];" ::"l"(down + at));
    }
  }

  // s = scale * down x. Run by the whole block, which has to meet before and after.
  __device__ void make(const char* down, int units, float scale, const __nv_bfloat16* x, int rows, int inputs) {
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4, warp = threadIdx.x / 32, warps = blockDim.x / 32;
    int blocks = ceilDiv(inputs, BLOCK_INPUTS), first = blocks * warp / warps, end = blocks * (warp + 1) / warps;
    const __nv_bfloat16* own = x + (int64_t) min(g, rows - 1) * inputs;
#pragma unroll 1
    for (int unit = 0; unit < units; unit++) {
      float sums[4] = {};
      const char* from = down + unit * weightTileBytes(inputs) + lane * 16;
#pragma unroll 4
      for (int block = first; block < end; block++) {
        uint4 v[4];
#pragma unroll
        for (int i = 0; i < 4; i++) v[i] = __ldg((const uint4*) (from + (int64_t) block * BLOCK_BYTES + i * UNIT_BYTES));
#pragma unroll
        for (int c = 0; c < 2; c++) {
          int input = block * BLOCK_INPUTS + 32 * c + 8 * t;
          uint4 row = make_uint4(0, 0, 0, 0);
          if (g < rows && input < inputs) row = *(const uint4*) (own + input);
          multiply(sums, v[2 * c].x, v[2 * c + 1].x, v[2 * c].y, v[2 * c + 1].y, row.x, row.y);
          multiply(sums, v[2 * c].z, v[2 * c + 1].z, v[2 * c].w, v[2 * c + 1].w, row.z, row.w);
        }
      }
      if (t == 0) {   // Rows 0 and 1 of ranks g and g + 8.
        float2* to = (float2*) (partSums + (warp * units + unit) * RANK_UNIT * 2);
        to[g] = make_float2(sums[0], sums[1]);
        to[g + 8] = make_float2(sums[2], sums[3]);
      }
    }
    __syncthreads();
    for (int i = threadIdx.x; i < units * RANK_UNIT * 2; i += blockDim.x) {
      float sum = 0;
      for (int w = 0; w < warps; w++) sum += partSums[w * units * RANK_UNIT * 2 + i];
      sum *= scale;
      __nv_bfloat16* to = columns + i % 2 * 4 * COLUMN + i / 2;
#pragma unroll
      for (int column = 0; column < 3; column++) {
        __nv_bfloat16 part = __float2bfloat16(sum);
        to[column * COLUMN] = part;
        sum -= __bfloat162float(part);
      }
      to[3 * COLUMN] = __float2bfloat16(0.0f);
    }
  }

  // Adds a unit of `up`, this lane's 16 bytes: columns 2t and 2t + 1 of a sum are parts of row t / 2's.
  __device__ __forceinline__ void add(float (&sums)[4], uint4 up, int unit) const {
    int lane = threadIdx.x % 32;
    const __nv_bfloat16* at = columns + lane / 4 * COLUMN + unit * RANK_UNIT + lane % 4 * 2;
    multiply(sums, up.x, up.y, up.z, up.w, *(const uint32_t*) at, *(const uint32_t*) (at + 8));
  }
};
