// Products with look-up codes: the bits of a code, a plane each, pick one of up to 16 numbers of the output's own.
//
// Four codes are the four selectors of a byte permutation, whose table is the upper or the lower bytes of the
// output's numbers.
#pragma once
#include "code_pairs.cuh"
#include "mma.cuh"

// An output's numbers: upper bytes, then lower ones; bit p of an index is plane p's.
struct LookupTable {      // 32 bytes
  uint4 upper, lower;
};

// What four codes of 3 bits, or of 4 where WIDE, pick. Each of the lower four nibbles of `codes` is one.
template <bool WIDE>
__device__ __forceinline__ uint32_t lookUp(uint4 table, uint32_t codes) {
  if (!WIDE) return __byte_perm(table.x, table.y, codes);
  uint32_t lower = __byte_perm(table.x, table.y, codes & 0x7777), upper = __byte_perm(table.z, table.w, codes & 0x7777);
  return __byte_perm(lower, upper, selected(codes >> 1, 0x4444, 0x3210));
}

// Adds 16 inputs. The lower four nibbles of `codes` are those of output g, inputs 2t, 2t+1, 2t+8 and 2t+9; the
// upper ones of output g + 8.
template <bool WIDE>
__device__ __forceinline__ void addLooked(float (&sums)[4], uint32_t codes, const LookupTable (&tables)[2], uint32_t x0,
                                          uint32_t x1) {
  uint32_t a[2][2];
#pragma unroll
  for (int high = 0; high < 2; high++) {
    uint32_t own = high == 0 ? codes & 0xFFFF : codes >> 16;
    uint32_t upper = lookUp<WIDE>(tables[high].upper, own), lower = lookUp<WIDE>(tables[high].lower, own);
    a[high][0] = __byte_perm(lower, upper, 0x5140);
    a[high][1] = __byte_perm(lower, upper, 0x7362);
  }
  multiply(sums, a[0][0], a[1][0], a[0][1], a[1][1], x0, x1);
}
