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
//   Numerics  fp32; planes and ranks added in order; rounded to bf16 once.
//   Cost      2 bytes written a weight and run, and its codes read; 2 bytes read a weight of the base; of low
//             rank r, r products a weight.
#include "../common/async.cuh"
#include "../common/variant.cuh"

constexpr int HALF_OUTPUTS = 8, RANK_MAX = 256;

// Eight inputs of eight outputs, rows `row` to `row` + 7 of a part of low rank: f W + D. `up`: what they have in
// common, [rank][2 halves][8].
__device__ __forceinline__ void widenLowRank(uint4* to, const uint4* base, const Part& part, const char* down,
                                             const float* up, int row, int k, int columns) {
  float sums[HALF_OUTPUTS][8] = {};
#pragma unroll 1
  for (int rank = 0; rank < part.rankUnits * 16; rank++) {
    float weights[8];
    widen8(weights, *(const uint4*) (down + weightOffset(rank, k, columns)));
    float4 low = *(const float4*) (up + rank * 2 * HALF_OUTPUTS), high = *(const float4*) (up + rank * 2 * HALF_OUTPUTS + 4);
    float own[HALF_OUTPUTS] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
#pragma unroll
    for (int g = 0; g < HALF_OUTPUTS; g++) {
#pragma unroll
      for (int i = 0; i < 8; i++) sums[g][i] = fmaf(own[g], weights[i], sums[g][i]);
    }
  }
#pragma unroll
  for (int g = 0; g < HALF_OUTPUTS; g++) {
    float v[8];
    widen8(v, base[4 * g]);
    bool has = row + g < rowsOf(part);
    float factor = has && part.scalesBase ? baseFactor(part, row + g) : 1.0f, scale = has ? __ldg(part.scales) : 0.0f;
#pragma unroll
    for (int i = 0; i < 8; i++) v[i] = fmaf(scale, sums[g][i], v[i] * factor);
    to[4 * g] = narrow8(v);
  }
}

// What a half's outputs have of `up`. Run by the whole block.
__device__ __forceinline__ void loadUp(float* up, const Part& part, int row) {
  for (int i = threadIdx.x; i < part.rankUnits * 16 * HALF_OUTPUTS; i += blockDim.x) {
    int rank = i / HALF_OUTPUTS, g = i % HALF_OUTPUTS;
    bool has = row + g < rowsOf(part);
    up[rank * 2 * HALF_OUTPUTS + g] =
        has ? __bfloat162float(((const __nv_bfloat16*) part.codes)[rankIndex(row + g, rank, part.rankUnits)]) : 0.0f;
  }
}

extern "C" __global__ void __launch_bounds__(256)
widen_projection(char* __restrict__ scratch, const char* __restrict__ weight, const Step* __restrict__ step,
                 int64_t stride, int slot, int firstRun, int outputs, int columns) {
  __shared__ __align__(16) float up[RANK_MAX * 2 * HALF_OUTPUTS];
  letDependentsStart();
  awaitPredecessors();
  const Projection* own = &step->run[firstRun + blockIdx.x].projections[slot];
  if (!isWidened(*own)) return;
  int firstOutput = blockIdx.y * TILE_OUTPUTS, lowRank[2] = {-1, -1};
  for (int p = 0; p < own->parts; p++) {
    if (own->part[p].kind != PART_LOW_RANK) continue;
    for (int half = 0; half < 2; half++) {
      int row = rowOf(own->part[p], firstOutput + half * HALF_OUTPUTS);
      if (row < 0) continue;
      lowRank[half] = p;
      loadUp(up + half * HALF_OUTPUTS, own->part[p], row);
    }
  }
  __syncthreads();
  int64_t tile = blockIdx.y * weightTileBytes(columns);
  uint4* to = (uint4*) (scratch + blockIdx.x * stride + tile);
  const uint4* base = (const uint4*) (weight + tile);
  int octets = (int) (weightTileBytes(columns) / (16 * HALF_OUTPUTS));
  for (int i = threadIdx.x; i < octets; i += blockDim.x) {
    int half = i / 4 % 2, k = i / 8 * 32 + i % 4 * 8, at = i / 4 * 32 + i % 4;
    int output = firstOutput + half * HALF_OUTPUTS, p = lowRank[half];
    if (p >= 0 && k < columns) {
      const Part& part = own->part[p];
      widenLowRank(to + at, base + at, part, (const char*) own->extra[p], up + half * HALF_OUTPUTS, rowOf(part, output), k,
                   columns);
      continue;
    }
#pragma unroll 1
    for (int g = 0; g < HALF_OUTPUTS; g++) {
      float v[8] = {};
      if (output + g < outputs && k < columns) variantWeights(v, weight, outputs, own, output + g, k, columns);
      to[at + 4 * g] = narrow8(v);
    }
  }
}
