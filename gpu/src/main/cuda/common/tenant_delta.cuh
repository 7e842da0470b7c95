// What the tenants' differences add to one linear layer, for a whole decode batch.
//
//   difference[t, n] = sum over k of x[t, k] * D[n, k]     D: the difference of t's run
//   for the outputs n that a part of t's run has; others are left as they are
//
// Each block works for one or two rows of one run: it makes of them what the codes are multiplied with, once, and
// its warps then stream tiles of codes. Rows become bit planes for signs: a product is an `and` and a count of
// ones, which the tensor core does at 256 inputs an instruction, so that signs are never widened; sums are exact and
// rounded to fp32 once a plane, in order. All other codes are products of bf16: 2:4 codes on the sparse tensor core,
// grouped codes as whole numbers whose zeros and scales come after, look-up codes as the numbers of their tables.
// Tiles of vector codes are large: all warps of a block share one, each a slice of its inputs.
#pragma once
#include "bit_planes.cuh"
#include "grouped_codes.cuh"
#include "lookup_codes.cuh"
#include "low_rank.cuh"
#include "sparse_codes.cuh"
#include "tenant_codes.cuh"
#include "vector_codes.cuh"

__host__ __device__ constexpr int planesBytes(int columns) { return signBlocks(columns) * PLANE_BLOCK_BYTES; }

// Sums of a tile of vector codes that the warps of a block add up.
constexpr int SLICE_BYTES = 2 * TILE_BANDS * 8 * 4;

// Of a span: bit planes of its rows or the rows themselves, or a codebook and what the warps share.
__host__ __device__ constexpr int spanBytes(int columns) {
  int planes = rowsTogether(columns) * planesBytes(columns);
  int vectors = CODEBOOK_BYTES + SHARING_WARPS * SLICE_BYTES;
  int lowRank = LowRankRoom::bytes(SHARING_WARPS);
  int most = planes > vectors ? planes : vectors;
  return most > lowRank ? most : lowRank;
}

// What a block knows of its rows' bit planes, and room for making them.
struct PlanesRoom {
  BitPlanes numbers[2];
  uint32_t largest[SHARING_WARPS];
  int64_t partSums[SHARING_WARPS];
};

// Take: gives the warp's next stage of codes.
template <Kinds K, typename Take>
struct Differences {
  const LinearOperands& operands;
  const Span& span;
  char* work;                     // of spanBytes()
  PlanesRoom& room;
  Take take;

  // Sign planes of one tile, of ROWS rows. Lane (g, t) ends up with output g + 8 (t % 2) of row t / 2.
  template <int ROWS>
  __device__ __forceinline__ void addSigns(const Part& part, int tile) {
    int lane = threadIdx.x % 32, row = ROWS == 1 ? 0 : lane % 4 / 2, blocks = signBlocks(operands.columns);
    int output = tile * TILE_OUTPUTS + lane / 4 + lane % 2 * 8;
    bool isOwn = part.skip <= output && output < part.outputs && lane % 4 < 2 * span.rows;
    float value = 0;
#pragma unroll 1
    for (int plane = 0; plane < part.planes; plane++) {
      float scale = isOwn ? __ldg(part.scales + (int64_t) plane * part.outputs + output) : 0.0f;
      DigitCounts counts[ROWS];
#pragma unroll
      for (int r = 0; r < ROWS; r++) counts[r].clear();
#pragma unroll 1
      for (int block = 0; block < blocks; block += STAGE_UNITS) {
        const char* signs = take();
#pragma unroll
        for (int unit = 0; unit < STAGE_UNITS; unit++) {
          if (block + unit >= blocks) break;
          uint4 v = *(const uint4*) (signs + unit * UNIT_BYTES);
          const char* at = work + (block + unit) * PLANE_BLOCK_BYTES + lane * 16;
#pragma unroll
          for (int r = 0; r < ROWS; r++) counts[r].add(v, at + r * planesBytes(operands.columns));
        }
      }
      int64_t sums[2];
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
        int64_t low = counts[r].sum(0), high = counts[r].sum(1);
        if (r == row) {
          sums[0] = low;
          sums[1] = high;
        }
      }
      int64_t signedSum = 2 * (lane % 2 ? sums[1] : sums[0]) - room.numbers[row].sum;
      value = fmaf(scale, (float) signedSum * room.numbers[row].unit, value);
    }
    if (isOwn) write(span.firstRow + row, part.firstOutput + output, value);
  }

  // A tile of rows that replace the base's.
  __device__ __forceinline__ void addReplaced(const Part& part, int tile) {
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    const __nv_bfloat16* x = operands.x + (int64_t) (span.firstRow + min(g, span.rows - 1)) * operands.columns;
    float all[4] = {}, sums[4] = {};
#pragma unroll 1
    for (int k = 0; k < operands.columns; k += BLOCK_INPUTS) {
      if (k % 1024 == 0) settle(all, sums);   // Long sums in one fp32 number lose too much.
      const char* weights = take();
#pragma unroll
      for (int c = 0; c < 2; c++) {
        uint4 low = *(const uint4*) (weights + c * 1024), high = *(const uint4*) (weights + c * 1024 + 512);
        uint4 v = make_uint4(0, 0, 0, 0);
        int input = k + 32 * c + 8 * t;
        if (g < span.rows && input < operands.columns) v = *(const uint4*) (x + input);
        multiply(sums, low.x, high.x, low.y, high.y, v.x, v.y);
        multiply(sums, low.z, high.z, low.w, high.w, v.z, v.w);
      }
    }
    settle(all, sums);
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int row = 2 * t + j % 2, output = tile * TILE_OUTPUTS + g + j / 2 * 8;
      if (row < span.rows && part.skip <= output && output < part.outputs) {
        write(span.firstRow + row, part.firstOutput + output, all[j]);
      }
    }
  }

  __device__ __forceinline__ static void settle(float (&all)[4], float (&sums)[4]) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
      all[j] += sums[j];
      sums[j] = 0;
    }
  }

  __device__ __forceinline__ void write(int row, int output, float value) {
    operands.difference[(int64_t) row * operands.outputs + output] = value;
  }

  // Where a part's row lies among the layer's outputs.
  __device__ __forceinline__ static int outputOf(const Part& part, int row) {
    return mergedOutput({part.firstOutput, part.interleaved}, row);
  }

  // A tile of vector codes, shared by the block: each warp's slice of the inputs, then their sum.
  template <int D>
  __device__ __forceinline__ void addVectors(const Part& part, int tile) {
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4, warp = threadIdx.x / 32;
    int units = indexBlocks(operands.columns), end = firstShared(units, warp + 1);
    const __nv_bfloat16* x = operands.x + (int64_t) (span.firstRow + min(g / 2, span.rows - 1)) * operands.columns;
    VectorSums<D> sums;
    sums.clear();
#pragma unroll 1
    for (int unit = firstShared(units, warp); unit < end; unit += STAGE_UNITS) {
      const char* codes = take();
#pragma unroll 1
      for (int i = 0; i < STAGE_UNITS && unit + i < end; i++) {
        int input = (unit + i) * INDEX_BLOCK_INPUTS + t * 8;
        uint4 v = make_uint4(0, 0, 0, 0);
        if (g < 2 * span.rows && input < operands.columns) v = *(const uint4*) (x + input);
        sums.add(*(const uint4*) (codes + i * UNIT_BYTES), v, work);
      }
    }
    float* shared = (float*) (work + CODEBOOK_BYTES);   // [SHARING_WARPS][2 rows][16 bands][D]
    if (t < span.rows) {
      float* own = shared + (warp * 2 + t) * TILE_BANDS * D;
#pragma unroll
      for (int p = 0; p < D / 2; p++) {
        *(float2*) (own + g * D + 2 * p) = make_float2(sums.of[p][0], sums.of[p][1]);
        *(float2*) (own + (g + 8) * D + 2 * p) = make_float2(sums.of[p][2], sums.of[p][3]);
      }
    }
    __syncthreads();
    for (int i = threadIdx.x; i < span.rows * TILE_BANDS * D; i += blockDim.x) {
      float sum = 0;
#pragma unroll
      for (int w = 0; w < SHARING_WARPS; w++) sum += shared[w * 2 * TILE_BANDS * D + i];
      int row = tile * TILE_BANDS * D + i % (TILE_BANDS * D);
      if (row < rowsOf(part)) {
        write(span.firstRow + i / (TILE_BANDS * D), outputOf(part, row), __ldg(part.scales + row) * sum);
      }
    }
    __syncthreads();
  }

  // A tile of 2:4 codes. Lane (g, 0) ends up with outputs g and g + 8 of both rows.
  template <int BITS>
  __device__ __forceinline__ void addSparse(const Part& part, const float* groups, int tile) {
    constexpr int TOGETHER = STAGE_UNITS / codeBlockUnits(BITS);   // blocks of a stage
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4, blocks = sparseBlocks(operands.columns);
    int rows = rowsOf(part), low = min(tile * TILE_OUTPUTS + g, rows - 1), high = min(low + 8, rows - 1);
    int groupSteps = groups == nullptr ? 32 : 1 << part.codeBits / 16;   // Long sums in one fp32 number lose too much.
    int groupCount = ceilDiv(ceilDiv(operands.columns, 32), groupSteps);
    ColumnActivations activations(g < span.rows);
    uint32_t x = sharedAddress(work) + min(g, span.rows - 1) * spreadRowBytes(operands.columns) + t * 16;
    float totals[4] = {};
#pragma unroll 1
    for (int plane = 0; plane < part.planes; plane++) {
      CodePairs<BITS> pairs(part.twiceZero[plane]);
      float scales[2] = {__ldg(part.scales + (int64_t) plane * rows + low),
                         __ldg(part.scales + (int64_t) plane * rows + high)};
      float all[4] = {}, sums[4] = {}, others[4] = {}, factor[2];
      int group = 0;
      auto loadFactor = [&] {
        bool grouped = groups != nullptr && group < groupCount;
        const float* from = groups + ((int64_t) plane * groupCount + group) * rows;
        factor[0] = grouped ? __ldg(from + low) : 1.0f;
        factor[1] = grouped ? __ldg(from + high) : 1.0f;
        group++;
      };
      auto settle = [&] {
#pragma unroll
        for (int j = 0; j < 4; j++) {
          all[j] = fmaf(factor[j / 2], sums[j] + others[j], all[j]);
          sums[j] = others[j] = 0;
        }
        loadFactor();
      };
      loadFactor();
#pragma unroll 1
      for (int block = 0; block < blocks; block += TOGETHER) {
        const char* units = take();
#pragma unroll 1
        for (int i = 0; i < TOGETHER && block + i < blocks; i++) {
          CodeBlock<BITS> own(units + i * codeBlockUnits(BITS) * UNIT_BYTES);
          uint32_t at = x + (block + i) * SIGN_BLOCK_INPUTS * 2;
          int firstStep = (block + i) * 8;
          if (groupSteps >= 8) {   // No branch between a block's products.
#pragma unroll
            for (int step = 0; step < 8; step++) addSparseStep(step % 2 ? others : sums, step, own, pairs, activations, at);
            if ((firstStep + 8 & groupSteps - 1) == 0) settle();
          } else {
#pragma unroll
            for (int step = 0; step < 8; step++) {
              addSparseStep(sums, step, own, pairs, activations, at);
              if ((firstStep + step + 1 & groupSteps - 1) == 0) settle();
            }
          }
        }
      }
      settle();
#pragma unroll
      for (int j = 0; j < 4; j++) totals[j] = fmaf(scales[j / 2], all[j], totals[j]);
    }
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int row = tile * TILE_OUTPUTS + g + j / 2 * 8;
      if (t == 0 && j % 2 < span.rows && row < rows) write(span.firstRow + j % 2, outputOf(part, row), totals[j]);
    }
  }

  __device__ __forceinline__ float2* groupSums() { return (float2*) (work + span.rows * spreadRowBytes(operands.columns)); }

  // A tile of grouped codes. Lane (g, 0) ends up with outputs g and g + 8 of both rows.
  template <int BITS>
  __device__ __forceinline__ void addGrouped(const Part& part, const GroupedExtra& extra, int tile) {
    constexpr int TOGETHER = STAGE_UNITS / codeBlockUnits(BITS);   // blocks of a stage
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4, blocks = groupedBlocks(operands.columns);
    int rows = rowsOf(part), low = min(tile * TILE_OUTPUTS + g, rows - 1), high = min(low + 8, rows - 1);
    ColumnActivations activations(g < span.rows);
    uint32_t x = sharedAddress(work) + min(g, span.rows - 1) * spreadRowBytes(operands.columns) + t * 16;
    CodePairs<BITS> pairs(0);
    float totals[4] = {};
#pragma unroll 1
    for (int plane = 0; plane < part.planes; plane++) {
      float scales[2] = {__ldg(part.scales + (int64_t) plane * rows + low),
                         __ldg(part.scales + (int64_t) plane * rows + high)};
      float sums[4] = {};
#pragma unroll 1
      for (int block = 0; block < blocks; block += TOGETHER) {
        const char* units = take();
#pragma unroll 1
        for (int i = 0; i < TOGETHER && block + i < blocks; i++) {
          CodeBlock<BITS> own(units + i * codeBlockUnits(BITS) * UNIT_BYTES);
#pragma unroll
          for (int two = 0; two < 4; two++) {
            uint4 v = activations.load(two, x + ((block + i) * 4 + two) * 64);
            const float2* sumsOfX = groupSums() + (block + i) * 8 + two * 2;
            addGroup(sums, 2 * two, own, pairs, v, sumsOfX[0]);
            addGroup(sums, 2 * two + 1, own, pairs, v, sumsOfX[1]);
          }
        }
      }
#pragma unroll
      for (int j = 0; j < 4; j++) totals[j] = fmaf(scales[j / 2], sums[j], totals[j]);
    }
    if (extra.outlierOffsets != nullptr) {
      float2 own = outlierSums(extra, tile * TILE_OUTPUTS + lane / 2, work, span.rows, operands.columns);
#pragma unroll
      for (int j = 0; j < 4; j++) totals[j] += __shfl_sync(~0u, j % 2 ? own.y : own.x, (g + j / 2 * 8) * 2);
    }
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int row = tile * TILE_OUTPUTS + g + j / 2 * 8;
      if (t == 0 && j % 2 < span.rows && row < rows) write(span.firstRow + j % 2, outputOf(part, row), totals[j]);
    }
  }

  // A tile of look-up codes, of 4 planes where WIDE. Lane (g, 0) ends up with outputs g and g + 8 of both rows.
  template <bool WIDE>
  __device__ __forceinline__ void addLookup(const Part& part, const LookupTable* all, int tile) {
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    int bits = part.codeBits;
    ColumnActivations activations(g < span.rows);
    uint32_t x = sharedAddress(work) + min(g, span.rows - 1) * spreadRowBytes(operands.columns) + t * 16;
    LookupTable tables[2];
#pragma unroll
    for (int i = 0; i < 2; i++) {
      const uint4* from = (const uint4*) (all + tile * TILE_OUTPUTS + g + 8 * i);
      tables[i] = {__ldg(from), __ldg(from + 1)};
    }
    float totals[4] = {}, sums[4] = {};
#pragma unroll 1
    for (int block = 0; block < signBlocks(operands.columns); block++) {
      if (block % 4 == 0) settle(totals, sums);   // Long sums in one fp32 number lose too much.
      const char* units = take();
#pragma unroll 2
      for (int word = 0; word < 4; word++) {
        uint32_t planes[WIDE ? 4 : 3] = {};
#pragma unroll
        for (int p = 0; p < (WIDE ? 4 : 3); p++) {
          if (p < bits) planes[p] = *(const uint32_t*) (units + p * UNIT_BYTES + word * 4);
        }
        uint32_t at = x + (block * 8 + word * 2) * 64;
#pragma unroll
        for (int two = 0; two < 2; two++) {
          uint4 v = activations.load(two, at + two * 64);
#pragma unroll
          for (int i = 2 * two; i < 2 * two + 2; i++) {
            uint32_t codes = planes[0] >> i & 0x11111111u;
#pragma unroll
            for (int p = 1; p < (WIDE ? 4 : 3); p++) {
              codes = selected(p > i ? planes[p] << (p - i) : planes[p] >> (i - p), 0x11111111u << p, codes);
            }
            addLooked<WIDE>(sums, codes, tables, i % 2 ? v.z : v.x, i % 2 ? v.w : v.y);
          }
        }
      }
    }
    settle(totals, sums);
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int row = tile * TILE_OUTPUTS + g + j / 2 * 8;
      if (t == 0 && j % 2 < span.rows && row < rowsOf(part)) {
        write(span.firstRow + j % 2, outputOf(part, row), totals[j]);
      }
    }
  }

  // A tile of low rank, whose s is made. Lane (g, t) ends up with output g + 8 (t % 2) of row t / 2.
  __device__ __forceinline__ void addLowRank(const Part& part, int tile) {
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    LowRankRoom room(work);
    float sums[4] = {};
#pragma unroll 1
    for (int unit = 0; unit < part.rankUnits; unit += STAGE_UNITS) {
      const char* up = take();
#pragma unroll
      for (int i = 0; i < STAGE_UNITS; i++) {
        if (unit + i < part.rankUnits) room.add(sums, *(const uint4*) (up + i * UNIT_BYTES), unit + i);
      }
    }
    float low = sums[0] + sums[1], high = sums[2] + sums[3];
    low += __shfl_xor_sync(~0u, low, 1);
    high += __shfl_xor_sync(~0u, high, 1);
    int row = tile * TILE_OUTPUTS + g + t % 2 * 8;
    if (t < 2 * span.rows && row < rowsOf(part)) write(span.firstRow + t / 2, outputOf(part, row), t % 2 ? high : low);
  }

  // Makes what a part's codes are multiplied with. Run by the whole block.
  __device__ __forceinline__ void prepare(const Part& part, const void* extra) {
    __syncthreads();
    if (kindOf<K>(part) == PART_SIGNS) {
      for (int r = 0; r < span.rows; r++) {
        BitPlanes made = BitPlanes::make(work + r * planesBytes(operands.columns),
                                         operands.x + (int64_t) (span.firstRow + r) * operands.columns,
                                         operands.columns, room.largest, room.partSums);
        if (threadIdx.x == 0) room.numbers[r] = made;
      }
    } else if (kindOf<K>(part) == PART_VECTORS) {
      if (part.vectorRows == 8) {
        spreadCodebook<8>(work, (const __nv_bfloat16*) extra);
      } else {
        spreadCodebook<4>(work, (const __nv_bfloat16*) extra);
      }
    } else if (kindOf<K>(part) == PART_SPARSE || kindOf<K>(part) == PART_LOOKUP) {
      for (int r = 0; r < span.rows; r++) {
        spreadRow(work + r * spreadRowBytes(operands.columns),
                  operands.x + (int64_t) (span.firstRow + r) * operands.columns, nullptr, operands.columns);
      }
    } else if (kindOf<K>(part) == PART_GROUPED) {
      for (int r = 0; r < span.rows; r++) {
        spreadRow(work + r * spreadRowBytes(operands.columns),
                  operands.x + (int64_t) (span.firstRow + r) * operands.columns,
                  ((const GroupedExtra*) extra)->columnOf, operands.columns);
      }
      __syncthreads();
      sumGroups(groupSums(), work, span.rows, operands.columns);
    } else if (kindOf<K>(part) == PART_LOW_RANK) {
      LowRankRoom(work).make((const char*) extra, part.rankUnits, __ldg(part.scales),
                             operands.x + (int64_t) span.firstRow * operands.columns, span.rows, operands.columns);
    }
    __syncthreads();
  }

  // True when what was made for a part, if any, serves another.
  __device__ __forceinline__ static bool serves(const Projection& own, int prepared, int p) {
    if (prepared < 0 || kindOf<K>(own.part[prepared]) != kindOf<K>(own.part[p])) return false;
    return kindOf<K>(own.part[p]) == PART_SPARSE || kindOf<K>(own.part[p]) == PART_LOOKUP ||
           (own.part[prepared].vectorRows == own.part[p].vectorRows && own.extra[prepared] == own.extra[p]);
  }

  __device__ __forceinline__ void addAll(Item<K> item) {
    const Projection& own = item.own->projection;
    int prepared = -1;
#pragma unroll 1
    for (int p = 0; p < own.parts; p++) {
      const Part& part = own.part[p];
      if (kindOf<K>(part) != PART_REPLACED && !serves(own, prepared, p) && item.takes(p)) {
        prepare(part, own.extra[p]);
        prepared = p;
      }
#pragma unroll 1
      for (; item.part == p; item.advance()) {
        if (kindOf<K>(part) == PART_SIGNS) {
          if (span.rows == 1) {
            addSigns<1>(part, item.tile);
          } else {
            addSigns<2>(part, item.tile);
          }
        } else if (kindOf<K>(part) == PART_REPLACED) {
          addReplaced(part, item.tile);
        } else if (kindOf<K>(part) == PART_LOW_RANK) {
          addLowRank(part, item.tile);
        } else if (kindOf<K>(part) == PART_LOOKUP) {
          const LookupTable* tables = (const LookupTable*) own.extra[p];
          if (part.codeBits == 4) {
            addLookup<true>(part, tables, item.tile);
          } else {
            addLookup<false>(part, tables, item.tile);
          }
        } else if (kindOf<K>(part) == PART_GROUPED) {
          const GroupedExtra& extra = *(const GroupedExtra*) own.extra[p];
          if (part.codeBits == 4) {
            addGrouped<4>(part, extra, item.tile);
          } else {
            addGrouped<2>(part, extra, item.tile);
          }
        } else if (kindOf<K>(part) == PART_SPARSE) {
          const float* groups = (const float*) own.extra[p];
          if (part.codeBits % 16 == 4) {
            addSparse<4>(part, groups, item.tile);
          } else {
            addSparse<2>(part, groups, item.tile);
          }
        } else if (part.vectorRows == 8) {
          addVectors<8>(part, item.tile);
        } else {
          addVectors<4>(part, item.tile);
        }
      }
    }
  }
};
