// pack_sign_tiles: lays one plane of signs out as sign tiles (tiles.cuh).
//
//   tiles[mergedOutput(at, n), k] = rows[n, k]
//
//   tiles  sign tiles of one plane, zeroed before
//   rows   u32 [R, words], bit t of word w is the sign of input 32 w + t (the delta file's layout;
//          words is even, since rows are whole 64-bit words)
//   Launch    grid R, block 128.
//   Numerics  exact.
//   Cost      1 bit read and written a weight; once a plane.
#include "../common/tiles.cuh"

extern "C" __global__ void __launch_bounds__(128)
pack_sign_tiles(uint32_t* __restrict__ tiles, const uint32_t* __restrict__ rows, int columns,
                Placement at) {
  int output = mergedOutput(at, blockIdx.x), fileWords = ceilDiv(columns, 64) * 2;
  int chunks = ceilDiv(columns, CHUNK_INPUTS);
  for (int i = threadIdx.x; i < chunks * 4; i += blockDim.x) {
    int chunk = i / 4, t = i % 4;
    uint32_t packed = 0;
    for (int c = 0; c < 4; c++) {
      int word = chunk * 4 + c;
      uint32_t byte = word < fileWords
          ? rows[(int64_t) blockIdx.x * fileWords + word] >> 8 * t & 0xFF : 0;
      for (int i = 0; i < 4; i++) {
        packed |= (byte >> 2 * i & 1) << signBit(c, i) | (byte >> 2 * i & 2) << (signBit(c, i) + 15);
      }
    }
    tiles[signWord(output, chunk, t, columns)] = packed;
  }
}
