// pack_index_tiles: lays the bytes of a vector code out as index tiles (tiles.cuh).
//
//   tiles[band, k] = rows[band, k]
//
//   tiles  index tiles, zeroed before   rows u8 [bands, C] row-major, 8-byte aligned
//   Requires  C % 8 == 0.
//   Launch    grid bands, block 128.
//   Numerics  exact.
//   Cost      1 byte read and written a band and input; once a matrix.
#include "../common/tiles.cuh"

extern "C" __global__ void __launch_bounds__(128)
pack_index_tiles(char* __restrict__ tiles, const uint64_t* __restrict__ rows, int columns) {
  for (int k = threadIdx.x * 8; k < columns; k += blockDim.x * 8) {
    *(uint64_t*) (tiles + indexOffset(blockIdx.x, k, columns)) =
        rows[((int64_t) blockIdx.x * columns + k) / 8];
  }
}
