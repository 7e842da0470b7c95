// Linear layers of prompts against their definition, in double on the host: awkward sizes, tenants of all
// kinds, poisoned and fenced outputs, equal bits in whatever tiles the rows lie. Exit status 0 when all hold.
#include "linear_problem.cuh"
#include "prefill_launches.cuh"

static std::string label(const LinearCase& c) {
  return "prefill linear N=" + std::to_string(c.outputs) + " K=" + std::to_string(c.columns) +
         " T=" + std::to_string(c.rows) + " tenants=" + std::to_string(c.tenants.size());
}

struct Prompts {
  const LinearProblem& problem;
  Device<char> scratch;
  int64_t stride;
  std::vector<std::pair<int, int>> runs;   // rows and run, in order

  explicit Prompts(const LinearProblem& problem)
      : problem(problem),
        scratch(std::max<size_t>(1, problem.tenants.size()) * tilesOf(problem.outputs) * weightTileBytes(problem.shape.columns)),
        stride(tilesOf(problem.outputs) * weightTileBytes(problem.shape.columns)) {
    int run = 0, rows = 0;
    for (int each : problem.shape.tenants) {
      runs.push_back({std::abs(each), each > 0 ? ++run : 0});
      rows += std::abs(each);
    }
    if (rows < problem.shape.rows) runs.push_back({problem.shape.rows - rows, 0});
  }

  // The first row of the first tile is left out where `skips`.
  template <typename T>
  std::vector<T> run(int finish, int most, bool skips, const std::vector<T>& before) const {
    const LinearCase& c = problem.shape;
    std::vector<RowTile> tiles;
    int firstRow = 0;
    for (auto [rows, run] : runs) {
      addTiles(tiles, firstRow, rows, run, most);
      firstRow += rows;
    }
    if (skips) {
      tiles[0].firstRow++;
      tiles[0].rows--;
    }
    Device<RowTile> deviceTiles(tiles);
    Device<T> out((size_t) c.rows * c.outputs / (finish == SILU_BF16 ? 2 : 1));
    if (!before.empty()) out.set(before);
    const Step* step = (const Step*) problem.step.get();
    if (!problem.tenants.empty()) {
      widenProjection(scratch.get(), problem.tiles.get(), step, stride, 0, (int) problem.tenants.size(), c.outputs, c.columns);
    }
    prefillLinear({out.get(), problem.deviceX.get(), problem.tiles.get(), scratch.get(), step, deviceTiles.get(), stride,
                   (int) tiles.size(), 0, 0, c.columns, c.outputs, finish});
    CHECK(cudaDeviceSynchronize());
    expect(out.intact() && scratch.intact(), label(c) + ": writes past its output");
    return out.read();
  }
};

template <typename T>
static bool sameBits(const std::vector<T>& a, const std::vector<T>& b, size_t first = 0) {
  return a.size() == b.size() && memcmp(a.data() + first, b.data() + first, (a.size() - first) * sizeof(T)) == 0;
}

static void testPrompts(const LinearCase& c, Random& random) {
  LinearProblem problem(c, random);
  Prompts prompts(problem);
  std::vector<float> before((size_t) c.rows * c.outputs, 0.0f);
  std::vector<float> found = prompts.run<float>(ADD_F32, PrefillBlock::ROWS, false, before);
  Distance ofBase, ofTenants;
  double sums = (1 + c.columns / 16) * 0x1p-23;   // one rounding, toward zero, a product of 16 inputs
  for (int row = 0, shown = 0; row < c.rows; row++) {
    bool own = problem.tenantOfRow[row] >= 0;
    for (int n = 0; n < c.outputs; n++) {
      double largest, wanted = problem.product(row, n, largest);
      float v = found[(size_t) row * c.outputs + n];
      (own ? ofTenants : ofBase).add(v, wanted, largest);
      if (!(std::abs(v - wanted) <= (own ? sums + 0x1p-8 : sums) * largest) && shown++ < 3) {
        expect(false, label(c) + ": row " + std::to_string(row) + " output " + std::to_string(n) + " of tenant " +
                          std::to_string(problem.tenantOfRow[row]) + " found " + std::to_string(v) + " wanted " +
                          std::to_string(wanted));
      }
    }
  }
  ofBase.check(sums, label(c) + ", rows of the base");
  ofTenants.check(sums + 0x1p-8, label(c) + ", rows of tenants, weights rounded to bf16");

  expect(sameBits(found, prompts.run<float>(ADD_F32, 37, false, before)), label(c) + ": depends on its tiles");
  for (float& v : before) v = random.uniform();
  std::vector<float> added = prompts.run<float>(ADD_F32, PrefillBlock::ROWS, false, before);
  for (size_t i = 0; i < added.size(); i++) {
    if (added[i] != before[i] + found[i]) {
      expect(false, label(c) + ": sum " + std::to_string(i) + " found " + std::to_string(added[i]) + " wanted " +
                        std::to_string(before[i] + found[i]));
      break;
    }
  }
  std::vector<bf16> rounded = prompts.run<bf16>(STORE_BF16, PrefillBlock::ROWS, false, {}), wanted;
  for (float v : found) wanted.push_back(__float2bfloat16(v));
  expect(sameBits(rounded, wanted), label(c) + ": is rounded otherwise");
  if (c.rows > 1 && prompts.runs[0].first > 1) {
    std::vector<bf16> fewer = prompts.run<bf16>(STORE_BF16, PrefillBlock::ROWS, true, {});
    expect(sameBits(fewer, wanted, c.outputs), label(c) + ": depends on its neighbours");
    std::vector<bf16> poison(c.outputs);
    memset(poison.data(), 0xFF, poison.size() * sizeof(bf16));
    expect(memcmp(fewer.data(), poison.data(), poison.size() * sizeof(bf16)) == 0, label(c) + ": writes a row of no tile");
  }
}

// A gate and an up projection, interleaved, of the base, of a tenant with vectors for both, and of one with
// signs that scales the base's rows.
static void testSilu() {
  Random random(12);
  int half = 72, columns = 200, rows = 90, firstOfVectors = 20, firstOfSigns = 50;
  std::vector<bf16> gate((size_t) half * columns), up(gate.size()), x((size_t) rows * columns);
  for (bf16& v : gate) v = __float2bfloat16(random.uniform());
  for (bf16& v : up) v = __float2bfloat16(random.uniform());
  for (bf16& v : x) v = __float2bfloat16(random.uniform());
  int64_t bytes = tilesOf(2 * half) * weightTileBytes(columns);
  Device<char> tiles(bytes);
  tiles.zero();
  Device<bf16> deviceGate(gate), deviceUp(up), deviceX(x), out((size_t) rows * half);
  packWeights(tiles.get(), deviceGate.get(), half, columns, {0, 1});
  packWeights(tiles.get(), deviceUp.get(), half, columns, {8, 1});
  HostTenant vectors, signs;
  for (int first : {0, 8}) {
    vectors.parts.push_back(HostPart::vectors(random, first, half, first == 0 ? 8 : 4, columns));
    vectors.parts.back().interleaved = 1;
  }
  vectors.upload(2 * half);
  signs.parts.push_back(HostPart::make(random, PART_SIGNS, 0, 2 * half, 2, columns));
  std::vector<float> scales = signs.parts[0].scales, factors;
  for (int i = 0; i < 2 * half; i++) factors.push_back(random.uniform());
  scales.insert(scales.end(), factors.begin(), factors.end());
  signs.parts[0].deviceScales = Device<float>(scales);
  signs.upload(2 * half);
  Projection scaled = signs.table.read()[0];
  scaled.part[0].scalesBase = 1;
  signs.table.set({scaled});
  Step s = {};
  s.rows = rows;
  s.run[s.runs++] = {vectors.table.get(), nullptr, firstOfVectors, firstOfSigns - firstOfVectors, {}};
  s.run[s.runs++] = {signs.table.get(), nullptr, firstOfSigns, rows - firstOfSigns, {}};
  Device<Step> step(std::vector<Step>{s});
  std::vector<RowTile> tilesOfRows = {{0, firstOfVectors, 0, 0}};
  for (int run : {1, 2}) tilesOfRows.push_back({s.run[run - 1].firstRow, s.run[run - 1].rows, run, 0});
  Device<RowTile> rowTiles(tilesOfRows);
  prefillLinear({out.get(), deviceX.get(), tiles.get(), nullptr, step.get(), rowTiles.get(), bytes, 3, 0, 0, columns,
                 2 * half, SILU_BF16});
  CHECK(cudaDeviceSynchronize());
  auto weight = [&](int row, int n, int k, bool ofUp) {
    double v = __bfloat162float((ofUp ? up : gate)[n * columns + k]);
    if (row < firstOfVectors) return v;
    if (row < firstOfSigns) return v + vectors.parts[ofUp].value(n, k);
    int merged = mergedOutput({ofUp ? 8 : 0, 1}, n);
    return v * factors[merged] + signs.parts[0].value(merged, k);
  };
  std::vector<bf16> found = out.read();
  Distance distance;
  for (int row = 0; row < rows; row++) {
    for (int n = 0; n < half; n++) {
      double g = 0, u = 0, largest = 0;
      for (int k = 0; k < columns; k++) {
        double v = __bfloat162float(x[row * columns + k]);
        g += v * weight(row, n, k, false);
        u += v * weight(row, n, k, true);
        largest += std::abs(v * weight(row, n, k, false)) + std::abs(v * weight(row, n, k, true));
      }
      double wanted = g / (1 + std::exp(-g)) * u;
      distance.add(__bfloat162float(found[row * half + n]), wanted, std::abs(wanted) + largest);
    }
  }
  distance.check(0x1p-7, "prefill linear with silu, interleaved, base, vectors and scaled signs");
  expect(out.intact(), "silu writes past its output");
}

// Argument `small`: the sizes for a run under compute-sanitizer.
int main(int count, char** arguments) {
  bool small = count > 1 && strcmp(arguments[1], "small") == 0;
  Random random(11);
  testPrompts({8, 8, 1, 0, {}}, random);
  testPrompts({40, 72, 20, 0, {-3, 17}}, random);
  testPrompts({272, 200, 150, 0, {20, -130}}, random);
  testSilu();
  if (!small) {
    testPrompts({256, 256, 640, 0, {-256, 384}}, random);
    testPrompts({144, 328, 100, 0, std::vector<int>(20, 5)}, random);
    testPrompts({264, 64, 300, 0, {1, 17, -40, 129, 100}}, random);
    testPrompts({520, 1032, 200, 0, {30, 30, 30, 30, -20, 30, 30}}, random);
    testPrompts({1000, 712, 333, 0, {-200, 133}}, random);
    testPrompts({48, 11008, 130, 0, {65, -65}}, random);
  }
  printf(failures == 0 ? "all hold\n" : "%d FAILED\n", failures);
  return failures == 0 ? 0 : 1;
}
