// Attention of prompts against its scalar definition, in double on the host: stretches that begin and end
// off every border, poison wherever nothing may be read, equal bits however prompts are cut and mixed.
// Exit status 0 when all hold.
#include "checks.cuh"
#include "prompts.cuh"

struct PromptCase {
  int heads, kvHeads, size, pageTokens;
  float scale;
  std::vector<Stretch> stretches;

  std::string label() const {
    std::string to = "H=" + std::to_string(heads) + " K=" + std::to_string(kvHeads) + " S=" + std::to_string(size) +
                     " P=" + std::to_string(pageTokens) + " scale=" + std::to_string(scale);
    for (const Stretch& s : stretches) to += " " + std::to_string(s.firstPosition) + "+" + std::to_string(s.rows);
    return to;
  }
};

constexpr int GAP = 3;   // rows between stretches, of no tile
constexpr int LAYERS = 2, LAYER = 1;

struct PromptProblem {
  const PromptCase& c;
  CacheShape shape;
  PageTables tables;
  int rows = 0;
  std::vector<bf16> qkv, cache;
  Device<bf16> deviceQkv, deviceCache;
  Device<int> deviceTables;

  // All but the queries of stretches and the keys and values of their positions is NaN.
  PromptProblem(const PromptCase& c, Random& random)
      : c(c), shape({LAYERS, c.kvHeads, c.size, c.pageTokens}), tables(c.stretches, c.pageTokens, random),
        rows(rowsOf(c)), qkv((size_t) rows * width(), __float2bfloat16(NAN)),
        cache(tables.pages.size() * LAYERS * 2 * c.kvHeads * c.pageTokens * c.size, __float2bfloat16(NAN)),
        deviceQkv(qkv.size()), deviceCache(cache.size()), deviceTables(tables.pages) {
    int row = 0;
    for (size_t i = 0; i < c.stretches.size(); i++) {
      const Stretch& stretch = c.stretches[i];
      for (int r = 0; r < stretch.rows; r++) {
        for (int k = 0; k < c.heads * c.size; k++) qkv[(size_t) (row + r) * width() + k] = number(random);
      }
      for (int p = 0; p < stretch.firstPosition + stretch.rows; p++) {
        for (int isValue = 0; isValue < 2; isValue++) {
          for (int h = 0; h < c.kvHeads; h++) {
            for (int k = 0; k < c.size; k++) cache[at(i, p, isValue, h) + k] = number(random);
          }
        }
      }
      row += stretch.rows + GAP;
    }
    deviceQkv.set(qkv);
    deviceCache.set(cache);
  }

  static int rowsOf(const PromptCase& c) {
    int rows = 0;
    for (const Stretch& stretch : c.stretches) rows += stretch.rows + GAP;
    return rows;
  }
  static bf16 number(Random& random) { return __float2bfloat16(2 * random.uniform()); }
  int width() const { return (c.heads + 2 * c.kvHeads) * c.size; }
  int64_t at(size_t stretch, int position, int isValue, int head) const {
    int page = tables.pages[tables.first[stretch] + position / c.pageTokens];
    return cacheIndex(shape, page, LAYER, isValue, head, position % c.pageTokens);
  }

  std::vector<bf16> run(const std::vector<QueryTile>& tiles) const {
    Device<bf16> out((size_t) rows * c.heads * c.size);
    Device<QueryTile> deviceTiles(tiles);
    auto kernel = c.size == 64 ? paged_prefill_64 : paged_prefill_128;
    int shared = c.size == 64 ? Prefill64::SHARED_BYTES : Prefill128::SHARED_BYTES;
    int threads = c.size == 64 ? Prefill64::THREADS : Prefill128::THREADS;
    pagedPrefill(kernel, threads, shared, out.get(), deviceQkv.get(), deviceCache.get(), deviceTiles.get(),
                 (int) tiles.size(), deviceTables.get(), shape, LAYER, c.heads, c.scale);
    CHECK(cudaDeviceSynchronize());
    expect(out.intact() && deviceCache.intact() && deviceQkv.intact(), c.label() + ": writes past its output");
    return out.read();
  }

  int queries() const { return c.size == 64 ? Prefill64::QUERIES : Prefill128::QUERIES; }

  // One row and head by the definition.
  std::vector<double> wanted(size_t stretch, int row, int position, int head) const {
    std::vector<double> scores(position + 1), to(c.size);
    int kvHead = head / (c.heads / c.kvHeads);
    double largest = -INFINITY, sum = 0;
    for (int p = 0; p <= position; p++) {
      const bf16* key = &cache[at(stretch, p, 0, kvHead)];
      for (int k = 0; k < c.size; k++) {
        scores[p] += (double) __bfloat162float(qkv[(size_t) row * width() + head * c.size + k]) * __bfloat162float(key[k]);
      }
      largest = std::max(largest, scores[p] *= c.scale);
    }
    for (double& v : scores) sum += v = std::exp(v - largest);
    for (int p = 0; p <= position; p++) {
      const bf16* value = &cache[at(stretch, p, 1, kvHead)];
      for (int k = 0; k < c.size; k++) to[k] += scores[p] / sum * __bfloat162float(value[k]);
    }
    return to;
  }
};

static std::string place(const PromptProblem& problem, int row, int k) {
  return problem.c.label() + ": row " + std::to_string(row) + " head " + std::to_string(k / problem.c.size) +
         " component " + std::to_string(k % problem.c.size);
}

// Bits of the rows of `stretch` in two results.
static void expectSame(const PromptProblem& problem, const std::vector<bf16>& a, const std::vector<bf16>& b,
                       size_t stretch, int firstRow, const std::string& what) {
  int columns = problem.c.heads * problem.c.size;
  for (int i = 0; i < problem.c.stretches[stretch].rows * columns; i++) {
    size_t at = (size_t) firstRow * columns + i;
    if (memcmp(&a[at], &b[at], sizeof(bf16)) != 0) {
      expect(false, place(problem, firstRow + i / columns, i % columns) + " " + what + ": " +
                        std::to_string(__bfloat162float(a[at])) + " and " + std::to_string(__bfloat162float(b[at])));
      return;
    }
  }
}

static void testPrompts(const PromptCase& c) {
  Random random(7);
  PromptProblem problem(c, random);
  int columns = c.heads * c.size, queries = problem.queries();
  std::vector<QueryTile> tiles = queryTiles(c.stretches, problem.tables.first, queries, GAP);
  std::vector<bf16> found = problem.run(tiles);
  double worst = 0;
  int firstRow = 0;
  for (size_t i = 0; i < c.stretches.size(); i++) {
    const Stretch& stretch = c.stretches[i];
    for (int row = firstRow; row < firstRow + stretch.rows; row++) {
      for (int h = 0; h < c.heads; h++) {
        std::vector<double> wanted = problem.wanted(i, row, stretch.firstPosition + row - firstRow, h);
        for (int k = 0; k < c.size; k++) {
          float v = __bfloat162float(found[(size_t) row * columns + h * c.size + k]);
          double distance = std::abs(v - wanted[k]) / 2;   // values are below 2
          worst = std::isnan(v) ? INFINITY : std::max(worst, distance);
          expect(distance <= 0x1p-8, place(problem, row, h * c.size + k) + " found " + std::to_string(v) + " wanted " +
                                         std::to_string(wanted[k]));
        }
      }
    }
    for (int row = firstRow + stretch.rows; row < firstRow + stretch.rows + GAP; row++) {
      for (int k = 0; k < columns; k++) {
        uint16_t bits;
        memcpy(&bits, &found[(size_t) row * columns + k], sizeof bits);
        expect(bits == 0xFFFF, place(problem, row, k) + " is of no tile but written");
      }
    }
    // Alone, and cut where no tile ends; the parts in one launch, whose order must not matter.
    std::vector<QueryTile> alone, cut;
    int end = stretch.rows, middle = std::max(1, end * 3 / 7);
    for (int row = 0; row < end; row += queries) {
      alone.push_back({firstRow + row, std::min(queries, end - row), stretch.firstPosition + row, problem.tables.first[i]});
    }
    for (int row = 0; row < end;) {
      int rows = std::min(queries, (row < middle ? middle : end) - row);
      cut.push_back({firstRow + row, rows, stretch.firstPosition + row, problem.tables.first[i]});
      row += rows;
    }
    expectSame(problem, found, problem.run(alone), i, firstRow, "depends on who shares its batch");
    expectSame(problem, found, problem.run(cut), i, firstRow, "depends on how its prompt is cut");
    firstRow += stretch.rows + GAP;
  }
  printf("paged prefill %-90s %.2e\n", c.label().c_str(), worst);
}

// Argument `small`: the sizes for a run under compute-sanitizer.
int main(int count, char** arguments) {
  bool small = count > 1 && strcmp(arguments[1], "small") == 0;
  float even = 0.125f, peaked = 1;
  testPrompts({2, 2, 64, 16, even, {{0, 1}}});
  testPrompts({2, 1, 128, 16, even, {{0, 17}, {5, 1}}});
  testPrompts({1, 1, 128, 7, peaked, {{63, 2}, {0, 65}}});
  testPrompts({8, 1, 64, 12, even, {{3, 70}}});
  if (!small) {
    for (int size : {64, 128}) {
      testPrompts({4, 4, size, 16, even, {{0, 64}, {0, 63}, {0, 128}, {64, 64}, {1, 64}}});
      testPrompts({4, 4, size, 16, even, {{0, 300}, {131, 17}, {1000, 1}, {0, 1}, {17, 33}}});
      testPrompts({8, 2, size, 5, peaked, {{0, 300}, {299, 20}, {0, 129}}});
      testPrompts({8, 1, size, 64, even, {{7, 300}, {0, 17}}});
      testPrompts({4, 1, size, 1, peaked, {{700, 100}}});
      testPrompts({3, 3, size, 16, even, {{1900, 148}}});
    }
  }
  printf(failures == 0 ? "all hold\n" : "%d FAILED\n", failures);
  return failures == 0 ? 0 : 1;
}
