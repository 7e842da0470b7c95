// What a step's kernels read about the batch. The host writes one Step per step into device memory;
// tenants' tables are written once, when a delta is loaded. Java mirrors these layouts byte for byte.
#pragma once
#include <cuda_bf16.h>
#include <cstdint>

constexpr int MAX_ROWS = 32;            // T at most, in one launch of the decode kernels
constexpr int MAX_PARTS = 3;            // matrices that one merged projection consists of

enum PartKind : uint8_t {
  PART_SIGNS = 0,     // codes: sign tiles; D[n, k] = sum over planes p of scales[p, n] * sign[p, n, k]
  PART_REPLACED = 1,  // codes: weight tiles; these rows stand in for the base's
  PART_VECTORS = 2,   // codes: index tiles; D[n, k] = scales[n] * codebook[index[n / d, k]][n % d]
  PART_SPARSE = 3,    // codes: sparse tiles; D[n, k] = sum over planes p of scales[p, n] * group[p, k, n] *
                      // (2 * code[p, n, k] - twiceZero[p]) where k is kept
  PART_GROUPED = 4,   // codes: grouped tiles; D[n, k] = o[n, p] + sum over planes of scales[plane, n] * scale[plane, n, p]
                      // * (2 * code[plane, n, p] - twiceZero[plane, n, p]), o an outlier or 0, k = columnOf[p]
  PART_LOOKUP = 5,    // codes: planes of look-up tiles; D[n, k] = table[n][sum over planes p of 2^p * bit[p, n, k]]
  PART_LOW_RANK = 6,  // codes: rank tiles of `up`; D[n, k] = scales[0] * sum over r of up[n, r] * down[r, k]
};

// A tenant's difference to outputs [firstOutput + skip, firstOutput + outputs) of a projection.
// firstOutput is a multiple of 16, so that the tiles of part and base coincide.
struct Part {             // 32 bytes
  const void* codes;
  const float* scales;    // [planes, rows]; then what the base's rows are multiplied by, [rows]
  int firstOutput;
  int outputs;
  uint8_t kind;
  uint8_t planes;         // of signs, and of sparse and grouped codes (at most 2); else 1
  uint8_t skip;           // below 16, of rows that replace
  union {
    uint8_t vectorRows;   // d of vectors: 4 or 8
    uint8_t rankUnits;    // of low rank: the rank in 16s, rounded up
    uint8_t codeBits;     // of look-up codes: planes, 1 to 4; of sparse and grouped ones 2 or 4; of sparse ones plus 16 times log2(inputs of a group / 32)
  };
  uint8_t interleaved;    // of all but signs and rows that replace: row n lies at mergedOutput({firstOutput, 1}, n), of a multiple of 8
                          // rows; outputs is twice their number; two such parts cover a whole layer
  uint8_t scalesBase;     // 0: the base's rows are taken as they are
  uint8_t twiceZero[2];   // of sparse codes: below 32
};

__device__ __forceinline__ int rowsOf(const Part& part) { return part.interleaved ? part.outputs / 2 : part.outputs; }

// What the base's row `row` of a part that scales it is multiplied by.
__device__ __forceinline__ float baseFactor(const Part& part, int row) {
  return __ldg(part.scales + (int64_t) part.planes * rowsOf(part) + row);
}

// All of a tenant's differences to one projection; none where parts = 0.
struct Projection {       // 128 bytes
  Part part[MAX_PARTS];
  int parts;
  int outputs;            // of the tenant's own matrix: the base's, or more
  const void* extra[MAX_PARTS];   // of vectors: the codebook, bf16 [256][d], 16-byte aligned; of low rank:
                                  // weight tiles of `down`, whose rows are padded to 16; of sparse codes: fp32
                                  // [planes][groups][rows], null where a group is a whole row; a GroupedExtra;
                                  // of look-up codes: a LookupTable for each output, padded to 16
};

struct GroupedExtra {     // 32 bytes
  const uint16_t* columnOf;        // [stored inputs]; null where they are the columns
  const uint16_t* positionOf;      // its inverse
  const int* outlierOffsets;       // [16 tiles + 1]: where an output's outliers begin; null where there are none
  const uint32_t* outliers;        // stored position, ascending within an output, and 65,536 times the fp16 value
};

// Neighbouring rows of one tenant.
struct Run {              // 32 bytes
  const Projection* projections;   // [slots]
  const float* const* vectors;     // [slots]; null where the tenant has the base's
  int firstRow;
  int rows;
  int reserved[2];
};

// How a row's next token is drawn; see draw.cu.
struct Draw {             // 24 bytes
  unsigned long long unit;         // what is drawn with, uniform: times 2^-64
  float scale;                     // log2(e) / temperature; 0: the likeliest
  float topP, minP;
  int topK;                        // 0: all
};

struct Row {              // 16 bytes
  int token;
  int position;           // of the token in its sequence
  int pageTable;          // index of the row's first entry in the pool of page tables
  int run;                // 1 for the first of the step's runs; 0 where the row is the base's
};

// Rows of prompts continue past the last of `row`: kernels that give each row blocks of its own serve
// any number of them.
struct Step {
  int rows;                        // T that are in use; further rows compute, and nobody reads them
  int runs;
  int reserved[2];
  Run run[MAX_ROWS];               // ascending, disjoint
  Draw draw[MAX_ROWS];
  Row row[MAX_ROWS];
};

__device__ __forceinline__ const Run* runOf(const Step* step, int row) {
  int run = step->row[row].run;
  return run == 0 ? nullptr : &step->run[run - 1];
}

// Neighbouring rows of one sequence, as many as a kernel takes at once.
struct QueryTile {        // 16 bytes
  int firstRow;
  int rows;
  int firstPosition;      // of the first row in its sequence
  int pageTable;          // index of the sequence's first entry in the pool of page tables
};
