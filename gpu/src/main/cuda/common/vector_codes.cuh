// Products with vector codes: a byte picks d neighbouring outputs of one input.
//
// A lane looks its vectors up in shared memory, where every lane that reads at once has a copy of the
// codebook in banks of its own. A vector's numbers go into the tensor core as they come, in pairs: the
// pair of outputs takes the place of a pair of inputs, against columns (x, 0) and (0, x) of each row.
#pragma once
#include <cuda_bf16.h>
#include <cstdint>
#include "mma.cuh"
#include "tiles.cuh"

constexpr int CODEBOOK_BYTES = 256 * 128;   // a vector's copies fill all banks

// Copies a codebook [256][D] for all lanes. Run by the whole block.
template <int D>
__device__ __forceinline__ void spreadCodebook(char* to, const __nv_bfloat16* codebook) {
  for (int i = threadIdx.x; i < CODEBOOK_BYTES / 8; i += blockDim.x) {
    int vector = i / 16, word = i % 16 % (D / 4);   // words of 8 bytes
    ((uint2*) to)[i] = ((const uint2*) codebook)[vector * (D / 4) + word];
  }
}

// Sums of one tile of 16 bands: pair p of a band g (+ 8), row t: [p][0 and 1], (+ 8) [p][2 and 3].
template <int D>
struct VectorSums {
  float of[D / 2][4];

  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int p = 0; p < D / 2; p++) {
#pragma unroll
      for (int j = 0; j < 4; j++) of[p][j] = 0;
    }
  }

  // One block of 32 inputs: this lane's indices, and the activations of its column's row, inputs
  // 8t .. 8t+7; zero in columns beyond the rows.
  __device__ __forceinline__ void add(uint4 indices, uint4 x, const char* codebook) {
    int lane = threadIdx.x % 32;
    const char* own = codebook + lane % (128 / (2 * D)) * (2 * D);
    uint32_t activations[4] = {x.x, x.y, x.z, x.w};
    uint32_t low[2] = {indices.x, indices.y}, high[2] = {indices.z, indices.w};
#pragma unroll
    for (int step = 0; step < 4; step++) {   // Two inputs of each lane.
      asm volatile("" ::: "memory");         // Registers for one step's vectors at a time.
      uint32_t a[4][D / 2];
      int shift = step % 2 * 16;
      look(a[0], own, low[step / 2] >> shift);
      look(a[1], own, high[step / 2] >> shift);
      look(a[2], own, low[step / 2] >> (shift + 8));
      look(a[3], own, high[step / 2] >> (shift + 8));
      uint32_t pair = activations[step];
      bool second = lane / 4 % 2;
      uint32_t b0 = second ? pair << 16 : pair & 0xFFFF, b1 = second ? pair & 0xFFFF0000u : pair >> 16;
#pragma unroll
      for (int p = 0; p < D / 2; p++) multiply(of[p], a[0][p], a[1][p], a[2][p], a[3][p], b0, b1);
    }
  }

  __device__ __forceinline__ static void look(uint32_t (&vector)[D / 2], const char* own, uint32_t index) {
    const char* at = own + (index & 0xFF) * 128;
    if constexpr (D == 8) {
      uint4 v = *(const uint4*) at;
      vector[0] = v.x;
      vector[1] = v.y;
      vector[2] = v.z;
      vector[3] = v.w;
    } else {
      uint2 v = *(const uint2*) at;
      vector[0] = v.x;
      vector[1] = v.y;
    }
  }
};
