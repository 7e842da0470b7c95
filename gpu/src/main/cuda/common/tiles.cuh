// How weights and codes lie in device memory: tiles of 16 outputs, cut into units of 512 bytes of
// which each of a warp's 32 lanes reads 16 in a row, exactly what it multiplies.
//
// Weight tiles: bf16 [tiles of 16 outputs][blocks of 64 inputs][2 chunks of 32 inputs][2 halves of
// 8 outputs][32 lanes][8 inputs]; lane (g, t) of a chunk holds inputs 8t .. 8t+7 of output g of its
// half. Missing outputs and inputs are zero. Size: 2 bytes a weight, padded to whole tiles and blocks.
//
// Sign tiles, a plane: [tiles of 16 outputs][blocks of 256 inputs][32 lanes][4 words of 32 bits];
// lane (g, t) of a block holds inputs 32t .. 32t+31 of outputs g and g + 8, then the same of inputs
// 128 + 32t .. 128 + 32t+31. Bit j of a word is the sign of its input j, as in a delta file: 1 is plus.
// Size: 1 bit a weight, padded with zeros to whole tiles and blocks.
//
// Index tiles, of vector codes whose byte picks d neighbouring outputs (a band): [tiles of 16 bands]
// [blocks of 32 inputs][32 lanes][2 halves of 8 bands][8 inputs] bytes; lane (g, t) of a block holds inputs
// 8t .. 8t+7 of bands g and g + 8. Size: 1 byte a band and input, padded to whole tiles and blocks.
//
// Rank tiles, of a thin matrix: bf16 [tiles of 16 outputs][units of 16 inputs][32 lanes][4 pairs]; lane (g, t)
// of a unit holds inputs 2t, 2t+1 of outputs g and g + 8, then inputs 2t+8, 2t+9 of the same. Padded with
// zeros to whole tiles and units.
//
// Sparse tiles, a plane of 2:4 codes of b = 2 or 4 bits: [tiles of 16 outputs][blocks of 256 inputs][a unit of
// patterns, then b / 2 units of codes]; a block is 8 steps of 32 inputs, of which each lane has what it
// multiplies (sparse_codes.cuh). Lane (g, t) has words [4] of patterns: word s % 4 of t = 2 (s / 4) + h is
// step s, inputs 16 h .. 16 h+15: four nibbles i0 | i1 << 2 of output g, then of g + 8. Of codes it has words
// [2 b], filled from bit 1 on with pairs: those of step s in order, of inputs 4t .. 4t+3 of outputs g and
// g + 8, then of inputs 16 + 4t ..; a pair's second code lies 16 bits above its first, past bit 31 from bit 0 on. Missing outputs and inputs have pattern 4. Size: 4 + 2 b bits every four weights, padded to whole tiles
// and blocks.
//
// Grouped tiles, a plane of codes of b = 2 or 4 bits: [tiles of 16 outputs][blocks of 128 stored inputs][a unit
// of statistics, then b / 2 units of codes]; a block is 8 groups of 16 inputs. Lane (g, t) has the statistics of
// groups 2t and 2t + 1, each of output g, then of g + 8: fp16 scale and twice the zero. Of codes it has words
// [2 b], filled as above with pairs: those of group s in order, of inputs 2t, 2t+1 of outputs g and g + 8, then of
// inputs 2t+8, 2t+9. Padded with zeros. Size: 2 + b bits a weight.
//
// Look-up tiles, a plane of codes: [tiles of 16 outputs][blocks of 256 inputs][32 lanes][4 words]; lane (g, t) has in
// bit i of the nibbles of word w inputs 16 (4 w + i) + 2t, + 2t+1, + 2t+8 and + 2t+9, of output g in the lower four
// nibbles, of g + 8 in the upper. Size: 1 bit a weight, padded with zeros to whole tiles and blocks.
//
// Interleaved tiles hold 8 outputs of a gate and the same 8 of its up projection.
#pragma once
#include <cstdint>

constexpr int TILE_OUTPUTS = 16;
constexpr int UNIT_BYTES = 512;
constexpr int BLOCK_INPUTS = 64;
constexpr int BLOCK_BYTES = TILE_OUTPUTS * BLOCK_INPUTS * 2;
constexpr int SIGN_BLOCK_INPUTS = 256;

__host__ __device__ constexpr int ceilDiv(int a, int b) { return (a + b - 1) / b; }

__host__ __device__ constexpr int tilesOf(int outputs) { return ceilDiv(outputs, TILE_OUTPUTS); }

__host__ __device__ constexpr int64_t weightTileBytes(int inputs) {
  return (int64_t) ceilDiv(inputs, BLOCK_INPUTS) * BLOCK_BYTES;
}

__host__ __device__ constexpr int signBlocks(int inputs) { return ceilDiv(inputs, SIGN_BLOCK_INPUTS); }

__host__ __device__ constexpr int64_t signTileBytes(int inputs) {
  return (int64_t) signBlocks(inputs) * UNIT_BYTES;
}

constexpr int INDEX_BLOCK_INPUTS = 32, TILE_BANDS = 16;

__host__ __device__ constexpr int indexBlocks(int inputs) { return ceilDiv(inputs, INDEX_BLOCK_INPUTS); }

// Byte offset of inputs k .. k + 7 (k % 8 == 0) of a band in index tiles.
__host__ __device__ __forceinline__ int64_t indexOffset(int band, int k, int inputs) {
  int lane = band % 8 * 4 + k % 32 / 8;
  return ((int64_t) (band / TILE_BANDS) * indexBlocks(inputs) + k / INDEX_BLOCK_INPUTS) * UNIT_BYTES + lane * 16 +
         band % TILE_BANDS / 8 * 8;
}

// Index of element (output, k) in rank tiles of `units` units.
__host__ __device__ __forceinline__ int64_t rankIndex(int output, int k, int units) {
  int lane = output % 8 * 4 + k % 8 / 2, pair = k % 16 / 8 * 2 + output % 16 / 8;
  return (((int64_t) (output / TILE_OUTPUTS) * units + k / 16) * 32 + lane) * 8 + pair * 2 + k % 2;
}

__host__ __device__ constexpr int sparseBlocks(int inputs) { return signBlocks(inputs); }

__host__ __device__ constexpr int codeBlockUnits(int bits) { return 1 + bits / 2; }

// Where the pattern and the codes of a quadruple lie in a plane of sparse tiles.
struct SparsePlace {
  int64_t pattern, codes;           // words of 32 bits
  int patternShift;
  int codeTurn;                     // of its word to the right, for the first code to lie lowest
};

__host__ __device__ __forceinline__ SparsePlace sparsePlace(int output, int quadruple, int inputs, int bits) {
  int g = output % 8, high = output % 16 / 8, step = quadruple % 64 / 8, later = quadruple % 8 / 4, t = quadruple % 4;
  int pair = step * 4 + later * 2 + high, word = pair / (16 / bits);
  int64_t block = ((int64_t) (output / TILE_OUTPUTS) * sparseBlocks(inputs) + quadruple / 64) * codeBlockUnits(bits) *
                  (UNIT_BYTES / 4);
  return {block + (g * 4 + step / 4 * 2 + later) * 4 + step % 4,
          block + (1 + word / 4) * (UNIT_BYTES / 4) + (g * 4 + t) * 4 + word % 4, 16 * high + 4 * t,
          1 + pair % (16 / bits) * bits};
}

constexpr int GROUP_INPUTS = 16, GROUPED_BLOCK_INPUTS = 128;

__host__ __device__ constexpr int groupedBlocks(int inputs) { return ceilDiv(inputs, GROUPED_BLOCK_INPUTS); }

// Where the statistics and the code of a stored input lie in a plane of grouped tiles.
struct GroupedPlace {
  int64_t statistics, codes;        // words of 32 bits
  int codeTurn;                     // of its word to the right, for the code to lie lowest
};

__host__ __device__ __forceinline__ GroupedPlace groupedPlace(int output, int k, int inputs, int bits) {
  int g = output % 8, high = output % 16 / 8, step = k % GROUPED_BLOCK_INPUTS / GROUP_INPUTS, t = k % 8 / 2;
  int pair = step * 4 + k % 16 / 8 * 2 + high, word = pair / (16 / bits);
  int64_t block = ((int64_t) (output / TILE_OUTPUTS) * groupedBlocks(inputs) + k / GROUPED_BLOCK_INPUTS) *
                  codeBlockUnits(bits) * (UNIT_BYTES / 4);
  return {block + (g * 4 + step / 2) * 4 + step % 2 * 2 + high,
          block + (1 + word / 4) * (UNIT_BYTES / 4) + (g * 4 + t) * 4 + word % 4,
          1 + pair % (16 / bits) * bits + k % 2 * 16};
}

// Where a code's bit lies in a plane of look-up tiles.
struct LookupPlace {
  int64_t word;                     // of 32 bits
  int shift;
};

__host__ __device__ __forceinline__ LookupPlace lookupPlace(int output, int k, int inputs) {
  int lane = output % 8 * 4 + k % 8 / 2, step = k % SIGN_BLOCK_INPUTS / 16;
  int nibble = output % 16 / 8 * 4 + k % 16 / 8 * 2 + k % 2;
  return {((int64_t) (output / TILE_OUTPUTS) * signBlocks(inputs) + k / SIGN_BLOCK_INPUTS) * (UNIT_BYTES / 4) + lane * 4 +
              step / 4, 4 * nibble + step % 4};
}

// Byte offset of inputs k .. k + 7 (k % 8 == 0) of an output in weight tiles.
__host__ __device__ __forceinline__ int64_t weightOffset(int output, int k, int inputs) {
  int tile = output / TILE_OUTPUTS, half = output % TILE_OUTPUTS / 8;
  int lane = output % 8 * 4 + k % 32 / 8;
  return tile * weightTileBytes(inputs) + (int64_t) (k / BLOCK_INPUTS) * BLOCK_BYTES +
         ((k % BLOCK_INPUTS / 32 * 2 + half) * 32 + lane) * 16;
}

// Index of the 32-bit word of a plane that holds the signs of inputs 32 word .. 32 word + 31.
__host__ __device__ __forceinline__ int64_t signWord(int output, int word, int inputs) {
  int lane = output % 8 * 4 + word % 4;
  return output / TILE_OUTPUTS * (signTileBytes(inputs) / 4) +
         ((int64_t) (word / 8) * 32 + lane) * 4 + word / 4 % 2 * 2 + output % TILE_OUTPUTS / 8;
}

// Where a matrix's row lies among merged outputs.
struct Placement {
  int first;         // merged output of row 0
  int interleaved;   // 0: first + row; 1: in groups of 8, every other group
};

__host__ __device__ __forceinline__ int mergedOutput(Placement at, int row) {
  return at.first + (at.interleaved ? row / 8 * 16 + row % 8 : row);
}
