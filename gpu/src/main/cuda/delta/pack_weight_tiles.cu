// pack_weight_tiles: lays rows of a bf16 matrix out as weight tiles (tiles.cuh).
//
//   tiles[mergedOutput(at, n), k] = rows[n, k]
//
//   tiles  weight tiles, zeroed before   rows bf16 [R, C] row-major, 16-byte aligned
//   Requires  C % 8 == 0; the tiles hold every merged output.
//   Launch    grid R, block 256.
//   Numerics  exact.
//   Cost      2 bytes read and written a weight; once a matrix.
#include "../common/tiles.cuh"

extern "C" __global__ void __launch_bounds__(256)
pack_weight_tiles(uint4* __restrict__ tiles, const uint4* __restrict__ rows, int columns,
                  Placement at) {
  int output = mergedOutput(at, blockIdx.x);
  for (int k = threadIdx.x * 8; k < columns; k += blockDim.x * 8) {
    tiles[weightOffset(output, k, columns) / 16] = rows[((int64_t) blockIdx.x * columns + k) / 8];
  }
}
