// fused_linear: one linear layer for all tenants of a decode batch in one launch.
//
//   y[t, n] = sum over k of x[t, k] * (f[n] * W[n, k] + D[n, k])     D: the difference of t's run, or 0;
//   f: what its part says of the base's rows, or 1
//   rows of D that replace stand in for W + D; an output that t's variant lacks is -infinity (logits)
//
//   finish STORE_BF16    out bf16 [T, N]   = y
//          ADD_F32       out f32  [T, N]  += y                     the residual stream
//          SILU_BF16     out bf16 [T, N/2] = silu(gate) * up       interleaved tiles
//          STORE_F32     out f32  [T, N]   = y                     logits
//
//   x bf16 [T, C] row-major, 16-byte aligned   W weight tiles (tiles.cuh)
//   step: runs of rows and their tenants' differences (step.cuh); null for the base alone
//   difference f32 [T, N], arrivals u32 [2], zero before and after: work memory, null where no run has
//   parts in this slot. Launches of one stream share them, those of two may not; a launch that failed
//   leaves arrivals as they were
//   Requires  T <= the kernel's rows (8, 16, 32), parts of the kernel's kinds, difference null for the base's
//             kernels and for no others (traps otherwise), C % 8 == 0, C <= 32,768.
//   Launch    clusters of 2 blocks of 512 threads. With differences: at least T / 2 clusters and at most
//             as many as the device holds at once, since blocks wait for each other; without: any number.
//             Dynamic shared memory linearSharedBytes(). May overlap its predecessor: weights and codes do
//             not depend on it.
//   Numerics  base: products of bf16, sums in fp32 in an order that depends on C only. Signs: x as whole
//             numbers (bit_planes.cuh), summed exactly, rounded once a plane. All other differences:
//             products of bf16, sums in fp32 in an order that depends on C only. A row's bits do not
//             depend on the batch, nor on the number of clusters.
//   Cost      2 bytes a weight, once; codes once for every rowsTogether() rows of a run: 1 bit a weight and
//             plane of signs or look-up codes, 8 / d bits a weight of vectors, 2 or 3 bits one of 2:4 codes and plane, 4 or 6
//             bits one of grouped codes and plane, 2 bytes a replaced weight or one of a thin pair, of which `down` once a block that computes with it; x once a cluster, and
//             once a block of its run.
//
// First every block works for one or two rows of one tenant (tenant_delta.cuh); what it finds goes through
// device memory. Then all compute the base (base_product.cuh). Codes and weights are one stream to a warp,
// which never runs dry in between.
#include "../common/base_product.cuh"
#include "../common/tenant_delta.cuh"

static_assert(LINEAR_WARPS == SHARING_WARPS, "the same warps do both");

// The tenants' part of a block.
struct Tenants {
  Assignment own;
  PlanesRoom room;

  // Finds out which rows this block works for. Run by one whole warp.
  __device__ void find(const LinearOperands& operands) {
    Span found = findSpan(operands);
    if (threadIdx.x == 0) own.span = found;
    if (found.projection != nullptr) {
      ((uint32_t*) &own.projection)[threadIdx.x] = ((const uint32_t*) found.projection)[threadIdx.x];
    } else if (threadIdx.x == 0) {
      own.projection.parts = 0;
    }
  }

  // Asks for what depends on no activations, but is wanted as soon as there are some.
  template <Kinds K>
  __device__ __forceinline__ void prefetch(const Item<K>& item, int columns) const {
    const Projection& all = own.projection;
    for (int p = 0; p < all.parts; p++) {
      if (kindOf<K>(all.part[p]) != PART_LOW_RANK || !item.takes(p)) continue;
      LowRankRoom::prefetch((const char*) all.extra[p], all.part[p].rankUnits, columns);
    }
  }

  template <Kinds K, typename Take>
  __device__ __forceinline__ void add(const LinearOperands& operands, char* work, const Item<K>& first, Take take) {
    Differences<K, Take>{operands, own.span, work, room, take}.addAll(first);
  }
};

__device__ __forceinline__ uint32_t addReleasing(uint32_t* to, uint32_t v) {
  uint32_t before;
  asm volatile("atom.add.acq_rel.gpu.global.u32 %0, [%1], %2;" : "=r"(before) : "l"(to), "r"(v) : "memory");
  return before;
}

// The base alone has registers for its activations that the others have not.
template <int ROW_TILES, Kinds K>
__device__ __forceinline__ void fusedLinear(const LinearOperands& operands, RowDifference* differences,
                                            Tenants& tenants) {
  constexpr bool DIFFERS = K != NO_KIND;
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  Item<K> first = {&tenants.own, MAX_PARTS, 0};
  if (DIFFERS) first.begin(0);
  if (DIFFERS) tenants.prefetch(first, operands.columns);
  CodeSource<K> codes = {first, operands.columns, 0, 0, 0, nullptr, 0};
  if (DIFFERS) codes.open();

  int firstTile = firstTileOf(operands.outputs, clusterIndex(), clusterCount());
  int endTile = firstTileOf(operands.outputs, clusterIndex() + 1, clusterCount());
  int slot = Layer<ROW_TILES>::slot(), ringBytes = stagesOf(ROW_TILES) * STAGE_BYTES;
  int64_t tileBytes = weightTileBytes(operands.columns);
  const char* slice = operands.weight + firstTile * tileBytes + slot * 2 * BLOCK_BYTES + lane * 16;
  Layer<ROW_TILES> layer{operands, differences, firstTile, endTile - firstTile};
  layer.weights = WeightSource{slice, tileBytes,
                               min(endTile, tilesOf(operands.baseOutputs)) - firstTile,
                               ceilDiv(operands.columns, BLOCK_INPUTS) - 2 * slot, 0, 0};
  char* rings = linearShared + workBytes(ROW_TILES, operands.columns) +
                earlierBytes(ROW_TILES, operands.columns, operands.outputs, clusterCount());
  layer.ring.first = rings + warp * ringBytes + lane * 16;
  layer.ring.fill = 0;
  auto copyNext = [&](uint32_t to) {
    if (!DIFFERS || codes.ended()) {
      layer.weights.copyNext(to);
    } else {
      codes.copy(to);
    }
  };
  layer.ring.prime(copyNext);
  awaitPredecessors();
  if (DIFFERS) {
    tenants.add(operands, linearShared, first, [&] { return layer.ring.take(copyNext); });
    __syncthreads();
    if (threadIdx.x == 0) addReleasing(operands.arrivals, 1);
  }
  clusterArrive();  // From here on the cluster's blocks send each other sums.
  layer.run();
  if (!DIFFERS) return;
  __syncthreads();  // No warp of this block still asks who has arrived.
  if (threadIdx.x == 0 && addReleasing(operands.arrivals + 1, 1) == gridDim.x - 1) {
    operands.arrivals[0] = operands.arrivals[1] = 0;
  }
}

template <int ROW_TILES, Kinds K>
__device__ __forceinline__ void fusedLinear(const LinearOperands& operands) {
  __shared__ RowDifference differences[8 * ROW_TILES];
  __shared__ Tenants tenants;
  letDependentsStart();
  if (operands.rows > 8 * ROW_TILES || (operands.difference == nullptr) != (K == NO_KIND)) __trap();
  int warp = threadIdx.x / 32;
  if (K != NO_KIND && warp == 0) tenants.find(operands);
  if (warp == 1) describeRows(differences, operands);
  __syncthreads();
  if (K != NO_KIND && !tenants.own.isOf(K)) __trap();
  fusedLinear<ROW_TILES, K>(operands, differences, tenants);
}

// A block takes the registers of so many threads. Where few rows' activations leave some, the next norm's block
// fits beside it before it has ended.
constexpr int registersOf(int rowTiles, Kinds kinds) {
  bool few = kinds == NO_KIND ? rowTiles <= 2 : kinds == alone(PART_SIGNS) && rowTiles == 1;
  return 32 * LINEAR_WARPS + (few ? 128 : 0);
}

#define FUSED_LINEAR(NAME, ROW_TILES, KINDS)                                                      \
  extern "C" __global__ void __launch_bounds__(registersOf(ROW_TILES, KINDS), 1)                  \
  NAME(const __grid_constant__ LinearOperands operands) {                                         \
    fusedLinear<ROW_TILES, KINDS>(operands);                                                      \
  }

// Named after what tenants' parts may be of, and the rows.
#define FUSED_LINEARS(PREFIX, KINDS)                                                              \
  FUSED_LINEAR(PREFIX##_8, 1, KINDS)                                                              \
  FUSED_LINEAR(PREFIX##_16, 2, KINDS)                                                             \
  FUSED_LINEAR(PREFIX##_32, 4, KINDS)

FUSED_LINEARS(fused_linear_base, NO_KIND)
FUSED_LINEARS(fused_linear_signs, alone(PART_SIGNS))
FUSED_LINEARS(fused_linear_vectors, alone(PART_VECTORS))
FUSED_LINEARS(fused_linear_sparse, alone(PART_SPARSE))
FUSED_LINEARS(fused_linear_grouped, alone(PART_GROUPED))
FUSED_LINEARS(fused_linear_lookup, alone(PART_LOOKUP))
FUSED_LINEARS(fused_linear_low_rank, alone(PART_LOW_RANK))
FUSED_LINEARS(fused_linear, ANY_KIND)
