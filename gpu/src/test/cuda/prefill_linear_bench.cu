// Times the linear layers of prompts of 2,048 tokens in all, shapes as in Llama-2-7B: of the base, and of
// tenants of several kinds, of whom some have their weights widened first. Operations: 2 a row and weight.
#include "prefill_launches.cuh"

struct Shape {
  const char* name;
  int outputs, columns, finish;
};

constexpr Shape SHAPES[] = {
    {"qkv", 12288, 4096, STORE_BF16},
    {"o", 4096, 4096, ADD_F32},
    {"gate and up", 22016, 4096, SILU_BF16},
    {"down", 4096, 11008, ADD_F32},
};
constexpr int ROWS = 2048, LAYERS = 32, TIMES = 10;

template <typename T>
static Device<char> randomBytes(size_t count, Random& random, T make) {
  std::vector<uint16_t> some(1 << 20);
  for (uint16_t& v : some) v = make(random);
  Device<char> to(count);
  for (size_t at = 0; at < count; at += some.size() * 2) {
    CHECK(cudaMemcpy(to.get() + at, some.data(), std::min(count - at, some.size() * 2), cudaMemcpyHostToDevice));
  }
  return to;
}

static uint16_t smallBf16(Random& random) {
  bf16 v = __float2bfloat16(0.02f * random.uniform());
  uint16_t bits;
  memcpy(&bits, &v, 2);
  return bits;
}

static float milliseconds(cudaEvent_t begin, cudaEvent_t end) {
  float ms;
  CHECK(cudaEventSynchronize(end));
  CHECK(cudaEventElapsedTime(&ms, begin, end));
  return ms / TIMES;
}

struct Tenants {
  const char* name;
  int count, kind, planes;   // of signs; else 1
};

constexpr int VECTOR_ROWS = 8, RANK_UNITS = 1;

static int64_t codeBytes(const Tenants& tenants, int outputs, int columns) {
  if (tenants.kind == PART_VECTORS) {
    return (int64_t) ceilDiv(outputs / VECTOR_ROWS, TILE_BANDS) * indexBlocks(columns) * UNIT_BYTES;
  }
  if (tenants.kind == PART_LOW_RANK) return (int64_t) tilesOf(outputs) * RANK_UNITS * UNIT_BYTES;
  return tilesOf(outputs) * signTileBytes(columns) * tenants.planes;
}

// One tenant's memory; every tenant has its own, so that none finds another's codes in a cache.
struct Delta {
  Device<char> codes, extra;
  Device<float> scales;
  Device<Projection> table{1};

  Delta(const Tenants& tenants, const Shape& shape, Random& random)
      : codes(randomBytes(codeBytes(tenants, shape.outputs, shape.columns), random,
                          tenants.kind == PART_LOW_RANK ? smallBf16 : [](Random& r) { return (uint16_t) r.bits(); })),
        extra(randomBytes(std::max<int64_t>(256 * VECTOR_ROWS * 2, weightTileBytes(shape.columns)), random, smallBf16)),
        scales(std::vector<float>((size_t) (tenants.planes + 1) * shape.outputs, 0.001f)) {
    Projection projection = {};
    bool interleaved = shape.finish == SILU_BF16 && tenants.kind != PART_SIGNS;
    uint8_t detail = tenants.kind == PART_VECTORS ? VECTOR_ROWS : RANK_UNITS;
    for (int first = 0; first <= 8 * interleaved; first += 8) {
      const char* own = codes.get() + (first == 0 ? 0 : codeBytes(tenants, shape.outputs / 2, shape.columns));
      projection.extra[projection.parts] = extra.get();
      projection.part[projection.parts++] = {own, scales.get(), first, shape.outputs, (uint8_t) tenants.kind,
                                             (uint8_t) tenants.planes, 0, {detail}, interleaved, 0, {}};
    }
    projection.outputs = shape.outputs;
    table.set({projection});
  }
};

static void time(const Tenants& tenants) {
  Random random(13);
  cudaEvent_t events[3];
  for (cudaEvent_t& event : events) CHECK(cudaEventCreate(&event));
  double widening = 0, multiplying = 0, operations = 0;
  for (const Shape& shape : SHAPES) {
    int64_t bytes = tilesOf(shape.outputs) * weightTileBytes(shape.columns);
    bool widens = tenants.count > 0 && tenants.kind == PART_LOW_RANK;
    Device<char> weight = randomBytes(bytes, random, smallBf16), x = randomBytes((size_t) ROWS * shape.columns * 2, random, smallBf16);
    Device<char> scratch(widens ? tenants.count * bytes : 1), out((size_t) ROWS * shape.outputs * 4);
    out.zero();
    std::vector<Delta> deltas;
    Step s = {};
    std::vector<RowTile> tiles;
    int own = tenants.count == 0 ? ROWS : ROWS / tenants.count;
    for (int i = 0; i < tenants.count; i++) {
      deltas.emplace_back(tenants, shape, random);
      s.run[s.runs++] = {deltas.back().table.get(), nullptr, i * own, own, {}};
    }
    for (int first = 0, run = 0; first < ROWS; first += own) addTiles(tiles, first, own, tenants.count == 0 ? 0 : ++run, PrefillBlock::ROWS);
    Device<Step> step(std::vector<Step>{s});
    Device<RowTile> deviceTiles(tiles);
    auto widen = [&] {
      if (widens) widenProjection(scratch.get(), weight.get(), step.get(), bytes, 0, tenants.count, shape.outputs, shape.columns);
    };
    auto multiply = [&] {
      prefillLinear({out.get(), (const bf16*) x.get(), weight.get(), scratch.get(), step.get(), deviceTiles.get(), bytes,
                     (int) tiles.size(), 0, 0, shape.columns, shape.outputs, shape.finish});
    };
    widen();
    multiply();
    CHECK(cudaEventRecord(events[0]));
    for (int i = 0; i < TIMES; i++) widen();
    CHECK(cudaEventRecord(events[1]));
    for (int i = 0; i < TIMES; i++) multiply();
    CHECK(cudaEventRecord(events[2]));
    double widenMs = milliseconds(events[0], events[1]), ms = milliseconds(events[1], events[2]);
    double count = 2.0 * ROWS * shape.outputs * shape.columns;
    printf("  %-12s widened in %6.3f ms, multiplied in %6.3f ms, %.0f TFLOP/s\n", shape.name, widenMs, ms, count / ms * 1e-9);
    widening += LAYERS * widenMs;
    multiplying += LAYERS * ms;
    operations += LAYERS * count;
  }
  printf("%s, %d layers: widened in %.1f ms, multiplied in %.1f ms, %.0f TFLOP/s in all\n", tenants.name, LAYERS, widening,
         multiplying, operations / (widening + multiplying) * 1e-9);
}

int main() {
  time({"the base", 0, PART_SIGNS, 1});
  time({"4 one-plane tenants", 4, PART_SIGNS, 1});
  time({"4 two-plane tenants", 4, PART_SIGNS, 2});
  time({"4 tenants of vectors of 8", 4, PART_VECTORS, 1});
  time({"16 one-plane tenants", 16, PART_SIGNS, 1});
  time({"4 tenants of rank 16", 4, PART_LOW_RANK, 1});
}
