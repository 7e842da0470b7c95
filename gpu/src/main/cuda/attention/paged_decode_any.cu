// paged_decode_any: paged_decode for heads of any size and groups of any number.
//
//   score[p] = scale * q[t, h] . key[p, h / G]       p in [0, position of t]
//   out[t, h] = sum over p of softmax(score)[p] * value[p, h / G]
//
//   out bf16 [T, H * S]   qkv bf16 [T, (H + 2K) * S], queries first   cache as in rope_and_cache
//   Requires  S <= 256, H a multiple of K.
//   Launch    grid (H, T), block 128; may overlap its predecessor.
//   Numerics  fp32; every fourth position belongs to a warp, in an order that depends on the
//             position alone: a row's bits do not depend on the batch; oracle ScalarAttention.
//   Cost      4 S bytes a position and query head: keys and values are read G times.
#include "../common/async.cuh"
#include "../common/cache.cuh"
#include "../common/reduce.cuh"
#include "../common/step.cuh"

constexpr int ANY_WARPS = 4;
constexpr int ANY_SIZE_MAX = 256;
constexpr int ANY_KEPT = ANY_SIZE_MAX / 32;   // components of a lane

extern "C" __global__ void __launch_bounds__(32 * ANY_WARPS)
paged_decode_any(__nv_bfloat16* __restrict__ out, const __nv_bfloat16* __restrict__ qkv,
                 const __nv_bfloat16* __restrict__ cache, const Step* __restrict__ step,
                 const int* __restrict__ tables, CacheShape shape, int layer, int heads, float scale) {
  __shared__ float sums[ANY_WARPS][ANY_SIZE_MAX + 2];
  letDependentsStart();
  int head = blockIdx.x, row = blockIdx.y, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  int size = shape.headSize, kvHead = head / (heads / shape.heads);
  int positions = step->row[row].position + 1;
  const int* table = tables + step->row[row].pageTable;
  awaitPredecessors();

  const __nv_bfloat16* from = qkv + ((int64_t) row * (heads + 2 * shape.heads) + head) * size;
  float q[ANY_KEPT], sum[ANY_KEPT];
#pragma unroll
  for (int i = 0; i < ANY_KEPT; i++) {
    int c = i * 32 + lane;
    q[i] = c < size ? __bfloat162float(from[c]) : 0.0f;
    sum[i] = 0;
  }
  float largest = -INFINITY, weights = 0;
  for (int position = warp; position < positions; position += ANY_WARPS) {
    int page = table[position / shape.pageTokens], slot = position % shape.pageTokens;
    const __nv_bfloat16* key = cache + cacheIndex(shape, page, layer, 0, kvHead, slot);
    const __nv_bfloat16* value = cache + cacheIndex(shape, page, layer, 1, kvHead, slot);
    float score = 0;
#pragma unroll
    for (int i = 0; i < ANY_KEPT; i++) {
      int c = i * 32 + lane;
      if (c < size) score = fmaf(q[i], __bfloat162float(key[c]), score);
    }
    score = warpSum(score) * scale;
    float next = fmaxf(largest, score);
    float factor = largest == next ? 1.0f : __expf(largest - next), weight = __expf(score - next);
    largest = next;
    weights = fmaf(weights, factor, weight);
#pragma unroll
    for (int i = 0; i < ANY_KEPT; i++) {
      int c = i * 32 + lane;
      if (c < size) sum[i] = fmaf(weight, __bfloat162float(value[c]), sum[i] * factor);
    }
  }
#pragma unroll
  for (int i = 0; i < ANY_KEPT; i++) {
    int c = i * 32 + lane;
    if (c < size) sums[warp][c] = sum[i];
  }
  if (lane == 0) {
    sums[warp][ANY_SIZE_MAX] = largest;
    sums[warp][ANY_SIZE_MAX + 1] = weights;
  }
  __syncthreads();
  float common = -INFINITY;
  for (int w = 0; w < ANY_WARPS; w++) common = fmaxf(common, sums[w][ANY_SIZE_MAX]);
  for (int c = threadIdx.x; c < size; c += blockDim.x) {
    float total = 0, all = 0;
    for (int w = 0; w < ANY_WARPS; w++) {
      float own = sums[w][ANY_SIZE_MAX];
      float factor = own == -INFINITY ? 0.0f : __expf(own - common);
      all = fmaf(sums[w][ANY_SIZE_MAX + 1], factor, all);
      total = fmaf(sums[w][c], factor, total);
    }
    out[((int64_t) row * heads + head) * size + c] = __float2bfloat16(total / all);
  }
}
