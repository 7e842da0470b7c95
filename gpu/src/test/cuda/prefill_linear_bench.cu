// Times the linear layers of prompts of 2,048 tokens in all, shapes as in Llama-2-7B: of the base, and of
// four tenants whose weights are widened first. Operations: 2 a row and weight.
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

static void time(int tenants, int planes) {
  Random random(13);
  cudaEvent_t events[3];
  for (cudaEvent_t& event : events) CHECK(cudaEventCreate(&event));
  double widening = 0, multiplying = 0, operations = 0;
  for (const Shape& shape : SHAPES) {
    int64_t bytes = tilesOf(shape.outputs) * weightTileBytes(shape.columns);
    int64_t codeBytes = tilesOf(shape.outputs) * signTileBytes(shape.columns) * std::max(1, planes);
    Device<char> weight = randomBytes(bytes, random, smallBf16), x = randomBytes((size_t) ROWS * shape.columns * 2, random, smallBf16);
    Device<char> codes = randomBytes(codeBytes, random, [](Random& r) { return (uint16_t) r.bits(); });
    Device<char> scratch(std::max(1, tenants) * bytes), out((size_t) ROWS * shape.outputs * 4);
    out.zero();
    Device<float> scales(std::vector<float>((size_t) (planes + 1) * shape.outputs, 0.001f));
    Projection projection = {};
    projection.part[0] = {codes.get(), scales.get(), 0, shape.outputs, PART_SIGNS, (uint8_t) planes, 0, 0, 0, 0, {}};
    projection.parts = 1;
    projection.outputs = shape.outputs;
    Device<Projection> table(std::vector<Projection>{projection});
    Step s = {};
    std::vector<RowTile> tiles;
    int own = tenants == 0 ? ROWS : ROWS / tenants;
    for (int i = 0; i < tenants; i++) s.run[s.runs++] = {table.get(), nullptr, i * own, own, {}};
    for (int i = 0; i < std::max(1, tenants); i++) addTiles(tiles, i * own, own, tenants == 0 ? 0 : i + 1, PrefillBlock::ROWS);
    Device<Step> step(std::vector<Step>{s});
    Device<RowTile> deviceTiles(tiles);
    auto widen = [&] {
      if (tenants > 0) widenProjection(scratch.get(), weight.get(), step.get(), bytes, 0, tenants, shape.outputs, shape.columns);
    };
    auto multiply = [&] {
      prefillLinear({out.get(), (const bf16*) x.get(), weight.get(), scratch.get(), step.get(), deviceTiles.get(), bytes, 0, 0,
                     shape.columns, shape.outputs, shape.finish}, (int) tiles.size());
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
  printf("%d tenants of %d planes, %d layers: widened in %.1f ms, multiplied in %.1f ms, %.0f TFLOP/s in all\n", tenants, planes,
         LAYERS, widening, multiplying, operations / (widening + multiplying) * 1e-9);
}

int main() {
  time(0, 0);
  time(4, 1);
  time(4, 2);
}
