// embedding_gather: the residual stream's first values, of the row's own variant.
//
//   out[t, c] = f[token] * W[token, c] + D[token, c]     D: the difference of t's run, or 0; f: 1, or its factors
//   rows of D that replace stand in for W + D
//
//   out f32 [T, C]   W weight tiles   step as in fused_linear
//   Requires  C % 8 == 0; each token is a row of its own variant (checked by the host).
//   Launch    grid T, block 256; may overlap its predecessor.
//   Numerics  fp32; planes added in order; oracle ScalarGather.
//   Cost      2 bytes a value, and 1 bit a value and plane.
#include "../common/async.cuh"
#include "../common/numbers.cuh"
#include "../common/step.cuh"
#include "../common/tiles.cuh"

__device__ __forceinline__ void addPlane(float (&v)[8], const uint32_t* tiles, float scale, int output,
                                         int k, int columns) {
  uint32_t signs = tiles[signWord(output, k / 32, columns)] >> k % 32;
#pragma unroll
  for (int i = 0; i < 8; i++) v[i] += signs >> i & 1 ? scale : -scale;
}

// Eight inputs of one output of a part of vectors.
__device__ __forceinline__ void addVectors(float (&v)[8], const Part& part, const __nv_bfloat16* codebook,
                                           int output, int k, int columns) {
  int d = part.vectorRows;
  uint64_t indices = *(const uint64_t*) ((const char*) part.codes + indexOffset(output / d, k, columns));
#pragma unroll
  for (int i = 0; i < 8; i++) {
    v[i] += part.scales[output] * __bfloat162float(codebook[(indices >> 8 * i & 0xFF) * d + output % d]);
  }
}

extern "C" __global__ void __launch_bounds__(256)
embedding_gather_f32(float* __restrict__ out, const char* __restrict__ weight,
                     const Step* __restrict__ step, int slot, int baseOutputs, int columns) {
  letDependentsStart();
  awaitPredecessors();
  int row = blockIdx.x, token = step->row[row].token;
  const Run* run = runOf(step, row);
  const Projection* projection = run == nullptr ? nullptr : &run->projections[slot];
  for (int k = threadIdx.x * 8; k < columns; k += blockDim.x * 8) {
    float v[8] = {};
    if (token < baseOutputs) {
      widen8(v, *(const uint4*) (weight + weightOffset(token, k, columns)));
    }
    for (int p = 0; projection != nullptr && p < projection->parts; p++) {
      const Part& part = projection->part[p];
      int own = token - part.firstOutput;
      if (own < part.skip || own >= part.outputs) continue;
      if (part.kind == PART_REPLACED) {
        widen8(v, *(const uint4*) ((const char*) part.codes + weightOffset(own, k, columns)));
        continue;
      }
      if (part.scalesBase) {
        float factor = baseFactor(part, own);
#pragma unroll
        for (int i = 0; i < 8; i++) v[i] *= factor;
      }
      if (part.kind == PART_VECTORS) {
        addVectors(v, part, projection->codebook[p], own, k, columns);
        continue;
      }
      int64_t planeWords = tilesOf(part.outputs) * signTileBytes(columns) / 4;
      for (int plane = 0; plane < part.planes; plane++) {
        addPlane(v, (const uint32_t*) part.codes + plane * planeWords,
                 part.scales[(int64_t) plane * part.outputs + own], own, k, columns);
      }
    }
    float4* to = (float4*) (out + (int64_t) row * columns + k);
    to[0] = make_float4(v[0], v[1], v[2], v[3]);
    to[1] = make_float4(v[4], v[5], v[6], v[7]);
  }
}
