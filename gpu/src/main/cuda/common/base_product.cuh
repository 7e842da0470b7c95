// The base's part of a linear layer, and what becomes of the sums.
//
// A warp owns a slice of the inputs and keeps its activations in registers: pairs of blocks of 64 inputs
// are dealt out to the 32 warps of a cluster, in as many passes as it takes. All warps work on one tile
// of outputs after another, streaming their slice of its weights, and send their sums to the block that
// adds them up: each block owns half of a tile's outputs. While a tile's sums travel, the next one is
// computed.
#pragma once
#include "linear.cuh"
#include "mma.cuh"
#include "ring.cuh"
#include "tenant_delta.cuh"

constexpr int LINEAR_WARPS = 16, CLUSTER_BLOCKS = 2, SLOTS_A_PASS = LINEAR_WARPS * CLUSTER_BLOCKS;
constexpr int PAIR_INPUTS = 2 * BLOCK_INPUTS;

__host__ __device__ constexpr int stagesOf(int rowTiles) { return rowTiles <= 2 ? 5 : 4; }

__host__ __device__ constexpr int passesOf(int columns) {
  return ceilDiv(ceilDiv(columns, PAIR_INPUTS), SLOTS_A_PASS);
}

// Of one tile and one warp, in the block that owns half of the outputs: the sums of each pair of
// outputs g, g + 8 and row.
__host__ __device__ constexpr int sentBytes(int rowTiles) { return rowTiles * 16 * 16; }

__host__ __device__ constexpr int bufferBytes(int rowTiles) { return SLOTS_A_PASS * sentBytes(rowTiles); }

// Bit planes of activations, and later two buffers for what a cluster's warps send.
__host__ __device__ constexpr int workBytes(int rowTiles, int columns) {
  return 2 * bufferBytes(rowTiles) > spanBytes(columns) ? 2 * bufferBytes(rowTiles) : spanBytes(columns);
}

__host__ __device__ constexpr int earlierBytes(int rowTiles, int columns, int outputs, int clusters) {
  return passesOf(columns) > 1 ? ceilDiv(tilesOf(outputs), clusters) * sentBytes(rowTiles) : 0;
}

// Shared memory of a block.
__host__ __device__ constexpr int linearSharedBytes(int rowTiles, int columns, int outputs, int clusters) {
  return workBytes(rowTiles, columns) + earlierBytes(rowTiles, columns, outputs, clusters) +
         LINEAR_WARPS * stagesOf(rowTiles) * STAGE_BYTES;
}

// The tiles of outputs of cluster `index` of `count` begin here.
__device__ __forceinline__ int firstTileOf(int outputs, int index, int count) {
  return (int) ((int64_t) tilesOf(outputs) * index / count);
}

// This warp's slice of the weights, tile after tile, pass after pass.
struct WeightSource {
  const char* from;     // this stage, this lane
  int64_t tileBytes;
  int tiles, blocks;    // blocks of 64 inputs that are left from the slice of this pass on
  int tile, stage;

  __device__ __forceinline__ int stages() const { return min(blocks, 2); }

  __device__ __forceinline__ void copyNext(uint32_t to) {
    if (blocks <= 0 || tiles <= 0) return;
#pragma unroll
    for (int unit = 0; unit < STAGE_UNITS; unit++) copyAsync16(to + unit * UNIT_BYTES, from + unit * UNIT_BYTES);
    from += BLOCK_BYTES;
    if (++stage < stages()) return;
    from += tileBytes - stage * BLOCK_BYTES;
    stage = 0;
    if (++tile < tiles) return;
    tile = 0;
    blocks -= 2 * SLOTS_A_PASS;
    from += 2 * SLOTS_A_PASS * BLOCK_BYTES - tiles * tileBytes;
  }
};

// What two sums of a tile meet: outputs n and n + 8 of a row.
struct Meeting {
  float before[2], difference[2];
  float factor[2];   // of the sum; 0: the difference stands in for it, whatever it is
};

// Bit planes, or [2][SLOTS_A_PASS][sentBytes]; then sums of earlier passes, [tiles][sentBytes];
// then the rings.
extern __shared__ __align__(128) char linearShared[];

template <int ROW_TILES>
struct Layer {
  const LinearOperands& operands;
  const RowDifference* differences;
  int firstTile, tiles;
  WeightSource weights;
  Ring<stagesOf(ROW_TILES)> ring;
  uint4 x[ROW_TILES][4];   // this lane's activations: row 8i + g, inputs 32c + 8t .. of the slice

  __device__ __forceinline__ void loadActivations(int firstInput) {
#pragma unroll
    for (int i = 0; i < ROW_TILES; i++) {
      int row = 8 * i + threadIdx.x % 32 / 4;
#pragma unroll
      for (int c = 0; c < 4; c++) {
        int input = firstInput + 32 * c + threadIdx.x % 4 * 8;
        x[i][c] = make_uint4(0, 0, 0, 0);
        if (row < operands.rows && input < operands.columns) {
          x[i][c] = *(const uint4*) (operands.x + (int64_t) row * operands.columns + input);
        }
      }
    }
  }

  __device__ __forceinline__ void multiplyTile(float (&sums)[ROW_TILES][4], int stages) {
#pragma unroll
    for (int i = 0; i < ROW_TILES; i++) {
#pragma unroll
      for (int j = 0; j < 4; j++) sums[i][j] = 0;
    }
#pragma unroll
    for (int stage = 0; stage < 2; stage++) {
      if (stage >= stages) break;
      const char* tile = ring.take([&](uint32_t to) { weights.copyNext(to); });
#pragma unroll
      for (int c = 0; c < 2; c++) {
        uint4 low = *(const uint4*) (tile + c * 1024), high = *(const uint4*) (tile + c * 1024 + 512);
#pragma unroll
        for (int i = 0; i < ROW_TILES; i++) {
          uint4 v = x[i][stage * 2 + c];
          multiply(sums[i], low.x, high.x, low.y, high.y, v.x, v.y);
          multiply(sums[i], low.z, high.z, low.w, high.w, v.z, v.w);
        }
      }
    }
  }

  // Neighbouring slices on both blocks, for equal work.
  __device__ __forceinline__ static int slot() { return threadIdx.x / 32 * CLUSTER_BLOCKS + clusterRank(); }
  // Sends each block of the cluster the sums of the outputs that it owns.
  __device__ __forceinline__ void send(const float (&sums)[ROW_TILES][4], int round) {
    int lane = threadIdx.x % 32, g = lane / 4;
    uint32_t here = sharedAddress(linearShared) + round % 2 * bufferBytes(ROW_TILES) + slot() * sentBytes(ROW_TILES);
    uint32_t to = inBlock(here, g / 4) + (g % 4 * 4 + lane % 4) * 16;
#pragma unroll
    for (int i = 0; i < ROW_TILES; i++) {
      storeCluster16(to + i * 256, sums[i][0], sums[i][2], sums[i][1], sums[i][3]);
    }
  }

  // Two sums of a tile, which this lane adds up; -1 if none. Tiles are dealt out to the warps, the same
  // in every pass.
  __device__ __forceinline__ int itemOf(int tile) const {
    int part = (int) threadIdx.x / 32 - tile * ROW_TILES % LINEAR_WARPS;
    return part >= 0 && part < ROW_TILES ? part * 32 + (int) threadIdx.x % 32 : -1;
  }
  __device__ __forceinline__ int rowOf(int item) const { return item / 32 * 8 + item % 8; }
  __device__ __forceinline__ int outputOf(int tile, int item) const {
    return (firstTile + tile) * TILE_OUTPUTS + clusterRank() * 4 + item / 8 % 4;
  }

  // Loads what a tile's sums will meet, so that nobody waits for it then.
  __device__ __forceinline__ void prepare(Meeting& meeting, int tile) const {
    int item = itemOf(tile);
    meeting = {{}, {}, {1.0f, 1.0f}};
    if (item < 0 || rowOf(item) >= operands.rows) return;
    if (operands.difference != nullptr) awaitDifferences();
    const RowDifference& own = differences[rowOf(item)];
#pragma unroll
    for (int j = 0; j < 2; j++) {
      int output = outputOf(tile, item) + 8 * j;
      if (output >= operands.outputs) continue;
      int64_t at = (int64_t) rowOf(item) * operands.outputs + output;
      if (operands.finish == ADD_F32) meeting.before[j] = ((const float*) operands.out)[at];
#pragma unroll
      for (int p = 0; p < MAX_PARTS; p++) {
        if (own.begin[p] <= output && output < own.end[p]) {
          meeting.difference[j] = __ldcg(operands.difference + at);
          if (own.base[p] == BASE_REPLACED) meeting.factor[j] = 0.0f;
          if (own.base[p] == BASE_SCALED) meeting.factor[j] *= baseFactor(own, p, output);
        }
      }
    }
  }

  // Until every block has written its tenants' differences.
  __device__ __forceinline__ void awaitDifferences() const {
    uint32_t arrived;
    do {
      asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(arrived) : "l"(operands.arrivals) : "memory");
    } while (arrived < gridDim.x);
  }

  // Adds up what `slots` warps sent of a tile in a round, and writes it in the last pass.
  __device__ __forceinline__ void receive(const Meeting& meeting, int tile, int round, int slots, bool isFirst,
                                          bool isLast) {
    int item = itemOf(tile);
    if (item < 0) return;
    float2 sum = make_float2(0, 0);
    float2* before = (float2*) (linearShared + workBytes(ROW_TILES, operands.columns) + tile * sentBytes(ROW_TILES)) + item;
    if (!isFirst) sum = *before;
    const char* from = linearShared + round % 2 * bufferBytes(ROW_TILES) + item * 8;
#pragma unroll 8
    for (int i = 0; i < slots; i++) {
      float2 v = *(const float2*) (from + i * sentBytes(ROW_TILES));
      sum.x += v.x;
      sum.y += v.y;
    }
    if (!isLast) {
      *before = sum;
    } else if (rowOf(item) < operands.rows) {
      store(rowOf(item), outputOf(tile, item), meeting,
            {met(sum.x, meeting, 0), met(sum.y, meeting, 1)});
    }
  }

  __device__ __forceinline__ static float met(float sum, const Meeting& meeting, int j) {
    return fmaf(meeting.factor[j] == 0.0f ? 0.0f : sum, meeting.factor[j], meeting.difference[j]);
  }

  // Writes outputs `output` and `output + 8` of a row.
  __device__ __forceinline__ void store(int row, int output, const Meeting& meeting, float2 value) const {
    if (operands.finish == SILU_BF16) {
      int column = output / 16 * 8 + output % 8;
      if (column >= operands.outputs / 2) return;
      ((__nv_bfloat16*) operands.out)[(int64_t) row * (operands.outputs / 2) + column] =
          __float2bfloat16(value.x / (1.0f + __expf(-value.x)) * value.y);
      return;
    }
#pragma unroll
    for (int j = 0; j < 2; j++) {
      int n = output + 8 * j;
      if (n >= operands.outputs) continue;
      float v = j == 0 ? value.x : value.y;
      int64_t at = (int64_t) row * operands.outputs + n;
      if (operands.finish == STORE_BF16) {
        ((__nv_bfloat16*) operands.out)[at] = __float2bfloat16(v);
      } else if (operands.finish == ADD_F32) {
        ((float*) operands.out)[at] = meeting.before[j] + v;
      } else {
        ((float*) operands.out)[at] = n < differences[row].outputs ? v : -INFINITY;
      }
    }
  }

  __device__ __forceinline__ void run() {
    int passes = passesOf(operands.columns), pairs = ceilDiv(operands.columns, PAIR_INPUTS);
    int blocks = ceilDiv(operands.columns, BLOCK_INPUTS), baseTiles = tilesOf(operands.baseOutputs) - firstTile;
    auto slots = [&](int pass) { return min(SLOTS_A_PASS, pairs - pass * SLOTS_A_PASS); };
    Meeting meeting;
    int round = 0;
#pragma unroll 1
    for (int pass = 0; pass < passes; pass++) {
      int pair = pass * SLOTS_A_PASS + slot(), stages = min(2, blocks - 2 * pair);
      loadActivations(pair * PAIR_INPUTS);
#pragma unroll 1
      for (int tile = 0; tile < tiles; tile++, round++) {
        float sums[ROW_TILES][4];
        multiplyTile(sums, tile < baseTiles ? stages : 0);
        if (tile > 0 && pass == passes - 1) prepare(meeting, tile - 1);
        __syncwarp();
        clusterAwait();
        if (tile > 0) {
          receive(meeting, tile - 1, round - 1, slots(pass), pass == 0, pass == passes - 1);
        } else if (pass > 0) {
          receive(meeting, tiles - 1, round - 1, slots(pass - 1), pass == 1, false);
        }
        if (stages > 0) send(sums, round);
        __syncwarp();
        clusterArrive();
      }
    }
    if (tiles > 0) prepare(meeting, tiles - 1);
    __syncwarp();
    clusterAwait();
    if (tiles > 0) receive(meeting, tiles - 1, round - 1, slots(passes - 1), passes == 1, true);
  }
};
