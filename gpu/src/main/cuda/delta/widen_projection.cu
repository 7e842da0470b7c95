// widen_projection: writes out what variants' weights are, for prompts, where prefill_linear had rather read
// them than add the differences itself.
//
//   scratch[r][n, k] = f[n] * W[n, k] + D[n, k]     D: the difference of run first + r; f: its factors, or 1
//   rows of D that replace stand in for W + D; all runs but those
//   where a part is not light (variant.cuh) are left out
//
//   scratch  weight tiles (tiles.cuh), `stride` bytes from a run's to the next   W weight tiles
//   step: as in fused_linear
//   Requires  C % 8 == 0, no outputs beyond the base's.
//   Launch    grid (runs, tiles of 16 outputs), block 256: runs meet in the second-level cache, where they
//             find the base's tile; may overlap its predecessor.
//   Numerics  fp32; planes added in order; rounded to bf16 once.
//   Cost      2 bytes written a weight and run, and its codes read; 2 bytes read a weight of the base.
#include "../common/async.cuh"
#include "../common/variant.cuh"

extern "C" __global__ void __launch_bounds__(256)
widen_projection(char* __restrict__ scratch, const char* __restrict__ weight, const Step* __restrict__ step,
                 int64_t stride, int slot, int firstRun, int outputs, int columns) {
  letDependentsStart();
  awaitPredecessors();
  const Projection* own = &step->run[firstRun + blockIdx.x].projections[slot];
  if (!isWidened(*own)) return;
  int64_t tile = blockIdx.y * weightTileBytes(columns);
  uint4* to = (uint4*) (scratch + blockIdx.x * stride + tile);
  int pieces = (int) (weightTileBytes(columns) / 16);
  for (int i = threadIdx.x; i < pieces; i += blockDim.x) {
    int output = blockIdx.y * TILE_OUTPUTS + i / 32 % 2 * 8 + i % 32 / 4;
    int k = i / 64 * 32 + i % 4 * 8;
    float v[8] = {};
    if (output < outputs && k < columns) variantWeights(v, weight, outputs, own, output, k, columns);
    to[i] = narrow8(v);
  }
}
