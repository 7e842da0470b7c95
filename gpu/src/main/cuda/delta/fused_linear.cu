// fused_linear: one linear layer for all tenants of a decode batch in one launch.
//
//   y[t, n] = sum over k of x[t, k] * (W[n, k] + D[n, k])     D: the difference of t's run, or 0
//   rows of D that replace stand in for W + D; an output that t's variant lacks is -infinity (logits)
//
//   finish STORE_BF16    out bf16 [T, N]   = y
//          ADD_F32       out f32  [T, N]  += y                     the residual stream
//          SILU_BF16     out bf16 [T, N/2] = silu(gate) * up       interleaved tiles
//          STORE_F32     out f32  [T, N]   = y                     logits
//
//   x bf16 [T, C] row-major, 16-byte aligned   W weight tiles (tiles.cuh)
//   step: runs of rows and their tenants' differences (step.cuh); null for the base alone
//   Requires  T <= the kernel's rows (8, 16, 32), C % 8 == 0, at most MAX_SEGMENTS planes that meet
//             the outputs of one block.
//   Launch    clusters of 1, 2, 4 or 8 blocks (a divisor of slicesOf(C)) of 8, 12 or 16 warps (12 for
//             at most 4 slices a block); any number of clusters; 2 to 8 stages; dynamic shared memory
//             by Arrangement. May overlap its predecessor: weights and signs do not depend on it.
//   Numerics  products of bf16 (signs exact), sums in fp32 in an order that depends on C and N only:
//             a row's bits do not depend on the batch, the clusters or their number.
//   Cost      2 bytes a weight and 1 bit a weight, plane and tenant, each once; x once a cluster.
#include "../common/mma.cuh"
#include "../common/reduce.cuh"
#include "../common/stream.cuh"

struct LinearOperands {
  void* out;
  const __nv_bfloat16* x;
  const char* weight;
  const Step* step;
  int slot;          // of the projection in the tenants' tables
  int rows;          // T
  int columns;       // C
  int baseOutputs;   // rows of W
  int outputs;       // N, of out; at least the base's and every tenant's
  int finish;        // what becomes of y
  int stages;        // of a warp's ring
};

enum Finish : int { STORE_BF16, ADD_F32, SILU_BF16, STORE_F32 };

// Shared memory: activations, exchanged sums, sums of activations, a barrier, segments, rings.
struct Arrangement {
  int rows, warps, slices, pitch;

  Arrangement() = default;
  // For a kernel of `rows` rows, in clusters of `blocks` of `warps`.
  __host__ __device__ Arrangement(int rows, int columns, int blocks, int warps)
      : rows(rows), warps(warps), slices(slicesOf(columns) / blocks),
        pitch(slices * sliceInputs(columns) * 2 + 64) {}
  __host__ __device__ int exchange() const { return rows * pitch; }
  __host__ __device__ int exchangeBytes() const { return warps * rows * 64; }   // of one round
  __host__ __device__ int offsets() const { return exchange() + 2 * exchangeBytes(); }
  __host__ __device__ int barrier() const { return offsets() + rows * slices * 4; }
  __host__ __device__ int segments() const { return barrier() + 16; }
  __host__ __device__ int ring() const {
    return (segments() + MAX_SEGMENTS * (int) sizeof(Segment) + 127) / 128 * 128;
  }
  __host__ __device__ int bytes(int stages) const { return ring() + warps * stages * STAGE_BYTES; }
};

// A warp's sums: of the base, of the tenants' own, and which of these stand alone. Index j of a
// sum counts as in the fragments: output g + 8 (j / 2), row 2t + j % 2 of a tile of 8 rows.
template <int ROW_TILES>
struct Sums {
  float base[ROW_TILES][4];
  float own[ROW_TILES][4];
  uint32_t replaced;

  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int i = 0; i < ROW_TILES; i++) {
#pragma unroll
      for (int j = 0; j < 4; j++) base[i][j] = own[i][j] = 0;
    }
    replaced = 0;
  }

  __device__ __forceinline__ float total(int i, int j) const {
    return replaced >> (4 * i + j) & 1 ? own[i][j] : base[i][j] + own[i][j];
  }
};

// This lane's place in the fragments, and where it reads activations: row g, input 8t of the slice.
struct Lane {
  int g, t;
  const char* x;
  int pitch;

  __device__ __forceinline__ const char* at(int rowTile, int input) const {
    return x + rowTile * 8 * pitch + input * 2;
  }
};

// One stage of weights (16 outputs x 64 inputs) times all rows.
template <int ROW_TILES>
__device__ __forceinline__ void multiplyWeights(float (&sums)[ROW_TILES][4], const char* slot,
                                                const Lane& lane, int input) {
#pragma unroll
  for (int c = 0; c < 2; c++) {
    uint4 low = *(const uint4*) (slot + c * 1024), high = *(const uint4*) (slot + c * 1024 + 512);
#pragma unroll
    for (int i = 0; i < ROW_TILES; i++) {
      uint4 x = *(const uint4*) lane.at(i, input + 32 * c);
      multiply(sums[i], low.x, high.x, low.y, high.y, x.x, x.y);
      multiply(sums[i], low.z, high.z, low.w, high.w, x.z, x.w);
    }
  }
}

// Sums of products with signs, by the four places that a sign can have in a bf16 number: at bits
// 12, 13 and 14 a plus is 2^-95, 2^-63 and 2, a minus 0; bit 15 is the sign of 1 itself.
struct SignSums {
  float at[4][4];

  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int p = 0; p < 4; p++) {
#pragma unroll
      for (int j = 0; j < 4; j++) at[p][j] = 0;
    }
  }

  // The sum of +-x, but for the sum of x over the inputs whose signs are at bits 12 to 14.
  __device__ __forceinline__ float value(int j) const {
    return fmaf(at[0][j], 0x1p96f, fmaf(at[1][j], 0x1p64f, at[2][j] + at[3][j]));
  }
};

// A lane's numbers for the signs at bit 12 + place of either half of a word.
__device__ __forceinline__ uint32_t signsAt(uint32_t word, int place) {
  if (place < 3) return word & 0x10001000u << place;
  uint32_t number;  // One operation; the compiler makes two of it.
  asm("lop3.b32 %0, %1, %2, %3, 0x6A;" : "=r"(number) : "r"(word), "r"(0x80008000u), "r"(0xBF80BF80u));
  return number;
}

// One chunk of signs (16 outputs x 128 inputs), the words of outputs g and g + 8, times 8 rows.
__device__ __forceinline__ void multiplyChunk(SignSums& sums, uint32_t low, uint32_t high,
                                              uint32_t activations, bool counts) {
  uint4 x[4];
#pragma unroll
  for (int c = 0; c < 4; c++) x[c] = loadShared16If(counts, activations + c * 64);
#pragma unroll
  for (int m = 0; m < 8; m++) {
    int shift = m < 4 ? 0 : 8, place = m % 4;
    multiply(sums.at[place], signsAt(low << shift, place), signsAt(high << shift, place),
             signsAt(low << (shift + 4), place), signsAt(high << (shift + 4), place),
             m % 2 == 0 ? x[m / 2].x : x[m / 2].z, m % 2 == 0 ? x[m / 2].y : x[m / 2].w);
  }
}

// One stage of signs (16 outputs x up to 1,024 inputs) times 8 rows. Lanes whose row does not count
// multiply anything: their sums are nobody's.
__device__ __forceinline__ void multiplySignStage(SignSums& sums, const char* slot, const char* from,
                                                  bool counts, int chunks) {
  uint32_t activations = sharedAddress(from);
#pragma unroll 1
  for (int group = 0; group < chunks; group += GROUP_CHUNKS) {
    uint4 low = *(const uint4*) (slot + group * 256), high = *(const uint4*) (slot + group * 256 + 512);
#pragma unroll 1
    for (int left = min(GROUP_CHUNKS, chunks - group); left > 0; left -= 2) {
      multiplyChunk(sums, low.x, high.x, activations, counts);
      if (left > 1) multiplyChunk(sums, low.y, high.y, activations + CHUNK_INPUTS * 2, counts);
      low.x = low.z;
      low.y = low.w;
      high.x = high.z;
      high.y = high.w;
      activations += 2 * CHUNK_INPUTS * 2;
    }
  }
}

// A warp's stages, copied ahead of their use.
struct Ring {
  Source ahead;
  char* first;        // this lane's first 16 bytes of the warp's first stage
  int stages, fill;   // fill: the stage to copy to next; the one after it is the next to be used

  __device__ __forceinline__ void prime(const Share& share, const Segment* segments, char* address, int count) {
    first = address;
    stages = count;
    fill = 0;
    ahead.begin(share, segments);
#pragma unroll 1
    for (int i = 0; i < stages - 1; i++) feed(share, segments);
  }

  __device__ __forceinline__ void feed(const Share& share, const Segment* segments) {
    if (!ahead.ended(share)) ahead.copy(sharedAddress(first) + fill * STAGE_BYTES, share, segments);
    commitCopies();
    fill = fill + 1 == stages ? 0 : fill + 1;
  }

  // The next stage to compute with; it stays until the next call.
  __device__ __forceinline__ const char* take(const Share& share, const Segment* segments) {
    feed(share, segments);
    awaitCopies(stages - 1);
    return first + fill * STAGE_BYTES;
  }
};

// The tiles of outputs of cluster `index` of `count` begin here.
__device__ __forceinline__ int firstTileOf(int outputs, int index, int count) {
  return (int) ((int64_t) tilesOf(outputs) * index / count);
}

// Everything that a warp of the fused linear layer works with.
template <int ROW_TILES>
struct Layer {
  const LinearOperands& operands;
  const Arrangement& arrangement;
  const Share& share;
  Ring ring;
  Lane lane;
  char* shared;
  int logBlocks, firstTile;

  __device__ __forceinline__ const Segment* segments() const {
    return (const Segment*) (shared + share.segmentsAt);
  }

  __device__ __forceinline__ float* offsets() const {
    return (float*) (shared + arrangement.offsets());
  }

  // Copies this block's slices of the activations, zero where there is none.
  __device__ __forceinline__ void loadActivations() {
    int first = operands.columns - share.inputs;
    int inputs = max(0, min(share.inputs, share.sliceWidth << share.logSlices));
    int width = (share.sliceWidth << share.logSlices) * 2;
    uint32_t barrier = sharedAddress(shared + arrangement.barrier());
    if (threadIdx.x == 0 && inputs > 0) {
      expectBytes(barrier, operands.rows * inputs * 2);
      for (int row = 0; row < operands.rows; row++) {
        copyBulk(sharedAddress(shared + row * arrangement.pitch),
                 operands.x + (int64_t) row * operands.columns + first, inputs * 2, barrier);
      }
    }
    __syncwarp();
#pragma unroll 1
    for (int row = threadIdx.x / 32; row < 8 * ROW_TILES; row += share.warps) {
      int from = row < operands.rows ? inputs * 2 : 0;
      for (int at = from + threadIdx.x % 32 * 16; at < width; at += 512) {
        *(uint4*) (shared + row * arrangement.pitch + at) = make_uint4(0, 0, 0, 0);
      }
    }
    if (inputs > 0) awaitBarrier(barrier, 0);
    __syncthreads();
    if (share.segmentCount == 0) return;
    sumOffsets();
    __syncthreads();
  }

  // Sums, of each row and slice, the activations whose signs are at bits 12 to 14.
  __device__ __forceinline__ void sumOffsets() {
    int last = (1 << share.logSlices) - 1;
#pragma unroll 1
    for (int i = threadIdx.x / 32; i < operands.rows << share.logSlices; i += share.warps) {
      const char* x = shared + (i >> share.logSlices) * arrangement.pitch + (i & last) * share.sliceWidth * 2;
      float sum = 0;
#pragma unroll 4
      for (int k = threadIdx.x % 32 * 8; k < share.sliceWidth; k += 256) {
        uint4 v = *(const uint4*) (x + k * 2);
        sum += pairSum(v.x) + pairSum(v.y);
        if (k / 32 % 2 == 0) sum += pairSum(v.z) + pairSum(v.w);
      }
      sum = warpSum(sum);
      if (threadIdx.x % 32 == 0) offsets()[i] = sum;
    }
  }

  __device__ __forceinline__ static float pairSum(uint32_t pair) {
    return __uint_as_float(pair << 16) + __uint_as_float(pair & 0xFFFF0000u);
  }

  __device__ __forceinline__ void addBase(Sums<ROW_TILES>& sums, const Work& work) {
    int stages = work.weightStages();
#pragma unroll 1
    for (int stage = 0; stage < stages; stage++) {
      multiplyWeights<ROW_TILES>(sums.base, ring.take(share, segments()), lane, stage * BLOCK_INPUTS);
    }
  }

  __device__ __forceinline__ void addReplaced(Sums<ROW_TILES>& sums, const Work& work,
                                              const Segment& segment) {
    float own[ROW_TILES][4] = {};
    int stages = work.weightStages(), output = work.tile * TILE_OUTPUTS + lane.g;
#pragma unroll 1
    for (int stage = 0; stage < stages; stage++) {
      multiplyWeights<ROW_TILES>(own, ring.take(share, segments()), lane, stage * BLOCK_INPUTS);
    }
#pragma unroll
    for (int i = 0; i < ROW_TILES; i++) {
#pragma unroll
      for (int j = 0; j < 4; j++) {
        int row = 8 * i + 2 * lane.t + j % 2, at = output + j / 2 * 8;
        if (segment.firstRow <= row && row < segment.endRow && segment.firstOutput <= at && at < segment.endOutput) {
          sums.own[i][j] = own[i][j];
          sums.replaced |= 1u << (4 * i + j);
        }
      }
    }
  }

  __device__ __forceinline__ void addSigns(Sums<ROW_TILES>& sums, const Work& work, const Segment& segment) {
    int output = work.tile * TILE_OUTPUTS + lane.g;
    const float* scales = segment.scales + output;
    float low = output < segment.endOutput ? __ldg(scales) : 0.0f;
    float high = output + 8 < segment.endOutput ? __ldg(scales + 8) : 0.0f;
    int firstRow = segment.firstRow, endRow = segment.endRow, left = work.chunks(), stages = ceilDiv(left, STAGE_CHUNKS);
#pragma unroll 1
    for (int stage = 0; stage < stages; stage++) {
      const char* slot = ring.take(share, segments());
      int chunks = min(STAGE_CHUNKS, left - stage * STAGE_CHUNKS);
#pragma unroll 1
      for (int rowTile = firstRow / 8; rowTile * 8 < endRow; rowTile++) {
        int row = 8 * rowTile + lane.g, column = 8 * rowTile + 2 * lane.t;
        SignSums signs;
        signs.clear();
        multiplySignStage(signs, slot, lane.at(rowTile, stage * STAGE_CHUNKS * CHUNK_INPUTS),
                          firstRow <= row && row < endRow, chunks);
#pragma unroll
        for (int j = 0; j < 2; j++) {
          if (firstRow > column + j || column + j >= endRow) continue;
          float offset = stage == 0 ? offsets()[((column + j) << share.logSlices) + work.slice] : 0.0f;
          float first = signs.value(j) - offset, second = signs.value(j + 2) - offset;
#pragma unroll
          for (int i = 0; i < ROW_TILES; i++) {
            if (ROW_TILES == 1 || i == rowTile) {  // Fused in every kernel, for equal bits.
              sums.own[i][j] = fmaf(low, first, sums.own[i][j]);
              sums.own[i][j + 2] = fmaf(high, second, sums.own[i][j + 2]);
            }
          }
        }
      }
    }
  }

  // Everything that this warp computes of a work, in the order in which it is copied.
  __device__ __forceinline__ void add(Sums<ROW_TILES>& sums, const Work& work) {
    if (work.hasBase && !work.baseLast) addBase(sums, work);
#pragma unroll 1
    for (int i = 0; i < share.segmentCount; i++) {
      Segment segment = segments()[i];
      if (!work.meets(segment, share)) continue;
      if (segment.kind == PART_SIGNS) {
        addSigns(sums, work, segment);
      } else {
        addReplaced(sums, work, segment);
      }
    }
    if (work.hasBase && work.baseLast) addBase(sums, work);
  }

  // Where a block keeps what slice `slice` of all slices and group `group` sent for the tile at
  // `place` of a round: 16 bytes for each of its outputs (every pair g, g + 8) and pair of rows.
  __device__ __forceinline__ int exchange(int round, int place, int slice, int group) const {
    int logSlices = share.logSlices + logBlocks;
    return arrangement.exchange() + round % 2 * arrangement.exchangeBytes() +
           ((((place << logSlices) + slice) << share.logGroups) + group) * (ROW_TILES * 512 >> logBlocks);
  }

  // Sends each block of the cluster the sums of the outputs that it owns.
  __device__ __forceinline__ void send(const Sums<ROW_TILES>& sums, const Work& work, int round) {
    int place = (threadIdx.x / 32) >> (share.logGroups + share.logSlices), logEach = 3 - logBlocks;
    int slice = (clusterRank() << share.logSlices) + work.slice;
    uint32_t here = sharedAddress(shared) + exchange(round, place, slice, work.group);
    uint32_t to = inBlock(here, lane.g >> logEach) + ((lane.g & ((1 << logEach) - 1)) * 4 + lane.t) * 16;
#pragma unroll
    for (int i = 0; i < ROW_TILES; i++) {
      storeCluster16(to + (i * 64 << logEach), make_float4(sums.total(i, 0), sums.total(i, 1),
                                                           sums.total(i, 2), sums.total(i, 3)));
    }
  }

  // Adds up what all slices sent in round `round`, and writes it.
  __device__ __forceinline__ void receive(int round) {
    int logEach = 3 - logBlocks, each = 1 << logEach, logTile = share.logSlices + share.logGroups;
    int tiles = min(share.warps, share.works - round * share.warps) >> logTile;
    int perTile = ROW_TILES * 4 << logEach, parts = 1 << (logTile + logBlocks);
    for (int item = threadIdx.x; item < tiles * perTile; item += 32 * share.warps) {
      int place = item / (ROW_TILES * 4) >> logEach, own = item & (perTile - 1);
      const char* from = shared + exchange(round, place, 0, 0) + own * 16;
      float4 sum = make_float4(0, 0, 0, 0);
      for (int slice = 0; slice < parts; slice += 1 << share.logGroups) {
        float4 v = *(const float4*) (from + slice * perTile * 16);
        for (int group = 1; group < 1 << share.logGroups; group++) {  // At most two are not 0.
          add(v, *(const float4*) (from + (slice + group) * perTile * 16));
        }
        add(sum, v);
      }
      int tile = firstTile + round * (share.warps >> logTile) + place;
      int output = tile * TILE_OUTPUTS + (clusterRank() << logEach) + (own / 4 & (each - 1));
      int row = (own / 4 >> logEach) * 8 + own % 4 * 2;
      store(row, output, sum.x, sum.z);
      store(row + 1, output, sum.y, sum.w);
    }
  }

  __device__ __forceinline__ static void add(float4& sum, float4 v) {
    sum.x += v.x;
    sum.y += v.y;
    sum.z += v.z;
    sum.w += v.w;
  }

  // Writes outputs `output` and `output + 8` of a row.
  __device__ __forceinline__ void store(int row, int output, float low, float high) {
    if (row >= operands.rows) return;
    if (operands.finish == SILU_BF16) {
      int column = output / 16 * 8 + output % 8;
      if (column < operands.outputs / 2) {
        float value = low / (1.0f + __expf(-low)) * high;
        ((__nv_bfloat16*) operands.out)[(int64_t) row * (operands.outputs / 2) + column] =
            __float2bfloat16(value);
      }
    } else {
      storeOne(row, output, low);
      storeOne(row, output + 8, high);
    }
  }

  __device__ __forceinline__ void storeOne(int row, int output, float value) {
    if (output >= operands.outputs) return;
    int64_t at = (int64_t) row * operands.outputs + output;
    if (operands.finish == STORE_BF16) {
      ((__nv_bfloat16*) operands.out)[at] = __float2bfloat16(value);
    } else if (operands.finish == ADD_F32) {
      ((float*) operands.out)[at] += value;
    } else {
      ((float*) operands.out)[at] = output < outputsOf(row) ? value : -INFINITY;
    }
  }

  __device__ __forceinline__ int outputsOf(int row) const {
    const Run* run = operands.step == nullptr ? nullptr : runOf(operands.step, row);
    if (run == nullptr || run->projections[operands.slot].parts == 0) return operands.baseOutputs;
    return run->projections[operands.slot].outputs;
  }

  // All works of this block. A round's sums are exchanged while the next is computed.
  __device__ __forceinline__ void run() {
    int rounds = (share.works + share.warps - 1) / share.warps;
    const char* x = lane.x;
#pragma unroll 1
    for (int round = 0; round < rounds; round++) {
      int number = round * share.warps + threadIdx.x / 32;
      Work work;
      work.set(share, number);
      Sums<ROW_TILES> sums;
      sums.clear();
      if (number < share.works) {
        lane.x = x + work.slice * share.sliceWidth * 2;
        add(sums, work);
      }
      __syncwarp();
      clusterAwait();
      if (round > 0) receive(round - 1);
      if (number < share.works) send(sums, work, round);
      __syncwarp();
      clusterArrive();
    }
    clusterAwait();
    if (rounds > 0) receive(rounds - 1);
  }
};

// Groups of segments, so that warps have about the same to do: as few as keep most of them busy.
// Nothing but time depends on it.
__device__ __forceinline__ int logGroupsOf(int works, int warps, int logSlices, int segments) {
  int best = 0;
  float least = 1e30f;
  for (int log = 0; log <= 2; log++) {
    if (segments < 2 << log && log > 0) break;
    if (warps % (1 << (logSlices + log)) != 0) break;
    float time = ceilDiv(works << log, warps) / (float) (1 << log) * (1 + 0.05f * log);
    if (time < least) {
      least = time;
      best = log;
    }
  }
  return best;
}

// Writes down what this block works on. Run by one whole warp.
__device__ __forceinline__ void plan(Share& share, const LinearOperands& operands,
                                     const Arrangement& arrangement, char* shared) {
  int firstTile = firstTileOf(operands.outputs, clusterIndex(), clusterCount());
  int endTile = firstTileOf(operands.outputs, clusterIndex() + 1, clusterCount());
  int logSlices = __ffs(arrangement.slices) - 1, works = (endTile - firstTile) << logSlices;
  int firstSlice = clusterRank() << logSlices, width = sliceInputs(operands.columns);
  SegmentList list = listSegments((Segment*) (shared + arrangement.segments()), operands.step, operands.slot,
                                  operands.columns, firstTile, endTile, firstSlice);
  // A replaced row's base is known to be unwanted only where its group has the base too.
  int logGroups = list.replaces ? 0 : logGroupsOf(works, arrangement.warps, logSlices, list.count);
  if (threadIdx.x == 0) {
    int64_t tileBytes = weightTileBytes(operands.columns);
    int sliceBytes = width / BLOCK_INPUTS * BLOCK_BYTES;
    share = {operands.weight + firstTile * tileBytes + (int64_t) firstSlice * sliceBytes, tileBytes, sliceBytes,
             list.count, arrangement.segments(), tilesOf(operands.baseOutputs) - firstTile,
             operands.columns - firstSlice * width, width, logSlices, logGroups, works << logGroups,
             arrangement.warps};
  }
}

template <int ROW_TILES>
__device__ __forceinline__ void fusedLinear(const LinearOperands& operands) {
  extern __shared__ __align__(128) char shared[];
  __shared__ Arrangement arrangement;
  __shared__ Share share;
  letDependentsStart();
  clusterArrive();  // Awaited before the first send: then all blocks of the cluster run.
  int logBlocks = __ffs(clusterSize()) - 1, warp = threadIdx.x / 32, id = threadIdx.x % 32;
  if (warp == 0) {
    arrangement = Arrangement(8 * ROW_TILES, operands.columns, 1 << logBlocks, blockDim.x / 32);
    __syncwarp();
    plan(share, operands, arrangement, shared);
    initBarrier(sharedAddress(shared + arrangement.barrier()), id == 0);
  }
  __syncthreads();
  Lane lane = {id / 4, id % 4, shared + id / 4 * arrangement.pitch + id % 4 * 16, arrangement.pitch};
  int firstTile = firstTileOf(operands.outputs, clusterIndex(), clusterCount());
  Layer<ROW_TILES> layer{operands, arrangement, share, {}, lane, shared, logBlocks, firstTile};
  layer.ring.prime(share, layer.segments(),
                   shared + arrangement.ring() + warp * operands.stages * STAGE_BYTES + id * 16, operands.stages);
  awaitPredecessors();
  layer.loadActivations();
  layer.run();
}

extern "C" __global__ void __launch_bounds__(512, 1)
fused_linear_8(const __grid_constant__ LinearOperands operands) {
  fusedLinear<1>(operands);
}

extern "C" __global__ void __launch_bounds__(512, 1)
fused_linear_16(const __grid_constant__ LinearOperands operands) {
  fusedLinear<2>(operands);
}

extern "C" __global__ void __launch_bounds__(384, 1)
fused_linear_32(const __grid_constant__ LinearOperands operands) {
  fusedLinear<4>(operands);
}
