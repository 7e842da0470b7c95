// Launches of the linear layers of prompts, for tests and benchmarks.
#pragma once
#include "../../main/cuda/delta/prefill_linear.cu"
#include "../../main/cuda/delta/widen_projection.cu"
#include "device.cuh"

inline void widenProjection(char* scratch, const char* weight, const Step* step, int64_t stride, int slot, int runs,
                            int outputs, int columns) {
  launch(widen_projection, dim3(runs, tilesOf(outputs)), 256, 0, 1, {}, scratch, weight, step, stride, slot, 0,
         outputs, columns);
}

inline void prefillLinear(const PrefillOperands& operands) {
  CHECK(cudaFuncSetAttribute(prefill_linear, cudaFuncAttributeMaxDynamicSharedMemorySize, PrefillBlock::SHARED_BYTES));
  launch(prefill_linear, dim3(multiprocessors()), PrefillBlock::THREADS, PrefillBlock::SHARED_BYTES, 1, {}, operands);
}

// A run's rows in tiles; run 0 is the base.
inline void addTiles(std::vector<RowTile>& tiles, int firstRow, int rows, int run, int most) {
  for (int row = 0; row < rows; row += most) tiles.push_back({firstRow + row, std::min(most, rows - row), run, 0});
}
