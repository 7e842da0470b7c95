// paged_decode: attention of one row a sequence over its cached positions, the newest included.
//
//   score[p] = scale * q[t, h] . key[p, h / G]       p in [0, position of t]
//   out[t, h] = sum over p of softmax(score)[p] * value[p, h / G]
//
//   out bf16 [T, H * S]   qkv bf16 [T, (H + 2K) * S], queries first   cache as in rope_and_cache
//   Requires  S in {64, 128}, G = H / K in 1 .. 8, P % 4 == 0.
//   rotating_decode does before what rope_and_cache does, with n = S / 2 speeds: it takes queries and
//   the newest key as they were projected, and stores the newest key and value of rows in use. No two
//   rows may be of one sequence.
//   Launch    grid (SPLITS, K, T) in clusters of SPLITS = 4 blocks of 128 threads; may overlap its
//             predecessor.
//   Numerics  fp32; the blocks of a cluster take neighbouring stretches of the context, whose length
//             depends on the position alone: a row's bits do not depend on the batch.
//   Cost      4 S bytes a position and key-value head, each once.
#include "../common/async.cuh"
#include "../common/cache.cuh"
#include "../common/numbers.cuh"
#include "../common/reduce.cuh"
#include "../common/rotation.cuh"
#include "../common/step.cuh"

constexpr int SPLITS = 4;
constexpr int DECODE_WARPS = 4;


// A running softmax average: of a lane's 8 components.
struct Average {
  float largest, weights, sum[8];

  __device__ __forceinline__ void clear() {
    largest = -INFINITY;
    weights = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) sum[i] = 0;
  }

  __device__ __forceinline__ void rescale(float to) {
    float factor = largest == to ? 1.0f : __expf(largest - to);
    largest = to;
    weights *= factor;
#pragma unroll
    for (int i = 0; i < 8; i++) sum[i] *= factor;
  }

  // Merges with the average of the lane `distance` away, which does the same.
  __device__ __forceinline__ void mergeAcross(int distance) {
    float common = fmaxf(largest, __shfl_xor_sync(~0u, largest, distance));
    if (common != -INFINITY) rescale(common);
    largest = common;
    weights += __shfl_xor_sync(~0u, weights, distance);
#pragma unroll
    for (int i = 0; i < 8; i++) sum[i] += __shfl_xor_sync(~0u, sum[i], distance);
  }
};

// How eight components of a head of SIZE are turned, whose partners another lane has.
template <int SIZE>
struct Turn {
  static constexpr int LANES = SIZE / 8, PAIRS = SIZE / 16;   // lanes of a head, and of a half of it

  struct Angles {
    float cosine[8][PAIRS], sine[8][PAIRS];                   // of the lane's component, then the lane
  };

  const Angles& angles;
  float scale;

  // Each angle is computed by one thread of the block, which waits for all.
  __device__ __forceinline__ Turn(Angles& angles, int position, const float* speeds, float scale)
      : angles(angles), scale(scale) {
    if (threadIdx.x < SIZE / 2) {
      int c = threadIdx.x % 8, lane = threadIdx.x / 8;
      sincosf(position * speeds[threadIdx.x], &angles.sine[c][lane], &angles.cosine[c][lane]);
    }
    __syncthreads();
  }

  __device__ __forceinline__ uint4 of(uint4 components) const {
    int part = threadIdx.x % LANES, lane = part % PAIRS;
    float x[8];
    widen8(x, components);
#pragma unroll
    for (int c = 0; c < 8; c++) {
      float y = __shfl_xor_sync(~0u, x[c], PAIRS), sine = angles.sine[c][lane];
      x[c] = rotatedComponent(x[c], y, angles.cosine[c][lane], part == lane ? -sine : sine, scale);
    }
    return narrow8(x);
  }
};

// The key and the value of the newest position, of which the cache knows nothing yet.
struct Newest {
  int position = -1;
  uint4 key, value;
};

// SIZE components a head, GROUP query heads to a key-value head. SIZE / 8 lanes share a position.
template <int SIZE, int GROUP>
struct Decode {
  static constexpr int LANES = SIZE / 8;
  static constexpr int POSITIONS = 32 / LANES;             // a warp's, in one load
  static constexpr int STRIDE = DECODE_WARPS * POSITIONS;  // a block's
  static constexpr int TOGETHER = 4;                       // a lane's, on their way at once

  struct Shared {
    float sums[DECODE_WARPS][GROUP][SIZE + 2];
    float block[SPLITS][GROUP][SIZE + 2];                  // of the cluster's blocks, in rank 0
  };

  float q[GROUP][8];
  Average average[GROUP];

  __device__ __forceinline__ static uint4 load(const __nv_bfloat16* from) {
    uint4 v;
    asm volatile("ld.global.L1::no_allocate.L2::128B.v4.u32 {%0,%1,%2,%3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(from));
    return v;
  }

  // Positions [first, end), of which this lane's group of lanes takes every STRIDE-th.
  __device__ __forceinline__ void attend(const __nv_bfloat16* pages, const int* table,
                                         int64_t pageStride, int64_t valueOffset, int pageTokens,
                                         int first, int end, const Newest& newest, float scale) {
    int part = threadIdx.x % LANES;
    int own = threadIdx.x / LANES;
#pragma unroll 1
    for (int base = first; base < end; base += STRIDE * TOGETHER) {
      uint4 keys[TOGETHER], values[TOGETHER];
#pragma unroll
      for (int i = 0; i < TOGETHER; i++) {
        int position = base + i * STRIDE + own;
        keys[i] = values[i] = make_uint4(0, 0, 0, 0);
        if (position == newest.position) {
          keys[i] = newest.key;
          values[i] = newest.value;
        } else if (position < end) {
          const __nv_bfloat16* at = pages + table[position / pageTokens] * pageStride +
                                    position % pageTokens * SIZE + part * 8;
          keys[i] = load(at);
          values[i] = load(at + valueOffset);
        }
      }
      float scores[TOGETHER][GROUP];
#pragma unroll
      for (int i = 0; i < TOGETHER; i++) {
        score(scores[i], keys[i], base + i * STRIDE + own < end, scale);
      }
      add(scores, values);
    }
  }

  __device__ __forceinline__ void score(float (&scores)[GROUP], uint4 key, bool exists, float scale) {
    float k[8];
    widen8(k, key);
#pragma unroll
    for (int h = 0; h < GROUP; h++) {
      float sum = 0;
#pragma unroll
      for (int c = 0; c < 8; c++) sum = fmaf(q[h][c], k[c], sum);
#pragma unroll
      for (int step = LANES / 2; step > 0; step /= 2) sum += __shfl_xor_sync(~0u, sum, step);
      scores[h] = exists ? sum * scale : -INFINITY;
    }
  }

  __device__ __forceinline__ void add(const float (&scores)[TOGETHER][GROUP],
                                      const uint4 (&values)[TOGETHER]) {
#pragma unroll
    for (int h = 0; h < GROUP; h++) {
      float largest = average[h].largest;
#pragma unroll
      for (int i = 0; i < TOGETHER; i++) largest = fmaxf(largest, scores[i][h]);
      if (largest == -INFINITY) continue;
      average[h].rescale(largest);
#pragma unroll
      for (int i = 0; i < TOGETHER; i++) {
        float weight = __expf(scores[i][h] - largest), v[8];
        widen8(v, values[i]);
        average[h].weights += weight;
#pragma unroll
        for (int c = 0; c < 8; c++) average[h].sum[c] = fmaf(weight, v[c], average[h].sum[c]);
      }
    }
  }

  // Leaves this warp's averages where the block can merge them.
  __device__ __forceinline__ void publish(Shared& shared) {
    int part = threadIdx.x % LANES;
#pragma unroll
    for (int h = 0; h < GROUP; h++) {
#pragma unroll
      for (int distance = LANES; distance < 32; distance *= 2) average[h].mergeAcross(distance);
      if (threadIdx.x % 32 >= LANES) continue;
      float* to = shared.sums[threadIdx.x / 32][h];
      if (part == 0) {
        to[SIZE] = average[h].largest;
        to[SIZE + 1] = average[h].weights;
      }
#pragma unroll
      for (int c = 0; c < 8; c++) to[part * 8 + c] = average[h].sum[c];
    }
  }

  // Merges `count` averages, SIZE + 2 floats each and `stride` apart: component c of the result.
  __device__ __forceinline__ static float merged(const float* from, int count, int stride, int c,
                                                 float& largest, float& weights) {
    largest = -INFINITY;
    for (int i = 0; i < count; i++) largest = fmaxf(largest, from[i * stride + SIZE]);
    float sum = 0;
    weights = 0;
    for (int i = 0; i < count && largest != -INFINITY; i++) {
      float factor = __expf(from[i * stride + SIZE] - largest);
      weights += from[i * stride + SIZE + 1] * factor;
      sum += from[i * stride + c] * factor;
    }
    return sum;
  }
};

__device__ __forceinline__ void storeCluster4(uint32_t address, float v) {
  asm volatile("st.shared::cluster.f32 [%0], %1;" ::"r"(address), "f"(v) : "memory");
}

template <int SIZE, int GROUP, bool ROTATING>
__device__ __forceinline__ void pagedDecode(__nv_bfloat16* out, const __nv_bfloat16* qkv,
                                            __nv_bfloat16* cache, const Step* step,
                                            const int* tables, CacheShape shape, int layer,
                                            float scale, const float* speeds, float speedScale) {
  using Head = Decode<SIZE, GROUP>;
  __shared__ typename Head::Shared shared;
  letDependentsStart();
  clusterArrive();
  int split = blockIdx.x, kvHead = blockIdx.y, row = blockIdx.z, part = threadIdx.x % Head::LANES;
  int positions = step->row[row].position + 1;
  const int* table = tables + step->row[row].pageTable;
  int stretch = (positions + SPLITS - 1) / SPLITS;
  int heads = shape.heads * GROUP, first = split * stretch, end = min(positions, first + stretch);
  int64_t headValues = (int64_t) shape.pageTokens * SIZE, layerValues = shape.heads * headValues;
  int64_t pageStride = 2 * shape.layers * layerValues;
  cache += layer * 2 * layerValues + kvHead * headValues;
  const __nv_bfloat16* own = qkv + (int64_t) row * (heads + 2 * shape.heads) * SIZE + part * 8;

  Head head;
  Newest newest;
  auto take = [&](auto turned) {
#pragma unroll
    for (int h = 0; h < GROUP; h++) {
      widen8(head.q[h], turned(*(const uint4*) (own + (kvHead * GROUP + h) * SIZE)));
      head.average[h].clear();
    }
  };
  if constexpr (ROTATING) {
    __shared__ typename Turn<SIZE>::Angles angles;
    Turn<SIZE> turn(angles, positions - 1, speeds, speedScale);
    awaitPredecessors();
    take([&](uint4 v) { return turn.of(v); });
    newest.position = positions - 1;
    newest.key = turn.of(*(const uint4*) (own + (heads + kvHead) * SIZE));
    newest.value = *(const uint4*) (own + (heads + shape.heads + kvHead) * SIZE);
    if (first <= newest.position && newest.position < end && threadIdx.x < Head::LANES && row < step->rows) {
      __nv_bfloat16* to = cache + table[newest.position / shape.pageTokens] * pageStride +
                          newest.position % shape.pageTokens * SIZE + part * 8;
      *(uint4*) to = newest.key;
      *(uint4*) (to + layerValues) = newest.value;
    }
  } else {
    awaitPredecessors();
    take([](uint4 v) { return v; });
  }
  head.attend(cache, table, pageStride, layerValues, shape.pageTokens, first, end, newest, scale);
  head.publish(shared);
  __syncthreads();
  clusterAwait();
  for (int i = threadIdx.x; i < GROUP * SIZE; i += blockDim.x) {
    int h = i / SIZE, c = i % SIZE;
    float largest, weights;
    float sum = Head::merged(shared.sums[0][h], DECODE_WARPS, GROUP * (SIZE + 2), c,
                             largest, weights);
    uint32_t to = inBlock(sharedAddress(shared.block[split][h]), 0);
    storeCluster4(to + c * 4, sum);
    if (c == 0) {
      storeCluster4(to + SIZE * 4, largest);
      storeCluster4(to + SIZE * 4 + 4, weights);
    }
  }
  __syncwarp();
  clusterArrive();
  clusterAwait();
  if (split != 0) return;
  for (int i = threadIdx.x; i < GROUP * SIZE; i += blockDim.x) {
    int h = i / SIZE, c = i % SIZE;
    float largest, weights;
    float sum = Head::merged(shared.block[0][h], SPLITS, GROUP * (SIZE + 2), c, largest, weights);
    out[((int64_t) row * heads + kvHead * GROUP + h) * SIZE + c] = __float2bfloat16(sum / weights);
  }
}

#define DECODE_KERNEL(NAME, SIZE, GROUP, ROTATING)                                                  \
  extern "C" __global__ void __launch_bounds__(32 * DECODE_WARPS)                                  \
      NAME##_##SIZE##_##GROUP(__nv_bfloat16* out, const __nv_bfloat16* qkv, __nv_bfloat16* cache,   \
                              const Step* step, const int* tables, CacheShape shape, int layer,     \
                              float scale, const float* speeds, float speedScale) {                 \
    pagedDecode<SIZE, GROUP, ROTATING>(out, qkv, cache, step, tables, shape, layer, scale, speeds,   \
                                       speedScale);                                                 \
  }
#define DECODE_KERNELS(SIZE, GROUP)                  \
  DECODE_KERNEL(paged_decode, SIZE, GROUP, false)    \
  DECODE_KERNEL(rotating_decode, SIZE, GROUP, true)

DECODE_KERNELS(64, 1)
DECODE_KERNELS(64, 2)
DECODE_KERNELS(64, 4)
DECODE_KERNELS(64, 8)
DECODE_KERNELS(128, 1)
DECODE_KERNELS(128, 4)
