// bias: adds each row's bias, the tenant's own where it has one.
//
//   add_bias     out[t, first + c] += bias[c]
//   gated_bias   out[t, c] = silu(gate + gateBias[c]) * (up + upBias[c])
//
//   out bf16 or f32 [T, pitch]; of gated_bias bf16 [T, C]
//   gateUp bf16 [T, 2C]: in groups of 16, 8 gates and the 8 ups of the same outputs
//   bias f32 [C], null where only tenants have one; step as in fused_linear
//   Requires  C % 8 == 0 for gated_bias.
//   Launch    grid T, block 256; may overlap its predecessor.
//   Numerics  fp32, rounded once; oracle ScalarElementwise.
//   Cost      4 to 8 bytes read and 2 to 4 written a value.
#include "../common/async.cuh"
#include "../common/step.cuh"

__device__ __forceinline__ const float* biasOf(const float* base, const Step* step, int slot, int row) {
  const Run* run = runOf(step, row);
  const float* own = run == nullptr ? nullptr : run->vectors[slot];
  return own == nullptr ? base : own;
}

extern "C" __global__ void __launch_bounds__(256)
add_bias_bf16(__nv_bfloat16* __restrict__ out, const float* __restrict__ base,
              const Step* __restrict__ step, int slot, int first, int columns, int pitch) {
  letDependentsStart();
  const float* bias = biasOf(base, step, slot, blockIdx.x);
  awaitPredecessors();
  if (bias == nullptr) return;
  __nv_bfloat16* row = out + (int64_t) blockIdx.x * pitch + first;
  for (int c = threadIdx.x; c < columns; c += blockDim.x) {
    row[c] = __float2bfloat16(__bfloat162float(row[c]) + bias[c]);
  }
}

extern "C" __global__ void __launch_bounds__(256)
add_bias_f32(float* __restrict__ out, const float* __restrict__ base, const Step* __restrict__ step,
             int slot, int first, int columns, int pitch) {
  letDependentsStart();
  const float* bias = biasOf(base, step, slot, blockIdx.x);
  awaitPredecessors();
  if (bias == nullptr) return;
  float* row = out + (int64_t) blockIdx.x * pitch + first;
  for (int c = threadIdx.x; c < columns; c += blockDim.x) row[c] += bias[c];
}

extern "C" __global__ void __launch_bounds__(256)
gated_bias_bf16(__nv_bfloat16* __restrict__ out, const __nv_bfloat16* __restrict__ gateUp,
                const float* __restrict__ gateBase, const float* __restrict__ upBase,
                const Step* __restrict__ step, int gateSlot, int upSlot, int columns) {
  letDependentsStart();
  const float* gateBias = biasOf(gateBase, step, gateSlot, blockIdx.x);
  const float* upBias = biasOf(upBase, step, upSlot, blockIdx.x);
  awaitPredecessors();
  const __nv_bfloat16* row = gateUp + (int64_t) blockIdx.x * 2 * columns;
  for (int c = threadIdx.x; c < columns; c += blockDim.x) {
    int at = c / 8 * 16 + c % 8;
    float gate = __bfloat162float(row[at]) + (gateBias == nullptr ? 0.0f : gateBias[c]);
    float up = __bfloat162float(row[at + 8]) + (upBias == nullptr ? 0.0f : upBias[c]);
    out[(int64_t) blockIdx.x * columns + c] = __float2bfloat16(gate / (1.0f + __expf(-gate)) * up);
  }
}
