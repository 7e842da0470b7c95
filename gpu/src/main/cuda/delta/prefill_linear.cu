// prefill_linear: one linear layer for many rows of prompts, of the base and of tenants, in one launch.
//
//   y[t, n] = sum over k of x[t, k] * V[n, k]     V: the weights of t's variant, from widen_projection; W for
//   the base's rows and where the tenant's run has no parts in this slot
//
//   finish STORE_BF16    out bf16 [T, N]   = y
//          ADD_F32       out f32  [T, N]  += y                     the residual stream
//          SILU_BF16     out bf16 [T, N/2] = silu(gate) * up       interleaved tiles
//
//   x bf16 [T, C] row-major, 16-byte aligned   W weight tiles, scratch as in widen_projection
//   tiles: the rows, at most ROWS of one variant in each; rows of no tile are left alone
//   Requires  C % 8 == 0, N % 8 == 0.
//   Launch    grid (tiles, N / OUTPUTS rounded up), block 128, SHARED_BYTES of dynamic shared memory; may
//             overlap its predecessor. Blocks of all tiles that read the same weights run together.
//   Numerics  products of bf16, sums in fp32 in an order that depends on C only: a row's bits depend
//             neither on its tile nor on the batch.
//   Cost      2 operations a row and weight; a block reads 2 (ROWS + OUTPUTS) C bytes.
#include "../common/async.cuh"
#include "../common/linear.cuh"
#include "../common/mma.cuh"
#include "../common/numbers.cuh"
#include "../common/tiles.cuh"

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
  int slot;              // of the projection in the tenants' tables
  int firstRun;          // whose weights scratch begins with, from 0
  int columns;           // C
  int outputs;           // N before the finish
  int finish;
};

// A block of WARP_ROWS x WARP_COLUMNS warps, each with 64 rows and 64 outputs. A weight's place in its tile
// is that of the second operand of a product; rows lie in shared memory as they are, and a lane reads of
// them the same 8 inputs. Rows of odd number swap their halves, so that neighbours do not meet in a bank.
template <int WARP_ROWS, int WARP_COLUMNS, int COPIES>
struct RowsBlock {
  static constexpr int ROWS = 64 * WARP_ROWS, OUTPUTS = 64 * WARP_COLUMNS, THREADS = 32 * WARP_ROWS * WARP_COLUMNS;
  static constexpr int ROW_BYTES = BLOCK_INPUTS * 2;
  static constexpr int INPUT_BYTES = ROWS * ROW_BYTES;
  static constexpr int TILES = OUTPUTS / TILE_OUTPUTS;
  static constexpr int FILL_BYTES = INPUT_BYTES + TILES * BLOCK_BYTES;
  static constexpr int FILLS = COPIES;
  static constexpr int SHARED_BYTES = FILLS * FILL_BYTES;
  static constexpr int BANDS = 4;        // of 16 rows, a warp's
  static constexpr int HALVES = 8;       // of tiles, a warp's

  char* memory;
  const PrefillOperands& operands;
  RowTile tile;
  const char* weights;
  int lane = threadIdx.x % 32, warpRow = threadIdx.x / 32 % WARP_ROWS, warpColumn = threadIdx.x / 32 / WARP_ROWS;
  float sums[BANDS][HALVES][4] = {};

  // Rows past the tile's last and tiles past the outputs are copies; nobody stores what comes of them.
  __device__ __forceinline__ void copy(int block) const {
    uint32_t to = sharedAddress(memory) + block % FILLS * FILL_BYTES;
    int piece = threadIdx.x % 8, k = block * BLOCK_INPUTS + piece * 8;
    bool exists = k < operands.columns;
#pragma unroll
    for (int i = 0; i < ROWS; i += THREADS / 8) {
      int row = i + threadIdx.x / 8;
      const __nv_bfloat16* from =
          operands.x + (int64_t) (tile.firstRow + min(row, tile.rows - 1)) * operands.columns + (exists ? k : 0);
      copyAsync16(to + row * ROW_BYTES + (piece ^ row % 2 * 4) * 16, from, exists ? 16 : 0);
    }
    int last = tilesOf(operands.outputs) - 1;
    int64_t tileBytes = weightTileBytes(operands.columns);
#pragma unroll
    for (int i = 0; i < TILES; i += THREADS / (BLOCK_BYTES / 16)) {
      int own = i + threadIdx.x / (BLOCK_BYTES / 16), at = threadIdx.x % (BLOCK_BYTES / 16) * 16;
      int64_t from = min((int) blockIdx.y * TILES + own, last) * tileBytes + (int64_t) block * BLOCK_BYTES + at;
      copyAsync16(to + INPUT_BYTES + own * BLOCK_BYTES + at, weights + from);
    }
  }

  __device__ __forceinline__ void multiplyBlock(int block) {
    const char* inputs = memory + block % FILLS * FILL_BYTES;
    const char* tiles = inputs + INPUT_BYTES + warpColumn * (HALVES / 2) * BLOCK_BYTES;
#pragma unroll
    for (int chunk = 0; chunk < 2; chunk++) {
      uint4 w[HALVES];
#pragma unroll
      for (int n = 0; n < HALVES; n++) {
        w[n] = *(const uint4*) (tiles + n / 2 * BLOCK_BYTES + (chunk * 2 + n % 2) * UNIT_BYTES + lane * 16);
      }
#pragma unroll
      for (int band = 0; band < BANDS; band++) {
        int row = warpRow * 16 * BANDS + band * 16 + lane / 4;
        const char* from = inputs + row * ROW_BYTES + ((chunk * 4 + lane % 4) ^ row % 2 * 4) * 16;
        uint4 low = *(const uint4*) from, high = *(const uint4*) (from + 8 * ROW_BYTES);
#pragma unroll
        for (int n = 0; n < HALVES; n++) {
          multiply(sums[band][n], low.x, high.x, low.y, high.y, w[n].x, w[n].y);
        }
#pragma unroll
        for (int n = 0; n < HALVES; n++) {
          multiply(sums[band][n], low.z, high.z, low.w, high.w, w[n].z, w[n].w);
        }
      }
    }
  }

  __device__ __forceinline__ void store() const {
    int firstTile = blockIdx.y * TILES + warpColumn * (HALVES / 2);
#pragma unroll
    for (int band = 0; band < BANDS; band++) {
#pragma unroll
      for (int high = 0; high < 2; high++) {
        int row = warpRow * 16 * BANDS + band * 16 + high * 8 + lane / 4;
        if (row >= tile.rows) continue;
#pragma unroll
        for (int n = 0; n < HALVES; n++) {
          const float* v = &sums[band][n][2 * high];
          int output = (firstTile * 2 + n) * 8 + lane % 4 * 2;
          if (output >= operands.outputs) continue;
          int64_t at = (int64_t) (tile.firstRow + row) * operands.outputs + output;
          if (operands.finish == ADD_F32) {
            float2* to = (float2*) ((float*) operands.out + at);
            float2 before = *to;
            *to = make_float2(before.x + v[0], before.y + v[1]);
          } else if (operands.finish == STORE_BF16) {
            *(uint32_t*) ((__nv_bfloat16*) operands.out + at) = narrow2(v[0], v[1]);
          } else if (n % 2 == 0) {
            const float* up = &sums[band][n + 1][2 * high];
            int64_t inner = (int64_t) (tile.firstRow + row) * (operands.outputs / 2) + output / 16 * 8 + output % 8;
            *(uint32_t*) ((__nv_bfloat16*) operands.out + inner) = narrow2(gated(v[0], up[0]), gated(v[1], up[1]));
          }
        }
      }
    }
  }

  __device__ __forceinline__ static float gated(float gate, float up) {
    return gate / (1.0f + __expf(-gate)) * up;
  }
};

template <typename Block>
__device__ __forceinline__ void prefillLinear(const PrefillOperands& operands) {
  extern __shared__ __align__(128) char memory[];
  letDependentsStart();
  RowTile tile = operands.tiles[blockIdx.x];
  const char* weights = operands.weight;
  if (tile.run > 0 && operands.scratch != nullptr &&
      operands.step->run[tile.run - 1].projections[operands.slot].parts > 0) {
    weights = operands.scratch + (tile.run - 1 - operands.firstRun) * operands.stride;
  }
  Block block = {memory, operands, tile, weights};
  int blocks = ceilDiv(operands.columns, BLOCK_INPUTS);
  awaitPredecessors();
#pragma unroll 1
  for (int i = 0; i < Block::FILLS - 1; i++) {
    if (i < blocks) block.copy(i);
    commitCopies();
  }
#pragma unroll 1
  for (int i = 0; i < blocks; i++) {
    awaitCopies<Block::FILLS - 2>();
    __syncthreads();  // This fill has arrived for all, and nobody reads the one that is copied to next.
    if (i + Block::FILLS - 1 < blocks) block.copy(i + Block::FILLS - 1);
    commitCopies();
    block.multiplyBlock(i);
  }
  awaitCopies<0>();
  block.store();
}

// Two blocks a multiprocessor: while one waits for its copies, the other multiplies.
using PrefillBlock = RowsBlock<2, 2, 3>;

extern "C" __global__ void __launch_bounds__(PrefillBlock::THREADS, 2)
prefill_linear(const __grid_constant__ PrefillOperands operands) {
  prefillLinear<PrefillBlock>(operands);
}
