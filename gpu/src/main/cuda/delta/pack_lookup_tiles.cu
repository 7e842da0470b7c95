// pack_lookup_tiles: lays one plane of codes out as look-up tiles (tiles.cuh).
//
//   tiles  look-up tiles of the R rows; all of their words are written
//   rows   u32 [R, words], bit t of word w is the code's bit of input 32 w + t (the delta file's layout; words is
//          even, since rows are whole 64-bit words); bits past the last input are zero
//   Launch    grid (tiles of R, blocks of 256 inputs), block 128.
//   Numerics  exact.
//   Cost      1 bit read and written a weight; once a plane.
#include "../common/tiles.cuh"

extern "C" __global__ void __launch_bounds__(128)
pack_lookup_tiles(uint32_t* __restrict__ tiles, const uint32_t* __restrict__ rows, int rowCount, int columns) {
  int g = threadIdx.x / 16, t = threadIdx.x / 4 % 4, step = threadIdx.x % 4 * 4, words = ceilDiv(columns, 64) * 2;
  uint32_t bits = 0;
  for (int i = 0; i < 32; i++) {
    int nibble = i / 4, row = blockIdx.x * TILE_OUTPUTS + g + nibble / 4 * 8;
    int k = blockIdx.y * SIGN_BLOCK_INPUTS + (step + i % 4) * 16 + nibble % 4 / 2 * 8 + 2 * t + nibble % 2;
    if (row < rowCount && k < columns) bits |= (rows[(int64_t) row * words + k / 32] >> k % 32 & 1) << i;
  }
  tiles[((int64_t) blockIdx.x * gridDim.y + blockIdx.y) * (UNIT_BYTES / 4) + threadIdx.x] = bits;
}
