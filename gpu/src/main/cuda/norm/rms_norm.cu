// rms_norm: scales each row of the residual stream to unit root mean square.
//
//   out[t, c] = x[t, c] * weight[c] / sqrt(mean over c of x[t, c]^2 + epsilon)
//   weight: the tenant's own where it has one
//
//   out bf16 [T, C]   x f32 [T, C]   weight f32 [C]   row-major, 16-byte aligned
//   Requires  C % 8 == 0, C <= 16,384.
//   Launch    grid T, block 512; may overlap its predecessor, behind which it loads its weights.
//   Numerics  squares summed in fp32; oracle ScalarRmsNorm; rounded to bf16 once.
//   Cost      4C bytes read, 2C written a row.
#include "../common/async.cuh"
#include "../common/numbers.cuh"
#include "../common/reduce.cuh"
#include "../common/step.cuh"

constexpr int NORM_THREADS = 512;

extern "C" __global__ void __launch_bounds__(NORM_THREADS)
rms_norm_bf16(__nv_bfloat16* __restrict__ out, const float* __restrict__ x,
              const float* __restrict__ weight, const Step* __restrict__ step, int slot,
              int columns, float epsilon) {
  constexpr int KEPT = 16384 / NORM_THREADS / 8;  // Read once: what a thread needs twice stays in registers.
  __shared__ float scratch[32];
  letDependentsStart();
  const float* own = weight;
  if (step != nullptr) {
    const Run* run = runOf(step, blockIdx.x);
    const float* different = run == nullptr ? nullptr : run->vectors[slot];
    own = different == nullptr ? weight : different;
  }
  float4 factors[2 * KEPT];
#pragma unroll
  for (int i = 0; i < KEPT; i++) {
    int c = (i * NORM_THREADS + threadIdx.x) * 8;
    if (c < columns) {
      factors[2 * i] = __ldg((const float4*) (own + c));
      factors[2 * i + 1] = __ldg((const float4*) (own + c + 4));
    }
  }
  awaitPredecessors();
  const float* row = x + (int64_t) blockIdx.x * columns;
  float4 kept[2 * KEPT];
  float squares = 0;
#pragma unroll
  for (int i = 0; i < KEPT; i++) {
    int c = (i * NORM_THREADS + threadIdx.x) * 8;
    if (c < columns) {
      kept[2 * i] = *(const float4*) (row + c);
      kept[2 * i + 1] = *(const float4*) (row + c + 4);
      for (float4 v : {kept[2 * i], kept[2 * i + 1]}) {
        squares += v.x * v.x + v.y * v.y + v.z * v.z + v.w * v.w;
      }
    }
  }
  float scale = rsqrtf(blockSum(squares, scratch) / columns + epsilon);
#pragma unroll
  for (int i = 0; i < KEPT; i++) {
    int c = (i * NORM_THREADS + threadIdx.x) * 8;
    if (c < columns) {
      float4 a = kept[2 * i], b = kept[2 * i + 1];
      float4 u = factors[2 * i], v = factors[2 * i + 1];
      float scaled[8] = {a.x * scale * u.x, a.y * scale * u.y, a.z * scale * u.z, a.w * scale * u.w,
                         b.x * scale * v.x, b.y * scale * v.y, b.z * scale * v.z, b.w * scale * v.w};
      *(uint4*) (out + (int64_t) blockIdx.x * columns + c) = narrow8(scaled);
    }
  }
}
