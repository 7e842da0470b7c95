// Activations as whole numbers of 32 bits, one plane a bit, so that products with signs are counts of
// ones: x = 2^-shift * (sum over b in 0 .. 30 of 2^b * bit b - 2^31 * bit 31).
//
// The shift is the largest that keeps every number of the row within 32 bits: a number is exact
// unless it is 2^23 times smaller than the row's largest, and then off by 2^-32 of that at most.
//
// In shared memory, for each block of 256 inputs: [2 pairs of digits][32 lanes][2 digits][2 halves of
// 128 inputs] words; a digit is 8 planes, and the words of lane (g, t) hold plane g of a digit, inputs
// 32t .. 32t+31 of a half: a lane's columns in countOnes().
#pragma once
#include <cuda_bf16.h>
#include <cstdint>
#include "mma.cuh"
#include "tiles.cuh"

constexpr int PLANE_BLOCK_BYTES = SIGN_BLOCK_INPUTS * 4;

// Counts of ones of one tile (16 outputs) in the 32 planes of a row, by digit.
struct DigitCounts {
  int of[4][4];

  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int d = 0; d < 4; d++) {
#pragma unroll
      for (int j = 0; j < 4; j++) of[d][j] = 0;
    }
  }

  // Adds a block of 256 inputs: its signs, and where this lane's 16 bytes of its planes lie.
  __device__ __forceinline__ void add(uint4 signs, const char* planes) {
    uint4 low = *(const uint4*) planes, high = *(const uint4*) (planes + UNIT_BYTES);
    countOnes(of[0], signs, low.x, low.y);
    countOnes(of[1], signs, low.z, low.w);
    countOnes(of[2], signs, high.x, high.y);
    countOnes(of[3], signs, high.z, high.w);
  }

  // The sum of the row's whole numbers over the inputs whose sign is a plus, of output g + 8 half; in
  // every lane of g. Inputs are 32,768 at most, so that neither half of the planes overflows.
  __device__ __forceinline__ int64_t sum(int half) const {
    int t = threadIdx.x % 4, j = 2 * half, last = t == 3 ? -of[3][j + 1] : of[3][j + 1];
    uint32_t low = (of[0][j] + 2 * of[0][j + 1] + 256 * (of[1][j] + 2 * of[1][j + 1])) << 2 * t;
    int high = (of[2][j] + 2 * of[2][j + 1] + 256 * (of[3][j] + 2 * last)) * (1 << 2 * t);
#pragma unroll
    for (int distance = 1; distance < 4; distance *= 2) {
      low += __shfl_xor_sync(~0u, low, distance);
      high += __shfl_xor_sync(~0u, high, distance);
    }
    return (int64_t) high * 65536 + low;
  }
};

// The 32 x 32 bits of a warp, transposed: bit p of lane l becomes bit l of lane p.
__device__ __forceinline__ uint32_t transposeBits(uint32_t v) {
  int lane = threadIdx.x % 32;
  uint32_t mask = 0x0000FFFFu;
#pragma unroll
  for (int step = 16; step > 0; step /= 2) {
    uint32_t other = __shfl_xor_sync(~0u, v, step);
    v = lane & step ? (v & ~mask) | (other >> step & mask) : (v & mask) | (other << step & ~mask);
    mask ^= mask << step / 2;
  }
  return v;
}

// 2^exponent, of -126 .. 127.
__device__ __forceinline__ float powerOfTwo(int exponent) { return __int_as_float((exponent + 127) << 23); }

// A row's planes, made by a whole block. 2^-shift times these whole numbers is the row.
struct BitPlanes {
  int64_t sum;      // of all whole numbers
  float unit;       // 2^-shift; NaN where some activation is not finite

  // `largest` and `partSums` have room for every warp of the block.
  __device__ static BitPlanes make(char* planes, const __nv_bfloat16* row, int columns,
                                   uint32_t* largest, int64_t* partSums) {
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32, warps = blockDim.x / 32;
    uint32_t most = 0;
    for (int k = threadIdx.x * 8; k < columns; k += blockDim.x * 8) {
      uint4 v = *(const uint4*) (row + k);
      for (uint32_t pair : {v.x, v.y, v.z, v.w}) most = max(most, max(pair & 0x7FFF, pair >> 16 & 0x7FFF));
    }
    most = __reduce_max_sync(~0u, most);
    if (lane == 0) largest[warp] = most;
    __syncthreads();
    most = __reduce_max_sync(~0u, lane < warps ? largest[lane] : 0);
    // A bf16 number's exponent is its bits above 7: below 2^(exponent - 126).
    int shift = min(31 + 126 - (int) (most >> 7), 126);
    float factor = powerOfTwo(shift);
    int64_t sum = 0;
#pragma unroll 2
    for (int pair = warp; pair < signBlocks(columns) * 4; pair += warps) {
      int t = pair % 4, block = pair / 4;
      uint32_t words[2];
#pragma unroll
      for (int i = 0; i < 2; i++) {
        int k = block * SIGN_BLOCK_INPUTS + i * 128 + t * 32 + lane;
        int whole = k < columns ? __float2int_rn(__bfloat162float(row[k]) * factor) : 0;
        sum += whole;
        words[i] = transposeBits(whole);
      }
      // Lane p has plane p: digit p / 8, column p % 8.
      char* to = planes + block * PLANE_BLOCK_BYTES + lane / 16 * UNIT_BYTES + (lane % 8 * 4 + t) * 16 +
                 lane / 8 % 2 * 8;
      *(uint2*) to = make_uint2(words[0], words[1]);
    }
#pragma unroll
    for (int distance = 16; distance > 0; distance /= 2) sum += __shfl_xor_sync(~0u, sum, distance);
    if (lane == 0) partSums[warp] = sum;
    __syncthreads();
    sum = 0;
    for (int i = 0; i < warps; i++) sum += partSums[i];
    __syncthreads();
    return {sum, most < 0x7F80 ? powerOfTwo(-shift) : __int_as_float(0x7FFFFFFF)};
  }
};
