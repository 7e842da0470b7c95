// rope_and_cache: rotates queries and keys by their positions and stores keys and values.
//
//   angle = position * speed[i]     a, b = h[i], h[i + n]     n = number of speeds, of one head h
//   h[i] = a cos - b sin            h[i + n] = b cos + a sin
//
//   qkv bf16 [T, (H + 2K) * S]  queries rotated in place; keys and values go to the cache
//   cache bf16 [pages][layers][2][K][P][S]; a row's page: tables[its pageTable + position / P]
//   speeds f32 [n], n <= S / 2; cos and sin times `scale`
//   Requires  S even.
//   Launch    grid (T, H + 2K), block S / 2 rounded up to whole warps; may overlap its predecessor.
//   Numerics  angle rounded to fp32, sine and cosine to 2 ulp; oracle ScalarRope.
//   Cost      2 bytes read and written a value.
#include "../common/async.cuh"
#include "../common/cache.cuh"
#include "../common/rotation.cuh"
#include "../common/step.cuh"


extern "C" __global__ void __launch_bounds__(128)
rope_and_cache_bf16(__nv_bfloat16* __restrict__ qkv, __nv_bfloat16* __restrict__ cache,
                    const Step* __restrict__ step, const int* __restrict__ tables,
                    const float* __restrict__ speeds, CacheShape shape, int layer, int heads,
                    int rotated, float scale) {
  letDependentsStart();
  int row = blockIdx.x, head = blockIdx.y, i = threadIdx.x, size = shape.headSize;
  int position = step->row[row].position;
  int page = tables[step->row[row].pageTable + position / shape.pageTokens];
  awaitPredecessors();
  if (row >= step->rows) return;
  __nv_bfloat16* from = qkv + ((int64_t) row * (heads + 2 * shape.heads) + head) * size;
  __nv_bfloat16* to = from;
  if (head >= heads) {
    int isValue = head >= heads + shape.heads;
    to = cache + cacheIndex(shape, page, layer, isValue,
                            head - heads - isValue * shape.heads, position % shape.pageTokens);
  }
  bool rotates = head < heads + shape.heads && i < rotated / 2;
  if (rotates) {
    float sine, cosine;
    sincosf(position * speeds[i], &sine, &cosine);
    float a = __bfloat162float(from[i]), b = __bfloat162float(from[i + rotated / 2]);
    to[i] = __float2bfloat16(rotatedComponent(a, b, cosine, -sine, scale));
    to[i + rotated / 2] = __float2bfloat16(rotatedComponent(b, a, cosine, sine, scale));
  }
  if (to == from) return;
  int first = rotates || head < heads + shape.heads ? rotated : 0;
  for (int c = first + i; c < size; c += blockDim.x) to[c] = from[c];
}
