// prefill_linear: one linear layer for many rows of prompts, of the base and of tenants, in one launch.
//
//   y[t, n] = sum over k of x[t, k] * V[n, k]     V = f W + D: the weights of t's variant, rounded to bf16 once;
//   W for the base's rows and where the tenant's run has no parts in this slot
//
//   finish STORE_BF16    out bf16 [T, N]   = y
//          ADD_F32       out f32  [T, N]  += y                     the residual stream
//          SILU_BF16     out bf16 [T, N/2] = silu(gate) * up       interleaved tiles
//
//   x bf16 [T, C] row-major, 16-byte aligned   W weight tiles, scratch as in widen_projection, for runs
//   where a part is not light (variant.cuh)
//   tiles: the rows, at most ROWS of one variant in each; rows of no tile are left alone
//   Requires  C % 8 == 0, N % 8 == 0, no outputs beyond the base's.
//   Launch    on capability 9.0 alone (traps elsewhere); any grid, best a block a multiprocessor; block THREADS,
//             SHARED_BYTES of dynamic shared memory; may overlap its predecessor. Neighbouring blocks take tiles
//             that read the same weights.
//   Numerics  differences added in fp32; products of bf16, sums in fp32 in an order that depends on C only: a
//             row's bits depend neither on its tile nor on the batch.
//   Cost      2 operations a row and weight, of 64 rows at a time; 2 (rows + OUTPUTS) C bytes and the codes read
//             a tile and OUTPUTS outputs, most of them from the second-level cache.
//
// Of a block's four warpgroups one copies rows and the base's weights, 64 inputs of them at a time; one adds
// the differences to the weights where they lie; two multiply, each every other 64 rows.
#include "../common/async.cuh"
#include "../common/barrier.cuh"
#include "../common/linear.cuh"
#include "../common/variant.cuh"
#include "../common/wgmma.cuh"

// Neighbouring rows of one variant.
struct RowTile {          // 16 bytes
  int firstRow;
  int rows;
  int run;                // 1 for the first of the step's runs; 0: the base's
  int reserved;
};

struct PrefillOperands {
  void* out;
  const __nv_bfloat16* x;
  const char* weight;
  const char* scratch;
  const Step* step;
  const RowTile* tiles;
  int64_t stride;        // bytes, from a run's weights in scratch to the next
  int tileCount;
  int slot;              // of the projection in the tenants' tables
  int firstRun;          // whose weights scratch begins with, from 0
  int columns;           // C
  int outputs;           // N before the finish
  int finish;
};

// A block's shared memory: fills of rows and weights, both with the 64 inputs of a row or output in 128 bytes,
// swizzled; then, of each fill, barriers that say: copied, changed, multiplied.
struct PrefillBlock {
  static constexpr int ROWS = 256, OUTPUTS = 128, FILLS = 4, THREADS = 512;
  static constexpr int LINE_BYTES = BLOCK_INPUTS * 2, INPUT_BYTES = ROWS * LINE_BYTES;
  static constexpr int FILL_BYTES = INPUT_BYTES + OUTPUTS * LINE_BYTES;
  static constexpr int SHARED_BYTES = 1024 + FILLS * FILL_BYTES + 3 * FILLS * 8;   // its start is aligned
  static constexpr int COPY_REGISTERS = 40, CHANGE_REGISTERS = 104, MULTIPLY_REGISTERS = 184;
};

// Where a thread is in the block's rounds through its fills.
struct Fill {
  uint32_t memory;
  int index = 0;
  uint32_t round = 0;

  __device__ __forceinline__ uint32_t at() const { return memory + index * PrefillBlock::FILL_BYTES; }
  __device__ __forceinline__ uint32_t copied() const { return barrier(0); }
  __device__ __forceinline__ uint32_t changed() const { return barrier(1); }
  __device__ __forceinline__ uint32_t multiplied() const { return barrier(2); }
  __device__ __forceinline__ uint32_t barrier(int kind) const {
    return memory + PrefillBlock::FILLS * (PrefillBlock::FILL_BYTES + kind * 8) + index * 8;
  }
  __device__ __forceinline__ void next() {
    if (++index == PrefillBlock::FILLS) {
      index = 0;
      round ^= 1;
    }
  }
};

// A tile of rows and OUTPUTS outputs.
struct PrefillUnit {
  RowTile tile;
  int firstOutput;
  const Projection* own;    // whose differences are added to the weights; null: none are
  const char* weights;

  __device__ __forceinline__ static int count(const PrefillOperands& o) {
    return ceilDiv(o.outputs, PrefillBlock::OUTPUTS) * o.tileCount;
  }
  __device__ __forceinline__ static PrefillUnit at(const PrefillOperands& o, int index) {
    RowTile tile = o.tiles[index % o.tileCount];
    PrefillUnit unit = {tile, index / o.tileCount * PrefillBlock::OUTPUTS, nullptr, o.weight};
    if (tile.run == 0) return unit;
    unit.own = &o.step->run[tile.run - 1].projections[o.slot];
    if (isWidened(*unit.own)) {
      unit.own = nullptr;
      unit.weights = o.scratch + (tile.run - 1 - o.firstRun) * o.stride;
    }
    return unit;
  }
};

// Rows past the tile's last and outputs past N keep what was there; nobody stores what comes of them.
__device__ __forceinline__ void copyFills(const PrefillOperands& o, Fill fill) {
  int piece = threadIdx.x % 8, line = threadIdx.x % 128 / 8, blocks = ceilDiv(o.columns, BLOCK_INPUTS);
  uint32_t place = line * PrefillBlock::LINE_BYTES + (piece ^ line % 8) * 16;
  int64_t tileBytes = weightTileBytes(o.columns);
  for (int index = blockIdx.x; index < PrefillUnit::count(o); index += gridDim.x) {
    PrefillUnit unit = PrefillUnit::at(o, index);
    const char* x = (const char*) (o.x + (int64_t) (unit.tile.firstRow + line) * o.columns + piece * 8);
    const char* weights =
        unit.weights + unit.firstOutput / TILE_OUTPUTS * tileBytes + weightOffset(line, piece * 8, o.columns);
    int rows = unit.tile.rows - line, tiles = tilesOf(o.outputs) - unit.firstOutput / TILE_OUTPUTS;
    for (int block = 0; block < blocks; block++, fill.next()) {
      awaitPhase(fill.multiplied(), fill.round ^ 1);
      bool exists = block * BLOCK_INPUTS + piece * 8 < o.columns;
      uint32_t to = fill.at() + place;
#pragma unroll
      for (int i = 0; i < PrefillBlock::ROWS / 16; i++) {
        const char* from = x + (int64_t) (i * 16) * 2 * o.columns + block * PrefillBlock::LINE_BYTES;
        if (i * 16 >= rows) break;
        copyAsync16(to + i * 16 * PrefillBlock::LINE_BYTES, exists ? from : (const char*) o.x, exists ? 16 : 0);
      }
#pragma unroll
      for (int i = 0; i < PrefillBlock::OUTPUTS / 16; i++) {
        if (i >= tiles) break;
        copyAsync16(to + PrefillBlock::INPUT_BYTES + i * 16 * PrefillBlock::LINE_BYTES,
                    weights + i * tileBytes + (int64_t) block * BLOCK_BYTES);
      }
      arriveAfterCopies(fill.copied());
    }
  }
}

// A thread changes the weights of one output. All is shown to the products here, as nobody else waits for copies.
__device__ __forceinline__ void changeFills(const PrefillOperands& o, Fill fill, char* memory) {
  constexpr int PIECES = 4;   // that are changed at once
  int own = threadIdx.x % 128, blocks = ceilDiv(o.columns, BLOCK_INPUTS);
  for (int index = blockIdx.x; index < PrefillUnit::count(o); index += gridDim.x) {
    PrefillUnit unit = PrefillUnit::at(o, index);
    Part part;
    const void* extra = nullptr;
    int row = -1;
    for (int p = 0; unit.own != nullptr && p < unit.own->parts; p++) {
      int here = rowOf(unit.own->part[p], unit.firstOutput + own);
      if (here < 0) continue;
      part = unit.own->part[p];
      extra = unit.own->extra[p];
      row = here;
    }
    for (int block = 0; block < blocks; block++, fill.next()) {
      awaitPhase(fill.copied(), fill.round);
      if (row >= 0) {
        uint4* line = (uint4*) (memory + fill.index * PrefillBlock::FILL_BYTES + PrefillBlock::INPUT_BYTES +
                                own * PrefillBlock::LINE_BYTES);
#pragma unroll
        for (int first = 0; first < 8; first += PIECES) {
          float v[PIECES][8];
#pragma unroll
          for (int i = 0; i < PIECES; i++) widen8(v[i], line[(first + i) ^ own % 8]);
          changeWeights(v, part, extra, row, block * BLOCK_INPUTS + first * 8, o.columns);
#pragma unroll
          for (int i = 0; i < PIECES; i++) line[(first + i) ^ own % 8] = narrow8(v[i]);
        }
      }
      showToProducts();
      __syncwarp();
      if (threadIdx.x % 32 == 0) arrive(fill.changed());
    }
  }
}

__device__ __forceinline__ float gated(float gate, float up) { return gate / (1.0f + __expf(-gate)) * up; }

// Outputs firstOutput + 8 j + 2 t, + 1 of a row lie at sums[4 j + 2 HIGH].
template <int HIGH>
__device__ __forceinline__ void storeRow(const PrefillOperands& o, int row, int firstOutput, const float (&sums)[64]) {
  int t = threadIdx.x % 4;
#pragma unroll
  for (int j = 0; j < PrefillBlock::OUTPUTS / 8; j++) {
    const float v[2] = {sums[4 * j + 2 * HIGH], sums[4 * j + 2 * HIGH + 1]};
    int output = firstOutput + 8 * j + 2 * t;
    if (output >= o.outputs) continue;
    int64_t at = (int64_t) row * o.outputs + output;
    if (o.finish == ADD_F32) {
      float2* to = (float2*) ((float*) o.out + at);
      float2 before = *to;
      *to = make_float2(before.x + v[0], before.y + v[1]);
    } else if (o.finish == STORE_BF16) {
      *(uint32_t*) ((__nv_bfloat16*) o.out + at) = narrow2(v[0], v[1]);
    } else if (j % 2 == 0) {
      const float up[2] = {sums[4 * j + 2 * HIGH + 4], sums[4 * j + 2 * HIGH + 5]};
      int64_t inner = (int64_t) row * (o.outputs / 2) + firstOutput / 2 + 4 * j + 2 * t;
      *(uint32_t*) ((__nv_bfloat16*) o.out + inner) = narrow2(gated(v[0], up[0]), gated(v[1], up[1]));
    }
  }
}

// Rows [64 group, 64 group + 64) of a unit's tile and, where BANDS is 2, those 128 further.
template <int BANDS>
__device__ __forceinline__ void multiplyUnit(const PrefillOperands& o, const PrefillUnit& unit, Fill& fill, int group) {
  float sums[BANDS > 0 ? BANDS : 1][64] = {};
  int blocks = ceilDiv(o.columns, BLOCK_INPUTS);
  uint32_t last = 0;
#pragma unroll 1
  for (int block = 0; block < blocks; block++, fill.next()) {
    awaitPhase(fill.changed(), fill.round);
    if (BANDS > 0) {
      beginProducts();
#pragma unroll
      for (int k = 0; k < BLOCK_INPUTS / 16; k++) {
        uint64_t weights = swizzledOperand(fill.at() + PrefillBlock::INPUT_BYTES + 32 * k);
#pragma unroll
        for (int band = 0; band < BANDS; band++) {
          uint64_t rows = swizzledOperand(fill.at() + (group * 64 + band * 128) * PrefillBlock::LINE_BYTES + 32 * k);
          multiply128(sums[band], rows, weights);
        }
      }
      commitProducts();
      awaitProducts<1>();   // The block before is done with its fill.
    }
    if (threadIdx.x % 32 == 0 && block > 0) arrive(last);
    last = fill.multiplied();
  }
  awaitProducts<0>();
  if (threadIdx.x % 32 == 0) arrive(last);
#pragma unroll
  for (int band = 0; band < BANDS; band++) {
    int row = group * 64 + band * 128 + threadIdx.x % 128 / 32 * 16 + threadIdx.x % 32 / 4;
    if (row < unit.tile.rows) storeRow<0>(o, unit.tile.firstRow + row, unit.firstOutput, sums[band]);
    if (row + 8 < unit.tile.rows) storeRow<1>(o, unit.tile.firstRow + row + 8, unit.firstOutput, sums[band]);
  }
}

__device__ __forceinline__ void multiplyFills(const PrefillOperands& o, Fill fill, int group) {
  for (int index = blockIdx.x; index < PrefillUnit::count(o); index += gridDim.x) {
    PrefillUnit unit = PrefillUnit::at(o, index);
    int bands = ceilDiv(max(0, unit.tile.rows - 64 * group), 128);
    if (bands == 2) {
      multiplyUnit<2>(o, unit, fill, group);
    } else if (bands == 1) {
      multiplyUnit<1>(o, unit, fill, group);
    } else {
      multiplyUnit<0>(o, unit, fill, group);
    }
  }
}

extern "C" __global__ void __launch_bounds__(PrefillBlock::THREADS, 1)
prefill_linear(const __grid_constant__ PrefillOperands operands) {
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
  extern __shared__ char unaligned[];
  letDependentsStart();
  char* memory = unaligned + (1024 - sharedAddress(unaligned) % 1024) % 1024;
  Fill fill = {sharedAddress(memory)};
  if (threadIdx.x == 0) {
    for (int i = 0; i < PrefillBlock::FILLS; i++, fill.next()) {
      initBarrier(fill.copied(), 128);
      initBarrier(fill.changed(), 4);       // warps that change
      initBarrier(fill.multiplied(), 8);    // warps that multiply
    }
  }
  __syncthreads();
  fill = {sharedAddress(memory)};
  awaitPredecessors();
  int group = threadIdx.x / 128;
  if (group == 0) {
    releaseRegisters<PrefillBlock::COPY_REGISTERS>();
    copyFills(operands, fill);
  } else if (group == 1) {
    releaseRegisters<PrefillBlock::CHANGE_REGISTERS>();
    changeFills(operands, fill, memory);
  } else {
    takeRegisters<PrefillBlock::MULTIPLY_REGISTERS>();
    multiplyFills(operands, fill, group - 2);
  }
#else
  __trap();
#endif
}
