// A variant's own weights: what the base's become with a tenant's differences.
#pragma once
#include "grouped_codes.cuh"
#include "lookup_codes.cuh"
#include "numbers.cuh"
#include "step.cuh"
#include "tiles.cuh"

__device__ __forceinline__ void addPlane(float (&v)[8], const uint32_t* tiles, float scale, int row, int k,
                                         int columns) {
  uint32_t signs = tiles[signWord(row, k / 32, columns)] >> k % 32;
#pragma unroll
  for (int i = 0; i < 8; i++) v[i] += signs >> i & 1 ? scale : -scale;
}

__device__ __forceinline__ void addVectors(float (&v)[8], const Part& part, const __nv_bfloat16* codebook, int row,
                                           int k, int columns) {
  int d = part.vectorRows;
  uint64_t indices = *(const uint64_t*) ((const char*) part.codes + indexOffset(row / d, k, columns));
#pragma unroll
  for (int i = 0; i < 8; i++) {
    v[i] += part.scales[row] * __bfloat162float(codebook[(indices >> 8 * i & 0xFF) * d + row % d]);
  }
}

__device__ __forceinline__ void addSparse(float (&v)[8], const Part& part, const float* groups, int row, int k,
                                          int columns) {
  int bits = part.codeBits % 16, group = k / 32 >> part.codeBits / 16, rows = rowsOf(part);
  int groupCount = ceilDiv(columns, 32 << part.codeBits / 16);
  const uint32_t* plane = (const uint32_t*) part.codes;
  for (int p = 0; p < part.planes; p++) {
    float scale = part.scales[(int64_t) p * rows + row];
    if (groups != nullptr) scale *= groups[((int64_t) p * groupCount + group) * rows + row];
#pragma unroll
    for (int i = 0; i < 2; i++) {
      SparsePlace at = sparsePlace(row, k / 4 + i, columns, bits);
      uint32_t pattern = plane[at.pattern] >> at.patternShift, codes = __funnelshift_r(plane[at.codes], plane[at.codes], at.codeTurn);
      float kept[2];
#pragma unroll
      for (int c = 0; c < 2; c++) kept[c] = scale * (2 * (int) (codes >> 16 * c & ((1 << bits) - 1)) - part.twiceZero[p]);
#pragma unroll
      for (int j = 0; j < 4; j++) {
        if (j == (pattern & 3)) v[4 * i + j] += kept[0];
        if (j == (pattern >> 2 & 3)) v[4 * i + j] += kept[1];
      }
    }
    plane += (int64_t) tilesOf(rows) * sparseBlocks(columns) * codeBlockUnits(bits) * (UNIT_BYTES / 4);
  }
}

__device__ __forceinline__ float outlierAt(const GroupedExtra& extra, int row, int position) {
  int low = extra.outlierOffsets[row], high = extra.outlierOffsets[row + 1];
  while (low < high) {
    int middle = (low + high) / 2;
    if (positionOf(extra.outliers[middle]) < position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  bool found = low < extra.outlierOffsets[row + 1] && positionOf(extra.outliers[low]) == position;
  return found ? valueOf(extra.outliers[low]) : 0.0f;
}

__device__ __forceinline__ void addGrouped(float (&v)[8], const Part& part, const GroupedExtra& extra, int row, int k,
                                           int columns) {
  int rows = rowsOf(part);
  int64_t planeWords = (int64_t) tilesOf(rows) * groupedBlocks(columns) * codeBlockUnits(part.codeBits) * (UNIT_BYTES / 4);
#pragma unroll
  for (int i = 0; i < 8; i++) {
    int position = extra.positionOf == nullptr ? k + i : extra.positionOf[k + i];
    GroupedPlace at = groupedPlace(row, position, columns, part.codeBits);
    float sum = 0;
    for (int p = 0; p < part.planes; p++) {
      const uint32_t* plane = (const uint32_t*) part.codes + p * planeWords;
      float2 own = __half22float2(*(const __half2*) (plane + at.statistics));
      uint32_t code = __funnelshift_r(plane[at.codes], plane[at.codes], at.codeTurn) & ((1u << part.codeBits) - 1);
      sum += part.scales[(int64_t) p * rows + row] * own.x * (2.0f * code - own.y);
    }
    if (extra.outlierOffsets != nullptr) sum += outlierAt(extra, row, position);
    v[i] += sum;
  }
}

__device__ __forceinline__ void addLookup(float (&v)[8], const Part& part, const LookupTable* tables, int row, int k,
                                          int columns) {
  const uint8_t* table = (const uint8_t*) (tables + row);
  int64_t planeWords = tilesOf(rowsOf(part)) * signTileBytes(columns) / 4;
#pragma unroll
  for (int i = 0; i < 8; i++) {
    LookupPlace at = lookupPlace(row, k + i, columns);
    int index = 0;
    for (int p = 0; p < part.codeBits; p++) {
      index |= (((const uint32_t*) part.codes)[p * planeWords + at.word] >> at.shift & 1) << p;
    }
    v[i] += __uint_as_float((uint32_t) (table[index] << 8 | table[16 + index]) << 16);
  }
}

__device__ __forceinline__ void addLowRank(float (&v)[8], const Part& part, const char* down, int row, int k,
                                           int columns) {
  float sum[8] = {}, weight[8];
  for (int rank = 0; rank < part.rankUnits * 16; rank++) {
    float up = __bfloat162float(((const __nv_bfloat16*) part.codes)[rankIndex(row, rank, part.rankUnits)]);
    widen8(weight, *(const uint4*) (down + weightOffset(rank, k, columns)));
#pragma unroll
    for (int i = 0; i < 8; i++) sum[i] = fmaf(up, weight[i], sum[i]);
  }
#pragma unroll
  for (int i = 0; i < 8; i++) v[i] = fmaf(part.scales[0], sum[i], v[i]);
}

// The part's row that a merged output is, or -1.
__device__ __forceinline__ int rowOf(const Part& part, int output) {
  int own = output - part.firstOutput;
  if (own < part.skip || own >= part.outputs) return -1;
  if (!part.interleaved) return own;
  return own % 16 < 8 ? own / 16 * 8 + own % 8 : -1;
}

// Whether the part is added to weights in less time than the products with a tile of prompts' rows take.
__device__ __forceinline__ bool isLight(const Part& part) {
  return part.kind == PART_SIGNS || part.kind == PART_VECTORS || part.kind == PART_REPLACED;
}

// Whether prompts find the variant's weights written out: where a part is not light.
__device__ __forceinline__ bool isWidened(const Projection& own) {
  for (int p = 0; p < own.parts; p++) {
    if (!isLight(own.part[p])) return true;
  }
  return false;
}

// Makes of the base's weights, inputs k .. k + 8 PIECES - 1 of an output, what a light part makes of them. Inputs
// past the columns are left alone or become anything finite.
template <int PIECES>
__device__ __forceinline__ void changeWeights(float (&v)[PIECES][8], const Part& part, const void* extra, int row,
                                              int k, int columns) {
  int pieces = (columns - k) / 8;
  if (part.kind == PART_REPLACED) {
#pragma unroll
    for (int i = 0; i < PIECES; i++) {
      if (i < pieces) widen8(v[i], *(const uint4*) ((const char*) part.codes + weightOffset(row, k + 8 * i, columns)));
    }
    return;
  }
  if (part.scalesBase) {
    float factor = baseFactor(part, row);
#pragma unroll
    for (int i = 0; i < PIECES * 8; i++) v[i / 8][i % 8] *= factor;
  }
  if (part.kind == PART_VECTORS) {
#pragma unroll
    for (int i = 0; i < PIECES; i++) {
      if (i < pieces) addVectors(v[i], part, (const __nv_bfloat16*) extra, row, k + 8 * i, columns);
    }
    return;
  }
  int64_t planeWords = tilesOf(part.outputs) * signTileBytes(columns) / 4;
  for (int plane = 0; plane < part.planes; plane++) {
    float scale = part.scales[(int64_t) plane * part.outputs + row];
#pragma unroll
    for (int i = 0; i < PIECES; i++) {
      addPlane(v[i], (const uint32_t*) part.codes + plane * planeWords, scale, row, k + 8 * i, columns);
    }
  }
}

// Inputs k .. k + 7 (k % 8 == 0) of an output: f W + D, where rows that replace stand in for the sum.
// `weight` holds baseOutputs outputs; `own` is null for the base itself. Planes are added in order.
__device__ __forceinline__ void variantWeights(float (&v)[8], const char* weight, int baseOutputs,
                                               const Projection* own, int output, int k, int columns) {
  float one[1][8] = {};
  if (output < baseOutputs) widen8(one[0], *(const uint4*) (weight + weightOffset(output, k, columns)));
  for (int p = 0; own != nullptr && p < own->parts; p++) {
    const Part& part = own->part[p];
    int row = rowOf(part, output);
    if (row < 0) continue;
    if (isLight(part)) {
      changeWeights(one, part, own->extra[p], row, k, columns);
      continue;
    }
    if (part.scalesBase) {
      float factor = baseFactor(part, row);
#pragma unroll
      for (int i = 0; i < 8; i++) one[0][i] *= factor;
    }
    if (part.kind == PART_LOW_RANK) {
      addLowRank(one[0], part, (const char*) own->extra[p], row, k, columns);
    } else if (part.kind == PART_SPARSE) {
      addSparse(one[0], part, (const float*) own->extra[p], row, k, columns);
    } else if (part.kind == PART_GROUPED) {
      addGrouped(one[0], part, *(const GroupedExtra*) own->extra[p], row, k, columns);
    } else if (part.kind == PART_LOOKUP) {
      addLookup(one[0], part, (const LookupTable*) own->extra[p], row, k, columns);
    } else {
      __trap();
    }
  }
#pragma unroll
  for (int i = 0; i < 8; i++) v[i] = one[0][i];
}
