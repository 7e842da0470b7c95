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
#include "../common/step.cuh"
#include "../common/variant.cuh"

extern "C" __global__ void __launch_bounds__(256)
embedding_gather_f32(float* __restrict__ out, const char* __restrict__ weight,
                     const Step* __restrict__ step, int slot, int baseOutputs, int columns) {
  letDependentsStart();
  awaitPredecessors();
  int row = blockIdx.x, token = step->row[row].token;
  const Run* run = runOf(step, row);
  const Projection* projection = run == nullptr ? nullptr : &run->projections[slot];
  for (int k = threadIdx.x * 8; k < columns; k += blockDim.x * 8) {
    float v[8];
    variantWeights(v, weight, baseOutputs, projection, token, k, columns);
    float4* to = (float4*) (out + (int64_t) row * columns + k);
    to[0] = make_float4(v[0], v[1], v[2], v[3]);
    to[1] = make_float4(v[4], v[5], v[6], v[7]);
  }
}
