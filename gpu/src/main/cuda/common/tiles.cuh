// How weights and signs lie in device memory, and where the inputs are cut between blocks.
//
// Weight tiles: bf16 [tiles of 16 outputs][blocks of 64 inputs][2 chunks of 32 inputs][2 halves of
// 8 outputs][32 lanes][8 inputs]; lane (g, t) of a chunk holds inputs 8t .. 8t+7 of output g of its
// half: a warp reads 512 bytes in a row, and each lane reads what it multiplies. Missing outputs
// and inputs are zero. Size: 2 bytes a weight, padded to whole tiles and blocks.
//
// Sign tiles, a plane: [tiles of 16 outputs][chunks of 128 inputs], 256 bytes a chunk. Slices (see
// below) are cut in groups of 4 chunks, each [2 halves][32 lanes][4 chunks] words of 32 bits; what
// is left of a slice is chunk by chunk, each [2 halves][32 lanes] words. In the word of lane (g, t),
// for output g of its half, bit signBit(c, i) is the sign of input 32c + 8t + 2i of the chunk and the
// bit 16 above it that of the next input (c, i in 0 .. 3); 1 is plus. Size: 1 bit a weight, padded.
//
// Interleaved tiles hold 8 outputs of a gate and the same 8 of its up projection.
#pragma once
#include <cstdint>

constexpr int TILE_OUTPUTS = 16;
constexpr int BLOCK_INPUTS = 64;
constexpr int BLOCK_BYTES = TILE_OUTPUTS * BLOCK_INPUTS * 2;
constexpr int CHUNK_INPUTS = 128;
constexpr int CHUNK_BYTES = TILE_OUTPUTS * CHUNK_INPUTS / 8;
constexpr int GROUP_CHUNKS = 4;

__host__ __device__ constexpr int ceilDiv(int a, int b) { return (a + b - 1) / b; }

__host__ __device__ constexpr int tilesOf(int outputs) { return ceilDiv(outputs, TILE_OUTPUTS); }

// Slices of the inputs whose sums are added up last. By the inputs alone: the order of a sum must
// not depend on the batch, nor on how many blocks share a tile.
__host__ __device__ constexpr int slicesOf(int inputs) { return inputs <= 8192 ? 4 : 8; }

// Inputs of every slice but the last ones: whole chunks.
__host__ __device__ constexpr int sliceInputs(int inputs) {
  return ceilDiv(ceilDiv(inputs, slicesOf(inputs)), CHUNK_INPUTS) * CHUNK_INPUTS;
}

__host__ __device__ constexpr int64_t weightTileBytes(int inputs) {
  return (int64_t) ceilDiv(inputs, BLOCK_INPUTS) * BLOCK_BYTES;
}

__host__ __device__ constexpr int64_t signTileBytes(int inputs) {
  return (int64_t) ceilDiv(inputs, CHUNK_INPUTS) * CHUNK_BYTES;
}

// Byte offset of inputs k .. k + 7 (k % 8 == 0) of an output in weight tiles.
__host__ __device__ __forceinline__ int64_t weightOffset(int output, int k, int inputs) {
  int tile = output / TILE_OUTPUTS, half = output % TILE_OUTPUTS / 8;
  int lane = output % 8 * 4 + k % 32 / 8;
  return tile * weightTileBytes(inputs) + (int64_t) (k / BLOCK_INPUTS) * BLOCK_BYTES +
         ((k % BLOCK_INPUTS / 32 * 2 + half) * 32 + lane) * 16;
}

// Index of the word that holds the signs of inputs 128 chunk + 32 c + 8 t .. + 7, c in 0 .. 3.
__host__ __device__ __forceinline__ int64_t signWord(int output, int chunk, int t, int inputs) {
  int chunks = ceilDiv(inputs, CHUNK_INPUTS), sliceChunks = sliceInputs(inputs) / CHUNK_INPUTS;
  int slice = chunk / sliceChunks, own = chunk % sliceChunks;
  int rest = chunks - slice * sliceChunks;
  int ownChunks = rest < sliceChunks ? rest : sliceChunks;
  int half = output % TILE_OUTPUTS / 8, lane = output % 8 * 4 + t, group = own / GROUP_CHUNKS;
  int64_t first = output / TILE_OUTPUTS * (signTileBytes(inputs) / 4) +
                  (int64_t) slice * sliceChunks * 64;
  return group < ownChunks / GROUP_CHUNKS
      ? first + group * 256 + half * 128 + lane * 4 + own % GROUP_CHUNKS
      : first + own * 64 + half * 32 + lane;
}

// Two neighbouring pairs of inputs (i even, i + 1) meet in one product, so their signs are 4 bits
// apart: shifted by 4, both are tested at the same place of a bf16 number.
__host__ __device__ constexpr int signBit(int c, int i) {
  return 12 + (2 * c + i / 2) % 4 - 8 * (c / 2) - 4 * (i % 2);
}

// Where a matrix's row lies among merged outputs.
struct Placement {
  int first;         // merged output of row 0
  int interleaved;   // 0: first + row; 1: in groups of 8, every other group
};

__host__ __device__ __forceinline__ int mergedOutput(Placement at, int row) {
  return at.first + (at.interleaved ? row / 8 * 16 + row % 8 : row);
}
