// draw: the next token of each row, by temperature, top-k, top-p and min-p.
//
//   out[t] = the smallest n of those kept whose sum of weights up to n passes unit * the sum of all kept
//   weight[n] = exp((logits[t, n] - largest) / temperature)
//   kept: the topK likeliest; of these, the fewest of the likeliest whose weights reach topP of their sum;
//   of these, weights of at least minP. Ties go to the lowest n. Temperature 0: the likeliest alone.
//   -1 where a logit is NaN or +infinity, or all are -infinity; greedy as argmax
//
//   out i32 [T]   logits f32 [T, N]   draws [T]
//   Requires  N <= 2^20.
//   Launch    grid T, block 1,024; may overlap its predecessor.
//   Numerics  weights in fp32 (relative error 2^-20), then whole numbers of 2^-40, whose sums are exact in
//             any order; lighter tokens are never drawn. A row's choice does not depend on the batch.
//   Cost      4N bytes a row from the second-level cache, up to 36 times where there are filters.
#include "../common/async.cuh"
#include "../common/reduce.cuh"
#include "../common/step.cuh"
#include <cstdint>

constexpr int DRAW_THREADS = 1024, DRAW_WARPS = DRAW_THREADS / 32;

// Sums over a block, in every thread.
struct BlockSums {
  unsigned long long of[3][DRAW_WARPS];

  template <int COUNT>
  __device__ __forceinline__ void add(unsigned long long (&v)[COUNT]) {
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
#pragma unroll
    for (int i = 0; i < COUNT; i++) {
      unsigned long long sum = warpSum(v[i]);
      if (lane == 0) of[i][warp] = sum;
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < COUNT; i++) v[i] = warpSum(of[i][lane]);
    __syncthreads();
  }

  __device__ __forceinline__ static unsigned long long warpSum(unsigned long long v) {
#pragma unroll
    for (int step = 16; step > 0; step /= 2) v += __shfl_xor_sync(~0u, v, step);
    return v;
  }
};

// Larger for larger logits; 0 for what is no number.
__device__ __forceinline__ uint32_t rankOf(float logit) {
  uint32_t bits = __float_as_uint(logit + 0.0f);   // The sum turns -0 into 0, its equal.
  return isnan(logit) ? 0 : bits >> 31 ? ~bits : bits | 0x80000000u;
}

__device__ __forceinline__ float logitOf(uint32_t rank) {
  return __uint_as_float(rank >> 31 ? rank & 0x7FFFFFFFu : ~rank);
}

constexpr uint32_t RULED_OUT = 0x007FFFFF;   // The rank of -infinity.

struct RowDraw {
  const float* logits;
  int outputs;
  BlockSums& sums;
  float largest, scale;   // scale: log2(e) / temperature

  // In units of 2^-40 of the likeliest's.
  __device__ __forceinline__ unsigned long long weight(float logit) const {
    float power = (logit - largest) * scale;
    return power < -41.0f ? 0 : (unsigned long long) (exp2f(power) * 0x1p40f);
  }

  // The highest rank such that what has it or a higher one measures `goal` or more together.
  template <typename Measure>
  __device__ __forceinline__ uint32_t quantile(unsigned long long goal, Measure measure) const {
    uint32_t found = 0;
#pragma unroll 1
    for (int shift = 30; shift >= 0; shift -= 2) {
      unsigned long long reached[3] = {};
      for (int n = threadIdx.x; n < outputs; n += DRAW_THREADS) {
        float logit = logits[n];
        uint32_t rank = rankOf(logit);
        if (rank < (found | 1u << shift)) continue;
        unsigned long long v = measure(logit);
#pragma unroll
        for (uint32_t i = 1; i <= 3; i++) {
          if (rank >= (found | i << shift)) reached[i - 1] += v;
        }
      }
      sums.add(reached);
      uint32_t digit = reached[2] >= goal ? 3 : reached[1] >= goal ? 2 : reached[0] >= goal ? 1 : 0;
      found |= digit << shift;
    }
    return found;
  }

  // What is measured above a rank.
  template <typename Measure>
  __device__ __forceinline__ unsigned long long above(uint32_t rank, Measure measure) const {
    unsigned long long sum[1] = {};
    for (int n = threadIdx.x; n < outputs; n += DRAW_THREADS) {
      if (rankOf(logits[n]) > rank) sum[0] += measure(logits[n]);
    }
    sums.add(sum);
    return sum[0];
  }
};

// Those kept: above a rank, and the first few that have it.
struct Kept {
  uint32_t rank;
  unsigned long long ties;
};

__device__ inline Kept kept(const RowDraw& row, const Draw& draw) {
  auto one = [](float) { return 1ull; };
  auto weight = [&](float logit) { return row.weight(logit); };
  Kept kept = {RULED_OUT, 0};
  if (0 < draw.topK && draw.topK < row.outputs) {
    uint32_t rank = row.quantile(draw.topK, one);
    kept = {rank, draw.topK - row.above(rank, one)};
  }
  if (draw.topP < 1.0f) {
    unsigned long long mass = row.above(kept.rank, weight) + kept.ties * row.weight(logitOf(kept.rank));
    unsigned long long goal = max((unsigned long long) ((double) mass * draw.topP), 1ull);
    uint32_t rank = row.quantile(goal, weight);
    unsigned long long higher = row.above(rank, weight), each = row.weight(logitOf(rank));
    unsigned long long ties = (goal - higher + each - 1) / each;
    kept = rank == kept.rank ? Kept{rank, min(ties, kept.ties)} : Kept{rank, ties};
  }
  return kept;
}

// A warp's own stretch of the row, 32 outputs at a time and in order: calls visit(n, weight of the lane's
// output or 0 where it is not kept). `ties` have been seen before the stretch.
template <typename Visit>
__device__ __forceinline__ void walk(const RowDraw& row, const Kept& kept, unsigned long long least,
                                     unsigned long long ties, int first, int end, Visit visit) {
  int lane = threadIdx.x % 32;
  for (int at = first; at < end; at += 32) {
    float logit = at + lane < end ? row.logits[at + lane] : -INFINITY;
    uint32_t rank = rankOf(logit);
    uint32_t tied = __ballot_sync(~0u, rank == kept.rank);
    unsigned long long before = ties + __popc(tied & ((1u << lane) - 1));
    ties += __popc(tied);
    bool isKept = rank > kept.rank || (rank == kept.rank && before < kept.ties);
    unsigned long long v = isKept ? row.weight(logit) : 0;
    if (visit(at + lane, v >= least ? v : 0)) return;
  }
}

__device__ inline int drawToken(const RowDraw& row, const Draw& draw, BlockSums& sums) {
  Kept those = kept(row, draw);
  unsigned long long least = max((unsigned long long) (draw.minP * 0x1p40f), 1ull);
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  int stretch = (row.outputs + DRAW_THREADS - 1) / DRAW_THREADS * 32;
  int first = min(warp * stretch, row.outputs), end = min(first + stretch, row.outputs);

  unsigned long long ties = 0;
  if (those.ties > 0) {
    for (int n = first + lane; n < end; n += 32) ties += rankOf(row.logits[n]) == those.rank;
    ties = BlockSums::warpSum(ties);
    if (lane == 0) sums.of[0][warp] = ties;
    __syncthreads();
    ties = BlockSums::warpSum(lane < warp ? sums.of[0][lane] : 0);
    __syncthreads();
  }
  unsigned long long mass = 0;
  walk(row, those, least, ties, first, end, [&](int, unsigned long long v) {
    mass += v;
    return false;
  });
  mass = BlockSums::warpSum(mass);
  if (lane == 0) sums.of[1][warp] = mass;
  __syncthreads();
  unsigned long long before = BlockSums::warpSum(lane < warp ? sums.of[1][lane] : 0);
  unsigned long long all = BlockSums::warpSum(sums.of[1][lane]);
  unsigned long long target = __umul64hi(draw.unit, all);
  if (target < before || target >= before + mass) return -1;   // Another warp's.
  int token = -1;
  walk(row, those, least, ties, first, end, [&](int n, unsigned long long v) {
    unsigned long long reached = v;
#pragma unroll
    for (int distance = 1; distance < 32; distance *= 2) {
      unsigned long long other = __shfl_up_sync(~0u, reached, distance);
      if (lane >= distance) reached += other;
    }
    uint32_t passed = __ballot_sync(~0u, before + reached > target);
    before += __shfl_sync(~0u, reached, 31);
    if (passed != 0) token = __shfl_sync(~0u, n, __ffs(passed) - 1);
    return passed != 0;
  });
  return token;
}

extern "C" __global__ void __launch_bounds__(DRAW_THREADS)
draw_f32(int* __restrict__ out, const float* __restrict__ logits, const Draw* __restrict__ draws, int outputs) {
  __shared__ BlockSums sums;
  letDependentsStart();
  Draw draw = draws[blockIdx.x];
  awaitPredecessors();
  const float* row = logits + (int64_t) blockIdx.x * outputs;
  uint32_t rank = 0;
  int token = outputs;
  bool isNumber = true;
  for (int n = threadIdx.x; n < outputs; n += DRAW_THREADS) {
    float v = row[n];
    isNumber &= v < INFINITY;   // Not so of NaN.
    uint32_t own = rankOf(v);
    if (own > rank) {
      rank = own;
      token = n;
    }
  }
  uint32_t best = __reduce_max_sync(~0u, rank);
  token = __reduce_min_sync(~0u, rank == best ? token : outputs);
  if (threadIdx.x % 32 == 0) {
    sums.of[0][threadIdx.x / 32] = (unsigned long long) best << 32 | (uint32_t) (outputs - token);
  }
  isNumber = __syncthreads_and(isNumber);
  unsigned long long most = sums.of[0][threadIdx.x % 32];
#pragma unroll
  for (int step = 16; step > 0; step /= 2) {
    unsigned long long other = __shfl_xor_sync(~0u, most, step);
    most = max(most, other);
  }
  __syncthreads();
  rank = (uint32_t) (most >> 32);
  bool isGreedy = draw.scale == 0;
  if (isGreedy || !isNumber || rank <= RULED_OUT) {
    if (threadIdx.x == 0) out[blockIdx.x] = isGreedy && rank > 0 ? outputs - (int) (uint32_t) most : -1;
    return;
  }
  RowDraw those = {row, outputs, sums, logitOf(rank), draw.scale};
  int drawn = drawToken(those, draw, sums);
  if (drawn >= 0 && threadIdx.x % 32 == 0) out[blockIdx.x] = drawn;
}
