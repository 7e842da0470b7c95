// Every kernel against its scalar definition, in double on the host: awkward sizes, mixed batches,
// poisoned and fenced outputs, equal bits whoever shares the batch. Exit status 0 when all hold.
#include "linear_problem.cuh"

static std::string name(const LinearCase& c) {
  char text[128];
  snprintf(text, sizeof text, "fused linear N=%d+%d K=%d T=%d tenants=%zu", c.outputs, c.added, c.columns,
           c.rows, c.tenants.size());
  return text;
}

static bool sameBits(const float* a, const float* b, size_t count) {
  return memcmp(a, b, count * sizeof(float)) == 0;
}

static void testLinear(const LinearCase& c, Random& random, bool thorough) {
  LinearProblem problem(c, random);
  int width = problem.outputs;
  std::vector<float> out = problem.run(problem.step.get(), 0, c.rows, STORE_F32, {});
  Distance distance;
  for (int row = 0; row < c.rows; row++) {
    for (int n = 0; n < width; n++) {
      double largest, wanted = problem.product(row, n, largest);
      distance.add(out[(size_t) row * width + n], wanted, largest);
    }
  }
  distance.check(1e-6, name(c));
  if (!thorough) return;
  expect(out == problem.run(problem.step.get(), 0, c.rows, STORE_F32, {}), name(c) + ": runs differ");
  LaunchOptions few;
  few.overlaps = false;
  for (int clusters : {16, 23, 50}) {
    few.clusters = clusters;
    std::vector<float> other = problem.run(problem.step.get(), 0, c.rows, STORE_F32, few);
    expect(sameBits(out.data(), other.data(), out.size()), name(c) + ": bits depend on the clusters");
  }
  for (int row = 0; row < c.rows; row += 5) {
    Device<Step> alone(std::vector<Step>{problem.makeStep(row, row + 1)});
    std::vector<float> one = problem.run(alone.get(), row, 1, STORE_F32, {});
    expect(sameBits(one.data(), &out[(size_t) row * width], width),
           name(c) + ": row " + std::to_string(row) + " depends on its batch");
  }
  if (c.added > 0) return;
  std::vector<float> before(out.size(), 1.5f);
  std::vector<float> added = problem.run(problem.step.get(), 0, c.rows, ADD_F32, {}, before);
  bool sums = true;
  for (size_t i = 0; i < out.size(); i++) sums &= added[i] == out[i] + 1.5f;
  expect(sums, name(c) + ": add");
}

static void testLinears(bool small) {
  Random random(1);
  testLinear({16, 8, 1, 0, {-1}}, random, true);
  testLinear({7, 72, 3, 0, {1, -1, 1}}, random, true);
  testLinear({33, 136, 9, 9, {1, 1, 1, -1, 1, 1, 3}}, random, true);
  testLinear({127, 520, 31, 17, {5, 9, -2, 1, 1, 1, 12}}, random, true);
  testLinear({160, 2048, 32, 0, {32}}, random, true);
  for (PartKind kind : {PART_SIGNS, PART_VECTORS, PART_SPARSE, PART_GROUPED, PART_LOOKUP, PART_LOW_RANK}) {
    testLinear({41, 136, 8, 3, {1, 2, 1, -1, 3}, alone(kind)}, random, true);
    testLinear({127, 520, 31, 0, {5, 9, -2, 1, 1, 1, 12}, alone(kind)}, random, true);
    testLinear({72, 8, 16, 0, {2, -9, 5}, alone(kind)}, random, true);
  }
  if (small) return;
  testLinear({48, 1000, 17, 0, {1, 16}}, random, true);
  testLinear({64, 4096, 8, 0, {1, 1, 1, 1, 1, 1, 1, 1}}, random, true);
  testLinear({96, 11008, 32, 0, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}}, random, true);
  testLinear({80, 5632, 12, 40, {3, -4, 5}}, random, true);
  for (PartKind kind : {PART_SIGNS, PART_VECTORS, PART_SPARSE, PART_GROUPED, PART_LOOKUP, PART_LOW_RANK}) {
    testLinear({400, 11008, 16, 0, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, alone(kind)}, random, false);
  }
  testLinear({64, 13824, 20, 0, {7, 13}}, random, true);
  testLinear({4096, 512, 16, 0, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}}, random, false);
  testLinear({12288, 128, 5, 100, {1, 2, 2}}, random, false);
}

// Launches that overlap share their work memory: each must leave it as it found it.
static void testLaunchesInARow() {
  Random random(8);
  for (int rows : {1, 9, 32}) {
    LinearProblem problem({1200, 512, rows, 0, {1, 1 - rows}}, random);
    int count = rows * problem.outputs;
    Device<float> out(count), difference(count);
    for (int i = 0; i < 200; i++) {
      fusedLinear({out.get(), problem.deviceX.get(), problem.tiles.get(), problem.step.get(), difference.get(),
                   problem.arrivals.get(), 0, rows, 512, 1200, 1200, STORE_F32}, {});
    }
    CHECK(cudaDeviceSynchronize());
    std::vector<float> once = problem.run(problem.step.get(), 0, rows, STORE_F32, {});
    expect(out.read() == once, "200 launches in a row, T=" + std::to_string(rows));
    expect(problem.arrivals.read() == std::vector<uint32_t>(2), "arrivals are not left zero");
  }
  printf("launches in a row\n");
}

// A gate and an up projection, interleaved; rows 3 to 5 are a tenant's with vector codes, low rank, 2:4, grouped or look-up codes for both.
static void testSilu() {
  Random random(2);
  int half = 72, columns = 200, rows = 10;
  std::vector<bf16> gate((size_t) half * columns), up(gate.size()), x((size_t) rows * columns);
  for (bf16& v : gate) v = __float2bfloat16(random.uniform());
  for (bf16& v : up) v = __float2bfloat16(random.uniform());
  for (bf16& v : x) v = __float2bfloat16(random.uniform());
  Device<char> tiles(tilesOf(2 * half) * weightTileBytes(columns));
  tiles.zero();
  Device<bf16> deviceGate(gate), deviceUp(up), deviceX(x), out((size_t) rows * half);
  packWeights(tiles.get(), deviceGate.get(), half, columns, {0, 1});
  packWeights(tiles.get(), deviceUp.get(), half, columns, {8, 1});
  HostTenant kinds[5];
  for (int first : {0, 8}) {
    kinds[0].parts.push_back(HostPart::vectors(random, first, half, first == 0 ? 8 : 4, columns));
    kinds[1].parts.push_back(HostPart::lowRank(random, first, half, first == 0 ? 8 : 20, columns));
    kinds[2].parts.push_back(HostPart::sparse(random, first, half, first == 0 ? 2 : 5, first == 0 ? 1 : -1, columns));
    kinds[3].parts.push_back(HostPart::grouped(random, first, half, first == 0 ? 2 : 6, 16, first == 0, columns));
    kinds[4].parts.push_back(HostPart::lookup(random, first, half, first == 0 ? 4 : 2, columns));
    for (HostTenant& kind : kinds) kind.parts.back().interleaved = 1;
  }
  for (HostTenant& kind : kinds) kind.upload(2 * half);
  Device<float> difference((size_t) rows * 2 * half);
  Device<uint32_t> arrivals(2);
  arrivals.zero();
  for (int kind = -1; kind < 5; kind++) {
    bool tenants = kind >= 0;
    const HostTenant& tenant = kinds[std::max(kind, 0)];
    Step s = {};
    s.rows = rows;
    s.runs = 1;
    s.run[0] = {tenant.table.get(), nullptr, 3, 3, {}};
    Device<Step> step(std::vector<Step>{s});
    fusedLinear({out.get(), deviceX.get(), tiles.get(), tenants ? step.get() : nullptr,
                 tenants ? difference.get() : nullptr, arrivals.get(), 0, rows, columns, 2 * half, 2 * half,
                 SILU_BF16}, {});
    CHECK(cudaDeviceSynchronize());
    std::vector<bf16> found = out.read();
    Distance distance;
    for (int row = 0; row < rows; row++) {
      bool own = tenants && row >= 3 && row < 6;
      for (int n = 0; n < half; n++) {
        double g = 0, u = 0;
        for (int k = 0; k < columns; k++) {
          double v = __bfloat162float(x[row * columns + k]);
          g += v * (__bfloat162float(gate[n * columns + k]) + (own ? tenant.parts[0].value(n, k) : 0));
          u += v * (__bfloat162float(up[n * columns + k]) + (own ? tenant.parts[1].value(n, k) : 0));
        }
        double wanted = g / (1 + std::exp(-g)) * u;
        distance.add(__bfloat162float(found[row * half + n]), wanted, std::abs(wanted) + 1e-3);
      }
    }
    distance.check(0x1p-8, kind < 0 ? "fused linear with silu, interleaved" : kind == 0
        ? "fused linear with silu, interleaved vectors" : "fused linear with silu, interleaved low rank");
    expect(out.intact() && difference.intact(), "silu writes past its output");
  }
}

static void testNorm() {
  Random random(3);
  for (int columns : {8, 64, 1000, 4096, 11008}) {
    int rows = 40;   // more than a Step declares, as of a prompt
    std::vector<float> x((size_t) rows * columns), weight(columns), own(columns);
    for (float& v : x) v = random.skewed();
    for (float& v : weight) v = random.uniform();
    for (float& v : own) v = random.uniform();
    Device<float> deviceX(x), deviceWeight(weight), deviceOwn(own);
    Device<const float*> vectors(std::vector<const float*>{nullptr, deviceOwn.get()});
    Step s = {};
    s.rows = rows;
    s.runs = 1;
    s.run[0] = {nullptr, vectors.get(), 2, 35, {}};
    std::vector<char> bytes(offsetof(Step, row) + rows * sizeof(Row));
    memcpy(bytes.data(), &s, offsetof(Step, row));
    for (int row = 2; row < 37; row++) ((Row*) (bytes.data() + offsetof(Step, row)))[row].run = 1;
    Device<char> step(bytes);
    Device<bf16> out(x.size());
    rmsNorm(out.get(), deviceX.get(), deviceWeight.get(), (const Step*) step.get(), 1, rows, columns, 1e-5f, {});
    CHECK(cudaDeviceSynchronize());
    std::vector<bf16> found = out.read();
    Distance distance;
    for (int row = 0; row < rows; row++) {
      double squares = 0;
      for (int c = 0; c < columns; c++) squares += (double) x[row * columns + c] * x[row * columns + c];
      double scale = 1 / std::sqrt(squares / columns + 1e-5f);
      for (int c = 0; c < columns; c++) {
        double wanted = x[row * columns + c] * scale * (row >= 2 && row < 37 ? own[c] : weight[c]);
        distance.add(__bfloat162float(found[row * columns + c]), wanted, std::abs(wanted));
      }
    }
    distance.check(0x1.01p-8, "rms norm C=" + std::to_string(columns));
    expect(out.intact(), "rms norm writes past its output");
  }
}

struct AttentionCase {
  int heads, kvHeads, size;
  std::vector<int> positions;
};

// Rope and attention of the newest token of each sequence, over a cache of shuffled pages.
static void testAttention(const AttentionCase& c) {
  Random random(4);
  int rows = (int) c.positions.size(), pageTokens = 16, layers = 2, layer = 1, perRow = 0;
  for (int p : c.positions) perRow = std::max(perRow, p / pageTokens + 1);
  CacheShape shape = {layers, c.kvHeads, c.size, pageTokens};
  int pages = rows * perRow, width = (c.heads + 2 * c.kvHeads) * c.size;
  std::vector<int> tables(pages);
  for (int i = 0; i < pages; i++) tables[i] = i;
  for (int i = pages - 1; i > 0; i--) std::swap(tables[i], tables[random.below(i + 1)]);
  Step s = {};
  s.rows = rows;
  for (int row = 0; row < rows; row++) s.row[row] = {0, c.positions[row], row * perRow, 0};
  s.row[rows] = {0, c.positions[0], 0, 0};   // A row that is not in use: it must not be stored.
  std::vector<bf16> qkv((size_t) rows * width), cache((size_t) pages * layers * 2 * c.kvHeads * pageTokens * c.size);
  for (bf16& v : qkv) v = __float2bfloat16(2 * random.uniform());
  for (bf16& v : cache) v = __float2bfloat16(2 * random.uniform());
  std::vector<float> speeds(c.size / 2);
  for (int i = 0; i < c.size / 2; i++) speeds[i] = std::pow(10000.0f, -2.0f * i / c.size);
  qkv.resize((size_t) (rows + 1) * width, __float2bfloat16(3));
  Device<bf16> deviceQkv(qkv), deviceCache(cache), out((size_t) rows * c.heads * c.size);
  Device<bf16> unrotatedQkv(qkv), storedByDecode(cache), outOfDecode((size_t) (rows + 1) * c.heads * c.size);
  Device<int> deviceTables(tables);
  Device<float> deviceSpeeds(speeds);
  Device<Step> step(std::vector<Step>{s});
  ropeAndCache(deviceQkv.get(), deviceCache.get(), step.get(), deviceTables.get(), deviceSpeeds.get(),
               shape, layer, c.heads, c.size, rows, {});
  float scale = 1 / std::sqrt((float) c.size);
  pagedDecode(out.get(), deviceQkv.get(), deviceCache.get(), step.get(), deviceTables.get(), shape, layer,
              c.heads, rows, scale, nullptr, {});
  pagedDecode(outOfDecode.get(), unrotatedQkv.get(), storedByDecode.get(), step.get(), deviceTables.get(), shape,
              layer, c.heads, rows + 1, scale, deviceSpeeds.get(), {});
  CHECK(cudaDeviceSynchronize());
  std::string label = "H=" + std::to_string(c.heads) + " K=" + std::to_string(c.kvHeads) +
                      " S=" + std::to_string(c.size) + " T=" + std::to_string(rows);
  std::vector<bf16> rotated = deviceQkv.read(), stored = deviceCache.read(), found = out.read();
  Distance rope, attention;
  for (int row = 0; row < rows; row++) {
    int position = c.positions[row], page = tables[row * perRow + position / pageTokens];
    for (int h = 0; h < c.heads + 2 * c.kvHeads; h++) {
      const bf16* from = &qkv[(size_t) row * width + h * c.size];
      int kv = (h - c.heads) % c.kvHeads, isValue = h >= c.heads + c.kvHeads;
      const bf16* to = h < c.heads ? &rotated[(size_t) row * width + h * c.size]
          : &stored[cacheIndex(shape, page, layer, isValue, kv, position % pageTokens)];
      for (int i = 0; i < c.size / 2; i++) {
        double a = __bfloat162float(from[i]), b = __bfloat162float(from[i + c.size / 2]);
        float angle = position * speeds[i];
        double cosine = isValue ? 1 : std::cos(angle), sine = isValue ? 0 : std::sin(angle);
        rope.add(__bfloat162float(to[i]), a * cosine - b * sine, std::abs(a) + std::abs(b));
        rope.add(__bfloat162float(to[i + c.size / 2]), b * cosine + a * sine, std::abs(a) + std::abs(b));
      }
    }
    for (int h = 0; h < c.heads; h++) {
      std::vector<double> scores(position + 1);
      double largest = -INFINITY, sum = 0;
      auto at = [&](int p, int isValue) {
        return &stored[cacheIndex(shape, tables[row * perRow + p / pageTokens], layer, isValue,
                                  h / (c.heads / c.kvHeads), p % pageTokens)];
      };
      for (int p = 0; p <= position; p++) {
        for (int i = 0; i < c.size; i++) {
          scores[p] += (double) scale * __bfloat162float(rotated[(size_t) row * width + h * c.size + i]) *
                       __bfloat162float(at(p, 0)[i]);
        }
        largest = std::max(largest, scores[p]);
      }
      for (double& v : scores) sum += v = std::exp(v - largest);
      for (int i = 0; i < c.size; i++) {
        double wanted = 0;
        for (int p = 0; p <= position; p++) wanted += scores[p] / sum * __bfloat162float(at(p, 1)[i]);
        attention.add(__bfloat162float(found[((size_t) row * c.heads + h) * c.size + i]), wanted, 2);
      }
    }
  }
  rope.check(0x1p-8, "rope and cache " + label);
  attention.check(0x1p-8, "paged decode " + label);
  expect(out.intact() && deviceCache.intact() && deviceQkv.intact(), "attention writes past its output");
  std::vector<bf16> cacheOfDecode = storedByDecode.read(), ofDecode = outOfDecode.read();
  expect(memcmp(cacheOfDecode.data(), stored.data(), stored.size() * sizeof(bf16)) == 0,
         "rotating decode " + label + " stores other bits than rope and cache");
  expect(memcmp(ofDecode.data(), found.data(), found.size() * sizeof(bf16)) == 0,
         "rotating decode " + label + " gives other bits than rope and paged decode");
  expect(outOfDecode.intact() && storedByDecode.intact(), "rotating decode writes past its output");
}

static void testGather() {
  Random random(5);
  for (int columns : {8, 200, 512, 1032, 5632}) {
    LinearProblem problem({40, columns, 9, 5, {1, 2, -1, 1, 1, 3}}, random);
    Step s = problem.makeStep(0, 9);
    std::vector<int> tokens;
    for (int row = 0; row < 9; row++) {
      int tenant = problem.tenantOfRow[row];
      int count = tenant < 0 ? 40 : problem.tenants[tenant].outputs;
      tokens.push_back(s.row[row].token = row % 3 == 0 ? count - 1 : random.below(count));
    }
    Device<Step> step(std::vector<Step>{s});
    Device<float> out((size_t) 9 * columns);
    launch(embedding_gather_f32, dim3(9), 256, 0, 1, {}, out.get(), problem.tiles.get(), step.get(), 0, 40,
           columns);
    CHECK(cudaDeviceSynchronize());
    std::vector<float> found = out.read();
    Distance distance;
    for (int row = 0; row < 9; row++) {
      int n = tokens[row];
      for (int k = 0; k < columns; k++) {
        double wanted = n < 40 ? __bfloat162float(problem.weight[(size_t) n * columns + k]) : 0;
        double largest = std::abs(wanted) + 0.04;
        if (problem.tenantOfRow[row] >= 0) {
          for (const HostPart& part : problem.tenants[problem.tenantOfRow[row]].parts) {
            if (n < part.firstOutput || n >= part.firstOutput + part.outputs) continue;
            double d = part.value(n - part.firstOutput, k);
            wanted = part.kind == PART_REPLACED ? d : wanted + d;
          }
        }
        distance.add(found[(size_t) row * columns + k], wanted, largest);
      }
    }
    distance.check(3e-7, "embedding gather C=" + std::to_string(columns));
    expect(out.intact(), "gather writes past its output");
  }
}

static void testArgmax() {
  Random random(6);
  for (int outputs : {1, 7, 32, 1000, 32003}) {
    int rows = 5;
    std::vector<float> logits((size_t) rows * outputs);
    for (float& v : logits) v = (float) random.below(outputs);  // with ties
    for (int n = 0; n < outputs; n++) logits[n] = n % 2 ? NAN : -INFINITY;
    for (int n = 0; n < outputs; n++) logits[outputs + n] = NAN;
    Device<float> device(logits);
    Device<int> out(rows);
    launch(argmax_f32, dim3(rows), 1024, 0, 1, {}, out.get(), device.get(), outputs);
    CHECK(cudaDeviceSynchronize());
    std::vector<int> found = out.read();
    for (int row = 0; row < rows; row++) {
      int best = -1;
      for (int n = 0; n < outputs; n++) {
        float v = logits[(size_t) row * outputs + n];
        if (!std::isnan(v) && (best < 0 || v > logits[(size_t) row * outputs + best])) best = n;
      }
      expect(found[row] == best, "argmax N=" + std::to_string(outputs) + " row " + std::to_string(row));
    }
  }
  printf("argmax\n");
}

// Argument `small`: the sizes for a run under compute-sanitizer.
int main(int count, char** arguments) {
  bool small = count > 1 && strcmp(arguments[1], "small") == 0;
  testLinears(small);
  if (!small) testLaunchesInARow();
  testSilu();
  testNorm();
  testAttention({4, 4, 64, {0, 1, 15, 16, 33}});
  testAttention({8, 2, 128, {0, 2, 31, 127}});
  if (!small) {
    testAttention({32, 32, 128, {511, 0, 3, 64, 128, 1000}});
    testAttention({32, 4, 64, {5, 600, 2047}});
    testAttention({4, 2, 64, {129, 7}});
  }
  testGather();
  testArgmax();
  printf(failures == 0 ? "all hold\n" : "%d FAILED\n", failures);
  return failures == 0 ? 0 : 1;
}
