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
//   Launch    clusters of 1, 2, 4 or 8 blocks (a divisor of slicesOf(C)) of 256 threads; any number
//             of clusters; 2 to 8 stages; dynamic shared memory by Arrangement. May overlap its
//             predecessor: weights and signs do not depend on it.
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
  int rows, slices, pitch;

  // For a kernel of `rows` rows, in clusters of `blocks`.
  __host__ __device__ Arrangement(int rows, int columns, int blocks)
      : rows(rows), slices(slicesOf(columns) / blocks), pitch(slices * sliceInputs(columns) * 2 + 64) {}
  __host__ __device__ int exchange() const { return rows * pitch; }
  __host__ __device__ int exchangeBytes() const { return WARPS * rows * 64; }   // of one round
  __host__ __device__ int offsets() const { return exchange() + 2 * exchangeBytes(); }
  __host__ __device__ int barrier() const { return offsets() + rows * slices * 4; }
  __host__ __device__ int segments() const { return barrier() + 16; }
  __host__ __device__ int ring() const {
    return (segments() + MAX_SEGMENTS * (int) sizeof(Segment) + 127) / 128 * 128;
  }
  __host__ __device__ int bytes(int stages) const { return ring() + WARPS * stages * STAGE_BYTES; }
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
__device__ __forceinline__ void multiplySigns(SignSums& sums, uint32_t low, uint32_t high,
                                              const uint4 (&x)[4]) {
#pragma unroll
  for (int m = 0; m < 8; m++) {
    int shift = m < 4 ? 0 : 8, place = m % 4;
    multiply(sums.at[place], signsAt(low << shift, place), signsAt(high << shift, place),
             signsAt(low << (shift + 4), place), signsAt(high << (shift + 4), place),
             m % 2 == 0 ? x[m / 2].x : x[m / 2].z, m % 2 == 0 ? x[m / 2].y : x[m / 2].w);
  }
}

__device__ __forceinline__ uint32_t word(const uint4& v, int i) {
  return i == 0 ? v.x : i == 1 ? v.y : i == 2 ? v.z : v.w;
}

// One stage of signs (16 outputs x up to 1,024 inputs) times 8 rows, of which this lane's counts if
// `reads`.
__device__ __forceinline__ void multiplySignStage(SignSums& sums, const char* slot, const char* from,
                                                  bool reads, int chunks) {
  uint32_t activations = sharedAddress(from);
  uint4 x[2][4] = {};
#pragma unroll 1
  for (int group = 0; group < chunks; group += GROUP_CHUNKS) {
    uint4 low = *(const uint4*) (slot + group * 256), high = *(const uint4*) (slot + group * 256 + 512);
#pragma unroll
    for (int q = 0; q < GROUP_CHUNKS; q++) {
      if (group + q >= chunks) break;
#pragma unroll
      for (int c = 0; c < 4; c++) loadShared16If(x[q % 2][c], reads, activations + q * 256 + c * 64);
      multiplySigns(sums, word(low, q), word(high, q), x[q % 2]);
    }
    activations += GROUP_CHUNKS * CHUNK_INPUTS * 2;
  }
}

// A warp's stages, copied ahead of their use.
struct Ring {
  Place ahead;
  char* first;        // this lane's first 16 bytes of the warp's first stage
  int stages, fill, drain;

  __device__ __forceinline__ void prime(const Share& share, char* address, int count) {
    first = address;
    stages = count;
    fill = drain = 0;
    ahead.begin(share);
#pragma unroll 1
    for (int i = 0; i < stages - 1; i++) feed(share);
  }

  __device__ __forceinline__ void feed(const Share& share) {
    if (!ahead.ended(share)) {
      ahead.copy(sharedAddress(first) + fill * STAGE_BYTES);
      ahead.advance(share);
    }
    commitCopies();
    fill = fill + 1 == stages ? 0 : fill + 1;
  }

  // The next stage to compute with; it stays until the second call from now.
  __device__ __forceinline__ const char* take(const Share& share) {
    feed(share);
    awaitCopies(stages - 1);
    const char* slot = first + drain * STAGE_BYTES;
    drain = drain + 1 == stages ? 0 : drain + 1;
    return slot;
  }
};

// Everything that a warp of the fused linear layer works with.
template <int ROW_TILES>
struct Layer {
  const LinearOperands& operands;
  const Arrangement arrangement;
  Share share;
  Ring ring;
  Lane lane;
  char* shared;

  __device__ __forceinline__ float* offsets() const {
    return (float*) (shared + arrangement.offsets());
  }

  // Copies this block's slices of the activations, zero where there is none.
  __device__ __forceinline__ void loadActivations() {
    int first = share.firstSlice * share.sliceWidth;
    int inputs = max(0, min(operands.columns - first, share.slices * share.sliceWidth));
    int width = share.slices * share.sliceWidth * 2;
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
    for (int row = threadIdx.x / 32; row < 8 * ROW_TILES; row += WARPS) {
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
#pragma unroll 1
    for (int i = threadIdx.x / 32; i < operands.rows * share.slices; i += WARPS) {
      const char* x = shared + i / share.slices * arrangement.pitch + i % share.slices * share.sliceWidth * 2;
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

  __device__ __forceinline__ void addBase(Sums<ROW_TILES>& sums, const Place& now) {
#pragma unroll 1
    for (int stage = 0; stage < now.stages; stage++) {
      const char* slot = ring.take(share);
      if (now.source == nullptr) return;
      multiplyWeights<ROW_TILES>(sums.base, slot, lane, stage * BLOCK_INPUTS);
    }
  }

  // Output of this lane's sums[.][0], counted from the segment's first.
  __device__ __forceinline__ int outputOf(const Segment& segment, const Place& now) const {
    return (now.tile(share) - segment.firstTile) * TILE_OUTPUTS + lane.g;
  }

  __device__ __forceinline__ static bool holds(const Segment& segment, int row, int output) {
    return segment.firstRow <= row && row < segment.endRow && segment.skip <= output &&
           output < segment.outputs;
  }

  __device__ __forceinline__ void addReplaced(Sums<ROW_TILES>& sums, const Place& now) {
    const Segment& segment = share.segments[now.segment];
    float own[ROW_TILES][4] = {};
#pragma unroll 1
    for (int stage = 0; stage < now.stages; stage++) {
      multiplyWeights<ROW_TILES>(own, ring.take(share), lane, stage * BLOCK_INPUTS);
    }
    int output = outputOf(segment, now);
#pragma unroll
    for (int i = 0; i < ROW_TILES; i++) {
#pragma unroll
      for (int j = 0; j < 4; j++) {
        if (holds(segment, 8 * i + 2 * lane.t + j % 2, output + j / 2 * 8)) {
          sums.own[i][j] = own[i][j];
          sums.replaced |= 1u << (4 * i + j);
        }
      }
    }
  }

  __device__ __forceinline__ void addSigns(Sums<ROW_TILES>& sums, const Place& now) {
    const Segment& segment = share.segments[now.segment];
    int output = outputOf(segment, now);
    float low = output < segment.outputs ? __ldg(segment.scales + output) : 0.0f;
    float high = output + 8 < segment.outputs ? __ldg(segment.scales + output + 8) : 0.0f;
    int firstRow = segment.firstRow, endRow = segment.endRow;
#pragma unroll 1
    for (int stage = 0; stage < now.stages; stage++) {
      const char* slot = ring.take(share);
      int chunks = min(STAGE_CHUNKS, now.chunks - stage * STAGE_CHUNKS);
#pragma unroll 1
      for (int rowTile = firstRow / 8; rowTile * 8 < endRow; rowTile++) {
        int row = 8 * rowTile + lane.g, column = 8 * rowTile + 2 * lane.t;
        SignSums signs;
        signs.clear();
        multiplySignStage(signs, slot, lane.at(rowTile, stage * STAGE_CHUNKS * CHUNK_INPUTS),
                          firstRow <= row && row < endRow, chunks);
        float values[4];
#pragma unroll
        for (int j = 0; j < 4; j++) {
          bool counts = firstRow <= column + j % 2 && column + j % 2 < endRow;
          float offset = stage == 0 && counts
              ? offsets()[(column + j % 2) * share.slices + now.slice(share)] : 0.0f;
          values[j] = counts ? (signs.value(j) - offset) * (j < 2 ? low : high) : 0.0f;
        }
#pragma unroll
        for (int i = 0; i < ROW_TILES; i++) {
          if (i == rowTile) {
#pragma unroll
            for (int j = 0; j < 4; j++) sums.own[i][j] += values[j];
          }
        }
      }
    }
  }

  __device__ __forceinline__ void add(Sums<ROW_TILES>& sums, const Place& now) {
    if (now.segment < 0) {
      addBase(sums, now);
    } else if (now.signs) {
      addSigns(sums, now);
    } else {
      addReplaced(sums, now);
    }
  }

  // Where a block keeps what slice `slice` of all slices sent for the tile at `place` of a round.
  __device__ __forceinline__ uint32_t exchange(int round, int place, int slice) const {
    int slices = share.slices * clusterSize(), each = ROW_TILES * 512 / clusterSize();
    return sharedAddress(shared) + arrangement.exchange() + round % 2 * arrangement.exchangeBytes() +
           (place * slices + slice) * each;
  }

  // Sends each block of the cluster the sums of the outputs that it owns.
  __device__ __forceinline__ void send(const Sums<ROW_TILES>& sums, int round) {
    int warp = threadIdx.x / 32, each = 8 / clusterSize();
    uint32_t here = exchange(round, warp / share.slices, share.firstSlice + warp % share.slices);
    uint32_t to = inBlock(here, lane.g / each) + (lane.g % each * 4 + lane.t) * 16;
#pragma unroll
    for (int i = 0; i < ROW_TILES; i++) {
      storeCluster16(to + i * each * 64, make_float4(sums.total(i, 0), sums.total(i, 1),
                                                     sums.total(i, 2), sums.total(i, 3)));
    }
  }

  // Adds up what all slices sent in round `round`, and writes it.
  __device__ __forceinline__ void receive(int round) {
    int blocks = clusterSize(), each = 8 / blocks, slices = share.slices * blocks;
    int tiles = min(WARPS, share.works - round * WARPS) / share.slices, perTile = ROW_TILES * 4 * each;
    for (int item = threadIdx.x; item < tiles * perTile; item += 32 * WARPS) {
      int place = item / perTile, own = item % perTile;
      const char* from = shared + (exchange(round, place, 0) - sharedAddress(shared)) + own * 16;
      float4 sum = make_float4(0, 0, 0, 0);
      for (int slice = 0; slice < slices; slice++) {
        float4 v = *(const float4*) (from + slice * perTile * 16);
        sum.x += v.x;
        sum.y += v.y;
        sum.z += v.z;
        sum.w += v.w;
      }
      int tile = share.firstTile + round * (WARPS / share.slices) + place;
      int output = tile * TILE_OUTPUTS + clusterRank() * each + own / 4 % each;
      int row = own / (4 * each) * 8 + own % 4 * 2;
      store(row, output, sum.x, sum.z);
      store(row + 1, output, sum.y, sum.w);
    }
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
    Place now;
    now.begin(share);
    int rounds = ceilDiv(share.works, WARPS);
    const char* x = lane.x;
#pragma unroll 1
    for (int round = 0; round < rounds; round++) {
      Sums<ROW_TILES> sums;
      sums.clear();
      bool works = !now.ended(share);
      if (works) {
        lane.x = x + now.slice(share) * share.sliceWidth * 2;
        do {
          add(sums, now);
        } while (!now.next(share));
      }
      __syncwarp();
      clusterAwait();
      if (round > 0) receive(round - 1);
      if (works) send(sums, round);
      __syncwarp();
      clusterArrive();
    }
    clusterAwait();
    if (rounds > 0) receive(rounds - 1);
  }
};

template <int ROW_TILES>
__device__ __forceinline__ void fusedLinear(const LinearOperands& operands) {
  extern __shared__ __align__(128) char shared[];
  __shared__ int segmentCount;
  letDependentsStart();
  clusterArrive();  // Awaited before the first send: then all blocks of the cluster run.
  Arrangement arrangement(8 * ROW_TILES, operands.columns, clusterSize());
  int warp = threadIdx.x / 32, id = threadIdx.x % 32, tiles = tilesOf(operands.outputs);
  int firstTile = (int) ((int64_t) tiles * clusterIndex() / clusterCount());
  int endTile = (int) ((int64_t) tiles * (clusterIndex() + 1) / clusterCount());
  Segment* segments = (Segment*) (shared + arrangement.segments());
  if (threadIdx.x == 32) initBarrier(sharedAddress(shared + arrangement.barrier()));
  if (warp == 0) {
    int count = listSegments(segments, operands.step, operands.slot, operands.columns, firstTile, endTile);
    if (id == 0) segmentCount = count;
  }
  __syncthreads();
  Share share = {operands.weight, segments, tilesOf(operands.baseOutputs), segmentCount,
                 operands.columns, sliceInputs(operands.columns), clusterRank() * arrangement.slices,
                 arrangement.slices, firstTile, (endTile - firstTile) * arrangement.slices};
  Lane lane = {id / 4, id % 4, shared + id / 4 * arrangement.pitch + id % 4 * 16, arrangement.pitch};
  Layer<ROW_TILES> layer{operands, arrangement, share, {}, lane, shared};
  layer.ring.prime(share, shared + arrangement.ring() + warp * operands.stages * STAGE_BYTES + id * 16,
                   operands.stages);
  awaitPredecessors();
  layer.loadActivations();
  layer.run();
}

extern "C" __global__ void __launch_bounds__(32 * WARPS, 2)
fused_linear_8(const __grid_constant__ LinearOperands operands) {
  fusedLinear<1>(operands);
}

extern "C" __global__ void __launch_bounds__(32 * WARPS, 1)
fused_linear_16(const __grid_constant__ LinearOperands operands) {
  fusedLinear<2>(operands);
}

extern "C" __global__ void __launch_bounds__(32 * WARPS, 1)
fused_linear_32(const __grid_constant__ LinearOperands operands) {
  fusedLinear<4>(operands);
}
