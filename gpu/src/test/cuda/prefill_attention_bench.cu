// Times attention of prompts: heads as in Llama-2-7B and in groups of four, prompts from their beginning
// and the second half of one. Operations are counted causally: 4 S a pair of row and position.
#include "prompts.cuh"

static void time(const char* name, PrefillKernel* kernel, int threads, int sharedBytes, int queries, int heads,
                 int kvHeads, int size, const std::vector<Stretch>& stretches) {
  constexpr int PAGE_TOKENS = 16, LAYERS = 2, TIMES = 20;
  Random random(8);
  CacheShape shape = {LAYERS, kvHeads, size, PAGE_TOKENS};
  PageTables tables(stretches, PAGE_TOKENS, random);
  std::vector<QueryTile> tiles = queryTiles(stretches, tables.first, queries, 0);
  int rows = 0;
  double operations = 0;
  for (const Stretch& s : stretches) {
    rows += s.rows;
    for (int row = 0; row < s.rows; row++) operations += 4.0 * size * heads * (s.firstPosition + row + 1);
  }
  std::vector<bf16> qkv((size_t) rows * (heads + 2 * kvHeads) * size),
      cache(tables.pages.size() * LAYERS * 2 * kvHeads * PAGE_TOKENS * size);
  for (bf16& v : qkv) v = __float2bfloat16(random.uniform());
  for (bf16& v : cache) v = __float2bfloat16(random.uniform());
  Device<bf16> deviceQkv(qkv), deviceCache(cache), out((size_t) rows * heads * size);
  Device<int> deviceTables(tables.pages);
  Device<QueryTile> deviceTiles(tiles);
  auto run = [&] {
    pagedPrefill(kernel, threads, sharedBytes, out.get(), deviceQkv.get(), deviceCache.get(), deviceTiles.get(),
                 (int) tiles.size(), deviceTables.get(), shape, 1, heads, 1 / std::sqrt((float) size));
  };
  cudaEvent_t begin, end;
  CHECK(cudaEventCreate(&begin));
  CHECK(cudaEventCreate(&end));
  for (int i = 0; i < 3; i++) run();
  CHECK(cudaEventRecord(begin));
  for (int i = 0; i < TIMES; i++) run();
  CHECK(cudaEventRecord(end));
  CHECK(cudaEventSynchronize(end));
  float ms;
  CHECK(cudaEventElapsedTime(&ms, begin, end));
  printf("%-14s H=%d K=%d S=%d", name, heads, kvHeads, size);
  for (const Stretch& s : stretches) printf(" %d+%d", s.firstPosition, s.rows);
  printf("  %.1f us  %.0f TFLOP/s\n", 1e3 * ms / TIMES, operations * TIMES / ms * 1e-9);
}

template <typename Block>
static void timeAll(const char* name, PrefillKernel* kernel, int heads, int kvHeads) {
  for (const std::vector<Stretch>& stretches :
       {std::vector<Stretch>{{0, 2048}}, std::vector<Stretch>{{0, 512}, {0, 512}, {0, 512}, {0, 512}},
        std::vector<Stretch>{{1024, 1024}}}) {
    time(name, kernel, Block::THREADS, Block::SHARED_BYTES, Block::QUERIES, heads, kvHeads, Block::CHUNKS * 8, stretches);
  }
}

int main() {
  timeAll<Prefill128>("128", paged_prefill_128, 32, 32);
  timeAll<Prefill128>("128", paged_prefill_128, 32, 8);
  timeAll<Prefill64>("64", paged_prefill_64, 64, 8);
}
