// Products with 2:4 codes: of each four inputs two are kept, each a code of 2 or 4 bits.
//
// The sparse tensor core picks the activations that kept weights meet. A code becomes a bf16 number by
// standing in the fraction of 128, from which 128 and the zero are taken: exactly.
#pragma once
#include <cuda_bf16.h>
#include <cstdint>
#include "async.cuh"
#include "tiles.cuh"

// 16 outputs x 32 inputs x 8 columns. A thread (g, t) holds what is kept of inputs 4t .. 4t+3 of outputs g and
// g + 8 (a0, a1) and of inputs 16 + 4t .. of the same (a2, a3); of column g, inputs 2t, 2t+1 and those 8, 16 and
// 24 further. Patterns: 16 bits of four quadruples of output g, then of g + 8; thread 2 PAIR of a group has those
// of inputs 0 .. 15, the next those of 16 .. 31.
template <int PAIR>
__device__ __forceinline__ void multiplySparse(float (&c)[4], const uint32_t (&a)[4], uint4 x, uint32_t patterns) {
  asm("mma.sp::ordered_metadata.sync.aligned.m16n8k32.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "
      "{%8,%9,%10,%11}, {%0,%1,%2,%3}, %12, %13;"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(x.x), "r"(x.y), "r"(x.z), "r"(x.w), "r"(patterns), "n"(PAIR));
}

// A row of activations in shared memory: [groups of 32 inputs][4 t][4 pairs], as a thread of the product reads
// them; zero beyond the last.
__host__ __device__ constexpr int sparseRowBytes(int columns) { return sparseBlocks(columns) * SIGN_BLOCK_INPUTS * 2; }

// Run by the whole block.
__device__ inline void spreadRow(char* to, const __nv_bfloat16* row, int columns) {
  for (int i = threadIdx.x; i < sparseRowBytes(columns) / 16; i += blockDim.x) {
    uint32_t pairs[4] = {};
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int input = i / 4 * 32 + 8 * j + i % 4 * 2;
      if (input < columns) pairs[j] = *(const uint32_t*) (row + input);
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
struct KeptPairs {
  static constexpr int PLACES = BITS == 2 ? 3 : 1;
  __nv_bfloat162 lessZero[PLACES];

  __device__ __forceinline__ explicit KeptPairs(int twiceZero) {
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

// A lane's activations of a step. A lane whose column is no row has zeros, which loads leave as they are.
struct SparseActivations {
  uint4 of[2];   // of even and odd steps
  int isRow;

  __device__ __forceinline__ explicit SparseActivations(bool isRow)
      : of{make_uint4(0, 0, 0, 0), make_uint4(0, 0, 0, 0)}, isRow(isRow) {}

  __device__ __forceinline__ uint4 load(int step, uint32_t from) {
    uint4& v = of[step % 2];
    asm volatile("{.reg .pred p; setp.ne.s32 p, %5, 0; @p ld.shared.v4.u32 {%0,%1,%2,%3}, [%4];}"
                 : "+r"(v.x), "+r"(v.y), "+r"(v.z), "+r"(v.w) : "r"(from), "r"(isRow));
    return v;
  }
};

// This lane's share of a block's patterns and codes.
template <int BITS>
struct SparseBlock {
  uint32_t patterns[4], words[2 * BITS];

  __device__ __forceinline__ explicit SparseBlock(const char* units) {
    uint4 v = *(const uint4*) units;
    patterns[0] = v.x;
    patterns[1] = v.y;
    patterns[2] = v.z;
    patterns[3] = v.w;
#pragma unroll
    for (int i = 0; i < BITS / 2; i++) {
      v = *(const uint4*) (units + (1 + i) * UNIT_BYTES);
      words[4 * i] = v.x;
      words[4 * i + 1] = v.y;
      words[4 * i + 2] = v.z;
      words[4 * i + 3] = v.w;
    }
  }

  // Adds a step of 32 inputs. x: where this lane's activations of the block lie.
  __device__ __forceinline__ void multiply(float (&sums)[4], int step, const KeptPairs<BITS>& pairs,
                                           SparseActivations& activations, uint32_t x) const {
    constexpr int PAIRS = 16 / BITS;   // of a word
    uint32_t a[4];
#pragma unroll
    for (int j = 0; j < 4; j++) a[j] = pairs.make(words[(step * 4 + j) / PAIRS], (step * 4 + j) % PAIRS);
    uint4 own = activations.load(step, x + step * 64);
    if (step < 4) {
      multiplySparse<0>(sums, a, own, patterns[step]);
    } else {
      multiplySparse<1>(sums, a, own, patterns[step - 4]);
    }
  }
};
