// Stretches of prompts over a cache of shuffled pages, for tests and benchmarks of prefill's attention.
#pragma once
#include "../../main/cuda/attention/paged_prefill.cu"
#include "device.cuh"

struct Stretch {
  int firstPosition, rows;
};

// As many rows of one stretch in a tile as fit, tiles that attend to most positions first. `gap` rows
// lie between stretches.
inline std::vector<QueryTile> queryTiles(const std::vector<Stretch>& stretches, const std::vector<int>& pageTables,
                                         int queries, int gap) {
  std::vector<QueryTile> tiles;
  int firstRow = 0;
  for (size_t i = 0; i < stretches.size(); i++) {
    for (int row = 0; row < stretches[i].rows; row += queries) {
      int rows = std::min(queries, stretches[i].rows - row);
      tiles.push_back({firstRow + row, rows, stretches[i].firstPosition + row, pageTables[i]});
    }
    firstRow += stretches[i].rows + gap;
  }
  std::stable_sort(tiles.begin(), tiles.end(), [](const QueryTile& a, const QueryTile& b) {
    return a.firstPosition + a.rows > b.firstPosition + b.rows;
  });
  return tiles;
}

// A page table for each stretch, of pages that are its own.
struct PageTables {
  std::vector<int> pages, first;

  PageTables(const std::vector<Stretch>& stretches, int pageTokens, Random& random) {
    for (const Stretch& stretch : stretches) {
      first.push_back((int) pages.size());
      int count = (stretch.firstPosition + stretch.rows + pageTokens - 1) / pageTokens;
      for (int i = 0; i < count; i++) pages.push_back((int) pages.size());
    }
    for (int i = (int) pages.size() - 1; i > 0; i--) std::swap(pages[i], pages[random.below(i + 1)]);
  }
};

using PrefillKernel = void(bf16*, const bf16*, const bf16*, const QueryTile*, const int*, CacheShape, int, int, float);

inline void pagedPrefill(PrefillKernel* kernel, int threads, int sharedBytes, bf16* out, const bf16* qkv,
                         const bf16* cache, const QueryTile* tiles, int tileCount, const int* tables,
                         CacheShape shape, int layer, int heads, float scale) {
  CHECK(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, sharedBytes));
  launch(kernel, dim3(heads, tileCount), threads, sharedBytes, 1, {}, out, qkv, cache, tiles, tables, shape, layer,
         heads, scale);
}
