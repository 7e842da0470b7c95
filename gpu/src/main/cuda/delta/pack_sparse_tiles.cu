// pack_sparse_tiles: lays rows of 2:4 codes out as one plane of sparse tiles (tiles.cuh).
//
//   tiles    sparse tiles of the R rows; all of their words are written
//   patterns u8 [R, C / 8 rounded up], quadruple q in nibble q % 2 of byte q / 2
//   codes    u8 [R, C / 2 codes of `codeBits` bits, rounded up]: a stream from the lowest bit of the first byte
//            (the delta file's layouts); of each, `bits` bits from bit `shift` on go into this plane
//   Launch    grid (tiles of R, blocks of 256 inputs), block 128.
//   Numerics  exact.
//   Cost      as many bytes written as read; once a plane.
#include "../common/tiles.cuh"

struct SparseRows {
  const uint8_t* patterns;
  const uint8_t* codes;
  int rows, columns, codeBits, shift, bits;

  __device__ bool has(int row, int quadruple) const { return row < rows && quadruple < columns / 4; }
  __device__ uint32_t pattern(int row, int quadruple) const {
    if (!has(row, quadruple)) return 4;
    return patterns[(int64_t) row * ceilDiv(columns, 8) + quadruple / 2] >> quadruple % 2 * 4 & 0xF;
  }
  __device__ uint32_t code(int row, int quadruple, int kept) const {
    if (!has(row, quadruple)) return 0;
    int bit = (2 * quadruple + kept) * codeBits, last = (bit + codeBits - 1) / 8;
    const uint8_t* own = codes + (int64_t) row * ceilDiv(columns / 2 * codeBits, 8);
    uint32_t word = own[bit / 8] | (uint32_t) own[last] << 8;   // The same byte twice is cut off again.
    uint32_t value = word >> bit % 8 & ((1u << codeBits) - 1);
    return value >> shift & ((1u << bits) - 1);
  }
};

extern "C" __global__ void __launch_bounds__(128)
pack_sparse_tiles(uint32_t* __restrict__ tiles, const __grid_constant__ SparseRows from) {
  int units = codeBlockUnits(from.bits), row = blockIdx.x * TILE_OUTPUTS, quadruple = blockIdx.y * 64;
  uint32_t* to = tiles + ((int64_t) blockIdx.x * gridDim.y + blockIdx.y) * units * (UNIT_BYTES / 4);
  int lane = threadIdx.x / 4, g = lane / 4, t = lane % 4, word = threadIdx.x % 4;
  uint32_t patterns = 0;
  for (int i = 0; i < 8; i++) {   // Four quadruples of output g, then of g + 8.
    int own = quadruple + (t / 2 * 4 + word) * 8 + t % 2 * 4 + i % 4;
    patterns |= from.pattern(row + g + i / 4 * 8, own) << 4 * i;
  }
  to[threadIdx.x] = patterns;
  int pairs = 16 / from.bits;
  for (int unit = 0; unit < from.bits / 2; unit++) {
    uint32_t codes = 0;
    for (int i = 0; i < pairs; i++) {
      int pair = (unit * 4 + word) * pairs + i, own = quadruple + pair / 4 * 8 + pair % 4 / 2 * 4 + t;
      for (int kept = 0; kept < 2; kept++) {
        codes |= from.code(row + g + pair % 2 * 8, own, kept) << (16 * kept + i * from.bits);
      }
    }
    to[(1 + unit) * (UNIT_BYTES / 4) + threadIdx.x] = codes << 1 | codes >> 31;
  }
}
