// Products with 2:4 codes: of each four inputs two are kept, each a code of 2 or 4 bits.
//
// The sparse tensor core picks the activations that kept weights meet. A code becomes a bf16 number by
// standing in the fraction of 128, from which 128 and the zero are taken: exactly.
#pragma once
#include <cuda_bf16.h>
#include <cstdint>
#include "code_pairs.cuh"
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

// Adds a step of 32 inputs. x: where this lane's activations of the block lie.
template <int BITS>
__device__ __forceinline__ void addSparseStep(float (&sums)[4], int step, const CodeBlock<BITS>& block,
                                              const CodePairs<BITS>& pairs, ColumnActivations& activations, uint32_t x) {
  constexpr int PAIRS = 16 / BITS;   // of a word
  uint32_t a[4];
#pragma unroll
  for (int j = 0; j < 4; j++) a[j] = pairs.make(block.words[(step * 4 + j) / PAIRS], (step * 4 + j) % PAIRS);
  uint4 own = activations.load(step, x + step * 64);
  if (step < 4) {
    multiplySparse<0>(sums, a, own, block.head[step]);
  } else {
    multiplySparse<1>(sums, a, own, block.head[step - 4]);
  }
}
