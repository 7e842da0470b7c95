// paged_prefill: causal attention of neighbouring rows of sequences over their cached positions, the
// rows' own included.
//
//   score[p] = scale * q[t, h] . key[p, h / G]       p in [0, position of t]
//   out[t, h] = sum over p of softmax(score)[p] * value[p, h / G]
//
//   out bf16 [T, H * S]   qkv bf16 [T, (H + 2K) * S], queries first   cache as in rope_and_cache
//   tiles: the rows, at most QUERIES of one sequence in each; rows of no tile are left alone
//   Requires  S in {64, 128}, H a multiple of K, scale > 0.
//   Launch    grid (H, tiles), block 32 * WARPS, Prefill<S>::SHARED_BYTES of dynamic shared memory; may
//             overlap its predecessor. Tiles of long contexts first: they take longest.
//   Numerics  products of bf16 with fp32 sums; weights of the average rounded to bf16, their sum not;
//             blocks of KEYS positions counted from the sequence's first, so that a row's bits depend
//             on its position alone, not on the tile or the batch that it is in.
//   Cost      4 S operations a pair of row and position, and as many again above the diagonal of its
//             block; keys and values are copied once a tile and query head.
#include "../common/async.cuh"
#include "../common/cache.cuh"
#include "../common/mma.cuh"
#include "../common/numbers.cuh"
#include "../common/step.cuh"

// A block of WARPS warps with 16 * BANDS queries each, of one head of SIZE components, against KEYS
// positions at a time. Rows lie in shared memory in chunks of 16 bytes, so permuted that neither
// eight rows of a chunk nor eight chunks of a row meet in a bank.
template <int SIZE, int WARPS, int BANDS, int KEYS>
struct Prefill {
  static constexpr int THREADS = 32 * WARPS;
  static constexpr int CHUNKS = SIZE / 8;
  static constexpr int BLOCK_KEYS = KEYS;
  static constexpr int BAND_QUERIES = 16 * BANDS;             // a warp's
  static constexpr int QUERIES = BAND_QUERIES * WARPS;
  static constexpr bool KEPT = BANDS == 1;                    // queries stay in registers
  static constexpr int QUERY_BYTES = QUERIES * SIZE * 2;
  static constexpr int KEY_BYTES = KEYS * SIZE * 2;
  static constexpr int FILL_BYTES = 2 * KEY_BYTES;            // keys, then values
  static constexpr int SHARED_BYTES = 2 * FILL_BYTES + (KEPT ? 0 : QUERY_BYTES);
  static constexpr int OWN_KEYS = KEYS / WARPS;               // that a warp copies
  static constexpr int COPIED = 32 / CHUNKS;                  // rows, by a warp at once
  static_assert(!KEPT || QUERY_BYTES <= FILL_BYTES, "queries wait where the second fill goes");

  using Scores = float[BANDS][KEYS / 8][4];

  uint32_t shared;
  int lane, warp;
  float sum[BANDS][SIZE / 8][4];
  float largest[BANDS][2], weights[BANDS][2];                 // weights: of this lane's positions
  uint32_t kept[KEPT ? SIZE / 16 : 1][4];

  __device__ __forceinline__ static uint32_t place(int row, int chunk) {
    return row * SIZE * 2 + ((chunk ^ (row & 7)) << 4);
  }

  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int band = 0; band < BANDS; band++) {
#pragma unroll
      for (int half = 0; half < 2; half++) {
        largest[band][half] = -INFINITY;
        weights[band][half] = 0;
      }
#pragma unroll
      for (int n = 0; n < SIZE / 8; n++) sum[band][n][0] = sum[band][n][1] = sum[band][n][2] = sum[band][n][3] = 0;
    }
  }

  __device__ __forceinline__ uint32_t queries() const { return shared + (KEPT ? 1 : 2) * FILL_BYTES; }

  // Rows past the tile's last are copies of it; nobody stores what comes of them.
  __device__ __forceinline__ void copyQueries(const __nv_bfloat16* from, int64_t stride, int rows) {
#pragma unroll
    for (int i = 0; i < BAND_QUERIES; i += COPIED) {
      int row = warp * BAND_QUERIES + i + lane / CHUNKS, chunk = lane % CHUNKS;
      copyAsync16(queries() + place(row, chunk), from + min(row, rows - 1) * stride + chunk * 8);
    }
  }

  __device__ __forceinline__ void loadQueries(uint32_t (&q)[4], int band, int k) const {
    loadTiles(q, queries() + place(warp * BAND_QUERIES + band * 16 + lane % 16, k * 2 + lane / 16));
  }

  // Lane i knows where the warp's i-th position of the block lies, and tells those that copy it.
  __device__ __forceinline__ void copyKeys(int fill, const __nv_bfloat16* keys, int64_t own,
                                           int64_t valueOffset) const {
#pragma unroll
    for (int i = 0; i < OWN_KEYS; i += COPIED) {
      int row = i + lane / CHUNKS, chunk = lane % CHUNKS;
      const __nv_bfloat16* from = keys + __shfl_sync(~0u, own, row) + chunk * 8;
      uint32_t to = shared + fill * FILL_BYTES + place(warp * OWN_KEYS + row, chunk);
      copyAsync16(to, from);
      copyAsync16(to + KEY_BYTES, from + valueOffset);
    }
  }

  __device__ __forceinline__ void scores(Scores& s, uint32_t keys) const {
#pragma unroll
    for (int band = 0; band < BANDS; band++) {
#pragma unroll
      for (int n = 0; n < KEYS / 8; n++) s[band][n][0] = s[band][n][1] = s[band][n][2] = s[band][n][3] = 0;
    }
#pragma unroll
    for (int k = 0; k < SIZE / 16; k++) {
      uint32_t q[BANDS][4];
#pragma unroll
      for (int band = 0; band < BANDS; band++) {
        if constexpr (KEPT) {
#pragma unroll
          for (int i = 0; i < 4; i++) q[band][i] = kept[k][i];
        } else {
          loadQueries(q[band], band, k);
        }
      }
#pragma unroll
      for (int n = 0; n < KEYS / 16; n++) {
        uint32_t b[4];
        loadTiles(b, keys + place(n * 16 + lane / 16 * 8 + lane % 8, k * 2 + lane / 8 % 2));
#pragma unroll
        for (int band = 0; band < BANDS; band++) {
          multiply(s[band][2 * n], q[band][0], q[band][1], q[band][2], q[band][3], b[0], b[1]);
          multiply(s[band][2 * n + 1], q[band][0], q[band][1], q[band][2], q[band][3], b[2], b[3]);
        }
      }
    }
  }

  // Leaves nothing of positions after a query's own. `ahead`: the warp's first query's position less
  // that of the block's first key.
  __device__ __forceinline__ void mask(Scores& s, int ahead) const {
#pragma unroll
    for (int band = 0; band < BANDS; band++) {
#pragma unroll
      for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          int query = ahead + band * 16 + i / 2 * 8 + lane / 4;
          if (n * 8 + lane % 4 * 2 + i % 2 > query) s[band][n][i] = -INFINITY;
        }
      }
    }
  }

  // Scores become weights, 2^(unit * (score - the largest so far)); what was summed is scaled to match.
  __device__ __forceinline__ void weigh(Scores& s, float unit) {
#pragma unroll
    for (int band = 0; band < BANDS; band++) {
#pragma unroll
      for (int half = 0; half < 2; half++) {
        float top = largest[band][half];
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++) top = fmaxf(top, fmaxf(s[band][n][2 * half], s[band][n][2 * half + 1]));
        top = fmaxf(top, __shfl_xor_sync(~0u, top, 1));
        top = fmaxf(top, __shfl_xor_sync(~0u, top, 2));
        float factor = powerOf2((largest[band][half] - top) * unit), shift = -top * unit, total = 0;
        largest[band][half] = top;
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
          for (int i = 2 * half; i < 2 * half + 2; i++) {
            s[band][n][i] = powerOf2(fmaf(s[band][n][i], unit, shift));
            total += s[band][n][i];
          }
        }
        weights[band][half] = fmaf(weights[band][half], factor, total);
#pragma unroll
        for (int n = 0; n < SIZE / 8; n++) {
          sum[band][n][2 * half] *= factor;
          sum[band][n][2 * half + 1] *= factor;
        }
      }
    }
  }

  __device__ __forceinline__ void addValues(const Scores& s, uint32_t values) {
#pragma unroll
    for (int k = 0; k < KEYS / 16; k++) {
      uint32_t p[BANDS][4];
#pragma unroll
      for (int band = 0; band < BANDS; band++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          p[band][i] = narrow2(s[band][2 * k + i / 2][i % 2 * 2], s[band][2 * k + i / 2][i % 2 * 2 + 1]);
        }
      }
#pragma unroll
      for (int n = 0; n < SIZE / 16; n++) {
        uint32_t b[4];
        loadTilesTransposed(b, values + place(k * 16 + lane % 16, n * 2 + lane / 16));
#pragma unroll
        for (int band = 0; band < BANDS; band++) {
          multiply(sum[band][2 * n], p[band][0], p[band][1], p[band][2], p[band][3], b[0], b[1]);
          multiply(sum[band][2 * n + 1], p[band][0], p[band][1], p[band][2], p[band][3], b[2], b[3]);
        }
      }
    }
  }

  // The averages of the warp's queries, through its own part of shared memory so that stores are whole rows.
  __device__ __forceinline__ void store(__nv_bfloat16* out, int64_t stride, int rows, char* memory) {
    int first = warp * BAND_QUERIES;
#pragma unroll
    for (int band = 0; band < BANDS; band++) {
#pragma unroll
      for (int half = 0; half < 2; half++) {
        float total = weights[band][half];
        total += __shfl_xor_sync(~0u, total, 1);
        total += __shfl_xor_sync(~0u, total, 2);
        float factor = 1 / total;
        int row = first + band * 16 + half * 8 + lane / 4;
#pragma unroll
        for (int n = 0; n < SIZE / 8; n++) {
          *(uint32_t*) (memory + place(row, n) + lane % 4 * 4) =
              narrow2(sum[band][n][2 * half] * factor, sum[band][n][2 * half + 1] * factor);
        }
      }
    }
    __syncwarp();
#pragma unroll
    for (int i = 0; i < BAND_QUERIES; i += COPIED) {
      int row = first + i + lane / CHUNKS, chunk = lane % CHUNKS;
      if (row < rows) *(uint4*) (out + row * stride + chunk * 8) = *(const uint4*) (memory + place(row, chunk));
    }
  }
};

template <typename Block>
__device__ __forceinline__ void pagedPrefill(__nv_bfloat16* out, const __nv_bfloat16* qkv,
                                             const __nv_bfloat16* cache, const QueryTile* tiles,
                                             const int* tables, CacheShape shape, int layer, int heads,
                                             float scale) {
  constexpr int SIZE = Block::CHUNKS * 8, KEYS = Block::BLOCK_KEYS;
  extern __shared__ __align__(128) char memory[];
  letDependentsStart();
  QueryTile tile = tiles[blockIdx.y];
  int head = blockIdx.x, kvHead = head / (heads / shape.heads), last = tile.firstPosition + tile.rows - 1;
  const int* table = tables + tile.pageTable;
  int64_t headValues = (int64_t) shape.pageTokens * SIZE, layerValues = shape.heads * headValues;
  int64_t pageValues = 2 * shape.layers * layerValues, rowValues = (int64_t) (heads + 2 * shape.heads) * SIZE;
  const __nv_bfloat16* keys = cache + layer * 2 * layerValues + kvHead * headValues;

  Block block;
  block.shared = sharedAddress(memory);
  block.lane = threadIdx.x % 32;
  block.warp = threadIdx.x / 32;
  block.clear();
  // Of positions past the last there may be no page; what stands in for them is masked.
  int ownKey = block.warp * Block::OWN_KEYS + block.lane % Block::OWN_KEYS;
  int position = min(ownKey, last);
  int page = table[position / shape.pageTokens], slot = position % shape.pageTokens;
  awaitPredecessors();

  block.copyQueries(qkv + (int64_t) tile.firstRow * rowValues + head * SIZE, rowValues, tile.rows);
  commitCopies();
  block.copyKeys(0, keys, page * pageValues + slot * SIZE, layerValues);
  commitCopies();
  position = min(KEYS + ownKey, last);
  page = table[position / shape.pageTokens], slot = position % shape.pageTokens;
  if constexpr (Block::KEPT) {
    awaitCopies<1>();
    __syncwarp();
#pragma unroll
    for (int k = 0; k < SIZE / 16; k++) block.loadQueries(block.kept[k], 0, k);
  }

  int firstQuery = tile.firstPosition + block.warp * Block::BAND_QUERIES;
  int lastQuery = min(firstQuery + Block::BAND_QUERIES - 1, last);
  bool idle = block.warp * Block::BAND_QUERIES >= tile.rows;
  int fill = 0;
#pragma unroll 1
  for (int base = 0; base <= last; base += KEYS, fill ^= 1) {
    awaitCopies<0>();
    __syncthreads();  // All copies have arrived, and nobody reads the other fill any more.
    if (base + KEYS <= last) {
      block.copyKeys(fill ^ 1, keys, page * pageValues + slot * SIZE, layerValues);
      commitCopies();
      position = min(base + 2 * KEYS + ownKey, last);
      page = table[position / shape.pageTokens], slot = position % shape.pageTokens;
    }
    if (idle || base > lastQuery) continue;
    typename Block::Scores s;
    uint32_t from = block.shared + fill * Block::FILL_BYTES;
    block.scores(s, from);
    if (base + KEYS - 1 > firstQuery) block.mask(s, firstQuery - base);
    block.weigh(s, scale * 1.4426950408889634f);
    block.addValues(s, from + Block::KEY_BYTES);
  }
  __syncthreads();
  block.store(out + (int64_t) tile.firstRow * heads * SIZE + head * SIZE, (int64_t) heads * SIZE, tile.rows, memory);
}

using Prefill64 = Prefill<64, 4, 1, 64>;
using Prefill128 = Prefill<128, 4, 1, 64>;

#define PAGED_PREFILL(NAME, BLOCK, BLOCKS)                                                              \
  extern "C" __global__ void __launch_bounds__(BLOCK::THREADS, BLOCKS)                                  \
      NAME(__nv_bfloat16* out, const __nv_bfloat16* qkv, const __nv_bfloat16* cache,                    \
           const QueryTile* tiles, const int* tables, CacheShape shape, int layer, int heads,           \
           float scale) {                                                                               \
    pagedPrefill<BLOCK>(out, qkv, cache, tiles, tables, shape, layer, heads, scale);                    \
  }

PAGED_PREFILL(paged_prefill_64, Prefill64, 4)
PAGED_PREFILL(paged_prefill_128, Prefill128, 2)
