// What a linear layer is given, and which outputs of each row its tenant changes.
#pragma once
#include "step.cuh"

struct LinearOperands {
  void* out;
  const __nv_bfloat16* x;
  const char* weight;
  const Step* step;
  float* difference;
  uint32_t* arrivals;
  int slot;          // of the projection in the tenants' tables
  int rows;          // T
  int columns;       // C
  int baseOutputs;   // rows of W
  int outputs;       // N, of out; at least the base's and every tenant's
  int finish;        // what becomes of y
};

enum Finish : int { STORE_BF16, ADD_F32, SILU_BF16, STORE_F32 };

// What becomes of the base's sum where a tenant has a difference.
enum Base : uint8_t { BASE_KEPT, BASE_REPLACED, BASE_SCALED };

// Which outputs of a row its tenant has differences to.
struct RowDifference {
  const Projection* projection;              // where it has some
  int outputs;                               // that the row's variant has
  int begin[MAX_PARTS], end[MAX_PARTS];      // empty where there is no part
  Base base[MAX_PARTS];
};

// Fills in all rows. Run by one whole warp.
__device__ inline void describeRows(RowDifference* rows, const LinearOperands& operands) {
  int lane = threadIdx.x % 32;
  if (lane < operands.rows) rows[lane] = {nullptr, operands.baseOutputs, {}, {}, {}};
  __syncwarp();
  if (operands.step == nullptr || lane >= operands.step->runs) return;
  const Run& run = operands.step->run[lane];
  const Projection& own = run.projections[operands.slot];
  if (own.parts == 0) return;
  RowDifference row = {&own, own.outputs, {}, {}, {}};
#pragma unroll
  for (int p = 0; p < MAX_PARTS; p++) {
    if (operands.difference == nullptr || p >= own.parts) continue;
    row.begin[p] = own.part[p].firstOutput + own.part[p].skip;
    row.end[p] = own.part[p].firstOutput + own.part[p].outputs;
    row.base[p] = own.part[p].kind == PART_REPLACED ? BASE_REPLACED : own.part[p].scalesBase ? BASE_SCALED : BASE_KEPT;
  }
  for (int i = 0; i < run.rows && run.firstRow + i < operands.rows; i++) rows[run.firstRow + i] = row;
}

// What the base's sum of an output is multiplied by, where part p of a row scales it.
__device__ __forceinline__ float baseFactor(const RowDifference& row, int p, int output) {
  const Part& part = row.projection->part[p];
  int own = output - part.firstOutput;
  if (!part.interleaved) return baseFactor(part, own);
  return own % 16 < 8 ? baseFactor(part, own / 16 * 8 + own % 8) : 1.0f;   // Else the other part's.
}
