// pack_grouped_tiles: lays rows of grouped codes out as one plane of grouped tiles (tiles.cuh).
//
//   tiles      grouped tiles of the R rows; all of their words are written
//   codes      u8 [R, C codes of `codeBits` bits, rounded up]: a stream from the lowest bit of the first byte (the
//              delta file's layout); of each, `bits` bits from bit `shift` on go into this plane
//   statistics u32 [R, groups]: fp16 scale, then twice the zero
//   Requires   groupColumns a multiple of 16, or C.
//   Launch     grid (tiles of R, blocks of 128 inputs), block 128.
//   Numerics   exact.
//   Cost       codes read once, 2 + bits bits a weight written; once a plane.
#include "../common/tiles.cuh"

struct GroupedRows {
  const uint8_t* codes;
  const uint32_t* statistics;
  int rows, columns, codeBits, shift, bits, groupColumns;

  __device__ bool has(int row, int k) const { return row < rows && k < columns; }
  __device__ uint32_t statistic(int row, int k) const {
    return has(row, k) ? statistics[(int64_t) row * ceilDiv(columns, groupColumns) + k / groupColumns] : 0;
  }
  __device__ uint32_t code(int row, int k) const {
    if (!has(row, k)) return 0;
    int bit = k * codeBits, last = (bit + codeBits - 1) / 8;
    const uint8_t* own = codes + (int64_t) row * ceilDiv(columns * codeBits, 8);
    uint32_t word = own[bit / 8] | (uint32_t) own[last] << 8;   // The same byte twice is cut off again.
    uint32_t value = word >> bit % 8 & ((1u << codeBits) - 1);
    return value >> shift & ((1u << bits) - 1);
  }
};

extern "C" __global__ void __launch_bounds__(128)
pack_grouped_tiles(uint32_t* __restrict__ tiles, const __grid_constant__ GroupedRows from) {
  int units = codeBlockUnits(from.bits), row = blockIdx.x * TILE_OUTPUTS, k = blockIdx.y * GROUPED_BLOCK_INPUTS;
  uint32_t* to = tiles + ((int64_t) blockIdx.x * gridDim.y + blockIdx.y) * units * (UNIT_BYTES / 4);
  int lane = threadIdx.x / 4, g = lane / 4, t = lane % 4, word = threadIdx.x % 4;
  to[threadIdx.x] = from.statistic(row + g + word % 2 * 8, k + (2 * t + word / 2) * GROUP_INPUTS);
  int pairs = 16 / from.bits;
  for (int unit = 0; unit < from.bits / 2; unit++) {
    uint32_t codes = 0;
    for (int i = 0; i < pairs; i++) {
      int pair = (unit * 4 + word) * pairs + i, own = k + pair / 4 * GROUP_INPUTS + pair % 4 / 2 * 8 + 2 * t;
      for (int second = 0; second < 2; second++) {
        codes |= from.code(row + g + pair % 2 * 8, own + second) << (16 * second + i * from.bits);
      }
    }
    to[(1 + unit) * (UNIT_BYTES / 4) + threadIdx.x] = codes << 1 | codes >> 31;
  }
}
