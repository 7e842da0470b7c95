// pack_sign_tiles: lays one plane of signs out as sign tiles (tiles.cuh).
//
//   tiles[mergedOutput(at, n), k] = rows[n, k]
//
//   tiles  sign tiles of one plane, zeroed before
//   rows   u32 [R, words], bit t of word w is the sign of input 32 w + t (the delta file's layout;
//          words is even, since rows are whole 64-bit words); bits past the last input are zero
//   Launch    grid R / 8 rounded up, block 128.
//   Numerics  exact.
//   Cost      1 bit read and written a weight; once a plane. Neighbouring threads read whole sectors of 8 rows
//             and, where these begin a half of a tile, write every other word of a unit.
#include "../common/tiles.cuh"

extern "C" __global__ void __launch_bounds__(128)
pack_sign_tiles(uint32_t* __restrict__ tiles, const uint32_t* __restrict__ rows, int count, int columns,
                Placement at) {
  int words = ceilDiv(columns, 32), pitch = ceilDiv(columns, 64) * 2;
  for (int i = threadIdx.x; i < signBlocks(columns) * 64; i += blockDim.x) {
    int row = blockIdx.x * 8 + i % 64 / 8, word = i / 64 * 8 + i % 8 / 2 + i % 2 * 4;
    if (row < count && word < words) {
      tiles[signWord(mergedOutput(at, row), word, columns)] = rows[(int64_t) row * pitch + word];
    }
  }
}
