// What the tests and benchmarks of decoding share: its kernels and their launches.
#pragma once
#include <map>
#include <tuple>
#include "device.cuh"
#include "../../main/cuda/attention/paged_decode.cu"
#include "../../main/cuda/delta/embedding_gather.cu"
#include "../../main/cuda/delta/fused_linear.cu"
#include "../../main/cuda/delta/pack_grouped_tiles.cu"
#include "../../main/cuda/delta/pack_index_tiles.cu"
#include "../../main/cuda/delta/pack_lookup_tiles.cu"
#include "../../main/cuda/delta/pack_sign_tiles.cu"
#include "../../main/cuda/delta/pack_sparse_tiles.cu"
#include "../../main/cuda/delta/pack_weight_tiles.cu"
#include "../../main/cuda/norm/rms_norm.cu"
#include "../../main/cuda/rope/rope_and_cache.cu"
#include "../../main/cuda/sampling/argmax.cu"

using LinearKernel = void (*)(LinearOperands);

// The kernel for 8, 16 or 32 rows whose tenants' parts are of these kinds.
inline LinearKernel linearKernel(Kinds kinds, int rowTiles) {
#define OF_ROWS(PREFIX) (rowTiles == 1 ? PREFIX##_8 : rowTiles == 2 ? PREFIX##_16 : PREFIX##_32)
  switch ((int) kinds) {
    case NO_KIND: return OF_ROWS(fused_linear_base);
    case PART_SIGNS: return OF_ROWS(fused_linear_signs);
    case PART_VECTORS: return OF_ROWS(fused_linear_vectors);
    case PART_SPARSE: return OF_ROWS(fused_linear_sparse);
    case PART_GROUPED: return OF_ROWS(fused_linear_grouped);
    case PART_LOOKUP: return OF_ROWS(fused_linear_lookup);
    case PART_LOW_RANK: return OF_ROWS(fused_linear_low_rank);
    default: return OF_ROWS(fused_linear);
  }
#undef OF_ROWS
}

// A linear layer. Where `operands` names memory for tenants' differences, all blocks must run at once.
inline void fusedLinear(LinearOperands operands, const LaunchOptions& options, Kinds kinds = ANY_KIND) {
  int rowTiles = operands.rows <= 8 ? 1 : operands.rows <= 16 ? 2 : 4;
  LinearKernel kernel = linearKernel(operands.difference == nullptr ? NO_KIND : kinds, rowTiles);
  int clusters = options.clusters > 0 ? options.clusters : multiprocessors() / CLUSTER_BLOCKS;
  int bytes = linearSharedBytes(rowTiles, operands.columns, operands.outputs, clusters);
  while (bytes > 225 * 1024) {
    bytes = linearSharedBytes(rowTiles, operands.columns, operands.outputs, clusters += multiprocessors() / 2);
  }
  CHECK(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
  launch(kernel, dim3(clusters * CLUSTER_BLOCKS), 32 * LINEAR_WARPS, bytes, CLUSTER_BLOCKS, options, operands);
}

inline void rmsNorm(bf16* out, const float* x, const float* weight, const Step* step, int slot,
                    int rows, int columns, float epsilon, const LaunchOptions& options) {
  launch(rms_norm_bf16, dim3(rows), NORM_THREADS, 0, 1, options, out, x, weight, step, slot, columns, epsilon);
}

inline void ropeAndCache(bf16* qkv, bf16* cache, const Step* step, const int* tables,
                         const float* speeds, CacheShape shape, int layer, int heads, int rotated,
                         int rows, const LaunchOptions& options) {
  launch(rope_and_cache_bf16, dim3(rows, heads + 2 * shape.heads), ceilDiv(shape.headSize / 2, 32) * 32,
         0, 1, options, qkv, cache, step, tables, speeds, shape, layer, heads, rotated, 1.0f);
}

// Attention over the cache; with `speeds`, behind the rotation that it does itself.
inline void pagedDecode(bf16* out, const bf16* qkv, bf16* cache, const Step* step, const int* tables,
                        CacheShape shape, int layer, int heads, int rows, float scale,
                        const float* speeds, const LaunchOptions& options) {
  int group = heads / shape.heads;
#define KERNEL(SIZE, GROUP) (speeds ? rotating_decode_##SIZE##_##GROUP : paged_decode_##SIZE##_##GROUP)
  auto kernel = shape.headSize == 64
      ? (group == 1 ? KERNEL(64, 1) : group == 2 ? KERNEL(64, 2) : group == 4 ? KERNEL(64, 4) : KERNEL(64, 8))
      : (group == 1 ? KERNEL(128, 1) : KERNEL(128, 4));
#undef KERNEL
  launch(kernel, dim3(SPLITS, shape.heads, rows), 32 * DECODE_WARPS, 0, SPLITS, options, out, qkv,
         cache, step, tables, shape, layer, scale, speeds, 1.0f);
}

// Weight tiles of row-major matrices, merged: part i begins at firsts[i].
inline void packWeights(char* tiles, const bf16* rows, int outputs, int columns, Placement at) {
  pack_weight_tiles<<<outputs, 256>>>((uint4*) tiles, (const uint4*) rows, columns, at);
  CHECK(cudaGetLastError());
}

inline void packSigns(uint32_t* tiles, const uint32_t* rows, int outputs, int columns, Placement at) {
  pack_sign_tiles<<<ceilDiv(outputs, 8), 128>>>(tiles, rows, outputs, columns, at);
  CHECK(cudaGetLastError());
}

inline void packIndices(char* tiles, const uint8_t* rows, int bands, int columns) {
  pack_index_tiles<<<bands, 128>>>(tiles, (const uint64_t*) rows, columns);
  CHECK(cudaGetLastError());
}

// Sparse tiles of one plane of rows of 2:4 codes.
inline void packSparse(char* tiles, const SparseRows& rows) {
  pack_sparse_tiles<<<dim3(tilesOf(rows.rows), sparseBlocks(rows.columns)), 128>>>((uint32_t*) tiles, rows);
  CHECK(cudaGetLastError());
}

// Grouped tiles of one plane of rows of grouped codes.
inline void packGrouped(char* tiles, const GroupedRows& rows) {
  pack_grouped_tiles<<<dim3(tilesOf(rows.rows), groupedBlocks(rows.columns)), 128>>>((uint32_t*) tiles, rows);
  CHECK(cudaGetLastError());
}

// Look-up tiles of one plane of codes.
inline void packLookup(uint32_t* tiles, const uint32_t* rows, int outputs, int columns) {
  pack_lookup_tiles<<<dim3(tilesOf(outputs), signBlocks(columns)), 128>>>(tiles, rows, outputs, columns);
  CHECK(cudaGetLastError());
}
