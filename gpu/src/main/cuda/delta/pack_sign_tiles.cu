// pack_sign_tiles: lays one plane of signs out as sign tiles (tiles.cuh).
//
//   tiles[mergedOutput(at, n), k] = rows[n, k]
//
//   tiles  sign tiles of one plane, zeroed before
//   rows   u32 [R, words], bit t of word w is the sign of input 32 w + t (the delta file's layout;
//          words is even, since rows are whole 64-bit words); bits past the last input are zero
//   Launch    grid R, block 128.
//   Numerics  exact.
//   Cost      1 bit read and written a weight; once a plane.
#include "../common/tiles.cuh"

extern "C" __global__ void __launch_bounds__(128)
pack_sign_tiles(uint32_t* __restrict__ tiles, const uint32_t* __restrict__ rows, int columns,
                Placement at) {
  int output = mergedOutput(at, blockIdx.x), words = ceilDiv(columns, 32);
  const uint32_t* row = rows + (int64_t) blockIdx.x * (ceilDiv(columns, 64) * 2);
  for (int word = threadIdx.x; word < words; word += blockDim.x) {
    tiles[signWord(output, word, columns)] = row[word];
  }
}
