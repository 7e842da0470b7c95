// Codes of 2 or 4 bits on their way to the tensor core, and the activations that they meet.
#pragma once
#include <cuda_bf16.h>
#include <cstdint>
#include "async.cuh"
#include "tiles.cuh"

// A row of activations in shared memory: [groups of 32 inputs][4 t][4 pairs], as a thread of the product reads
// them; zero beyond the last.
__host__ __device__ constexpr int spreadRowBytes(int columns) { return signBlocks(columns) * SIGN_BLOCK_INPUTS * 2; }

// Where input k lies in such a row.
__device__ __forceinline__ int spreadOffset(int k) { return k / 32 * 64 + k % 8 / 2 * 16 + k % 32 / 8 * 4 + k % 2 * 2; }

// In the order of `columnOf`, if it is not null. Run by the whole block.
__device__ inline void spreadRow(char* to, const __nv_bfloat16* row, const uint16_t* columnOf, int columns) {
  for (int i = threadIdx.x; i < spreadRowBytes(columns) / 16; i += blockDim.x) {
    uint32_t pairs[4] = {};
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int input = i / 4 * 32 + 8 * j + i % 4 * 2;
      if (input >= columns) continue;
      if (columnOf == nullptr) {
        pairs[j] = *(const uint32_t*) (row + input);
      } else {
        uint32_t both = *(const uint32_t*) (columnOf + input);
        const uint16_t* from = (const uint16_t*) row;
        pairs[j] = from[both & 0xFFFF] | (uint32_t) from[both >> 16] << 16;
      }
    }
    ((uint4*) to)[i] = make_uint4(pairs[0], pairs[1], pairs[2], pairs[3]);
  }
}

// a & b | c in one instruction, where the compiler would want two for two constants.
__device__ __forceinline__ uint32_t selected(uint32_t a, uint32_t b, uint32_t c) {
  uint32_t v;
  asm("lop3.b32 %0, %1, %2, %3, 0xEA;" : "=r"(v) : "r"(a), "r"(b), "r"(c));
  return v;
}

// Makes pairs of numbers from pairs of codes: twice the code less twice the zero. A code that stands k bits above
// the lowest of the fraction adds 2^k times itself to 128, of which 2^(1 - k) is taken; k is 1, and for codes of
// 2 bits 3 and 5 as well, so that one turn of a word serves three pairs.
template <int BITS>
struct CodePairs {
  static constexpr int PLACES = BITS == 2 ? 3 : 1;
  __nv_bfloat162 lessZero[PLACES];

  __device__ __forceinline__ explicit CodePairs(int twiceZero) {
#pragma unroll
    for (int i = 0; i < PLACES; i++) lessZero[i] = __float2bfloat162_rn(-(float) (128 >> i * BITS) - twiceZero);
  }

  // Pair `pair` of those of a word.
  __device__ __forceinline__ uint32_t make(uint32_t word, int pair) const {
    int place = pair % PLACES, turn = pair / PLACES * PLACES * BITS;
    uint32_t turned = turn == 0 ? word : __funnelshift_r(word, word, turn);
    uint32_t bits = selected(turned, ((1u << BITS) - 1) * 0x00020002u << place * BITS, 0x43004300u);
    __nv_bfloat162 v = *(__nv_bfloat162*) &bits, factor = __float2bfloat162_rn(1.0f / (1 << place * BITS));
    v = place == 0 ? __hadd2(v, lessZero[0]) : __hfma2(v, factor, lessZero[place]);
    return *(uint32_t*) &v;
  }
};

// A lane's activations of 32 inputs. A lane whose column is no row has zeros, which loads leave as they are.
struct ColumnActivations {
  uint4 of[2];   // of even and odd ones
  int isRow;

  __device__ __forceinline__ explicit ColumnActivations(bool isRow)
      : of{make_uint4(0, 0, 0, 0), make_uint4(0, 0, 0, 0)}, isRow(isRow) {}

  __device__ __forceinline__ uint4 load(int group, uint32_t from) {
    uint4& v = of[group % 2];
    asm volatile("{.reg .pred p; setp.ne.s32 p, %5, 0; @p ld.shared.v4.u32 {%0,%1,%2,%3}, [%4];}"
                 : "+r"(v.x), "+r"(v.y), "+r"(v.z), "+r"(v.w) : "r"(from), "r"(isRow));
    return v;
  }
};

// This lane's share of a block: a unit of patterns or statistics, then codes.
template <int BITS>
struct CodeBlock {
  uint32_t head[4], words[2 * BITS];

  __device__ __forceinline__ explicit CodeBlock(const char* units) {
    uint4 v = *(const uint4*) units;
    head[0] = v.x;
    head[1] = v.y;
    head[2] = v.z;
    head[3] = v.w;
#pragma unroll
    for (int i = 0; i < BITS / 2; i++) {
      v = *(const uint4*) (units + (1 + i) * UNIT_BYTES);
      words[4 * i] = v.x;
      words[4 * i + 1] = v.y;
      words[4 * i + 2] = v.z;
      words[4 * i + 3] = v.w;
    }
  }
};
