// Tensor-core products of 16 outputs x 16 inputs x 8 rows, bf16 in, fp32 out.
//
// A thread (g = lane / 4, t = lane % 4) holds, of the weights, inputs {2t, 2t+1} of outputs g and
// g + 8 (a0, a1) and inputs {2t+8, 2t+9} of the same (a2, a3); of the activations, the same inputs
// of row g (b0, b1); of the sums, outputs g (c0, c1) and g + 8 (c2, c3) of rows 2t and 2t+1. Which
// inputs of a matrix these are is free, as long as weights and activations agree.
#pragma once
#include <cstdint>

__device__ __forceinline__ void multiply(float (&c)[4], uint32_t a0, uint32_t a1, uint32_t a2,
                                         uint32_t a3, uint32_t b0, uint32_t b1) {
  asm(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

// Tensor-core products of 16 outputs x 256 bits x 8 columns: c += the number of places where both
// have a 1. A thread holds inputs 32t .. 32t+31 of outputs g and g + 8 (a0, a1) and inputs 128 + 32t ..
// of the same (a2, a3); of the columns, the same inputs of column g (b0, b1); sums as above.
__device__ __forceinline__ void countOnes(int (&c)[4], uint4 a, uint32_t b0, uint32_t b1) {
  asm(
      "mma.sync.aligned.m16n8k256.row.col.s32.b1.b1.s32.and.popc {%0,%1,%2,%3}, {%4,%5,%6,%7}, "
      "{%8,%9}, {%0,%1,%2,%3};"
      : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
      : "r"(a.x), "r"(a.y), "r"(a.z), "r"(a.w), "r"(b0), "r"(b1));
}

// Four 8 x 8 tiles of bf16 from shared memory, as operands of `multiply`: lanes 8i .. 8i + 7 name the
// eight rows (16 bytes) of tile i, and register i is its row g, columns 2t and 2t + 1.
__device__ __forceinline__ void loadTiles(uint32_t (&tiles)[4], uint32_t row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(tiles[0]), "=r"(tiles[1]), "=r"(tiles[2]), "=r"(tiles[3])
               : "r"(row) : "memory");
}

// The same, transposed: register i is column g, rows 2t and 2t + 1.
__device__ __forceinline__ void loadTilesTransposed(uint32_t (&tiles)[4], uint32_t row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(tiles[0]), "=r"(tiles[1]), "=r"(tiles[2]), "=r"(tiles[3])
               : "r"(row) : "memory");
}
