// Milliseconds of whole decode steps and of their linear layers, against the bytes they must read.
//
//   decode_bench                 the table of docs/benchmarks/gpu.md, Llama-2-7B shape
//   decode_bench ROWS TENANTS PLANES CONTEXT [step|linears|qkv|o|gateup|down|head|attention [apart]]
//                                one of its rows; apart: launches do not overlap; PLANES below zero: tenants
//                                of low rank, -16 of rank 16; 102, 104: of 2:4 codes of 2 or 4 bits;
//                                202, 204: of grouped codes; 301 .. 304: of look-up codes; 400: of a code each,
//                                in turn one that MIX names
//   decode_bench mixed TENANTS CONTEXT
//                                a step of tenants with a code each, beside steps of as many with the same code
//
// Weights, signs and cached keys are random bits made on the device; every layer has its own. Each
// figure is the median over replays of one CUDA graph, measured twice; the lower median counts.
#include "harness.cuh"

constexpr int LAYERS = 32, HIDDEN = 4096, INTERMEDIATE = 11008, HEADS = 32, HEAD = 128, VOCABULARY = 32000;
constexpr int PAGE_TOKENS = 16;

__global__ void fillWeights(uint32_t* out, int64_t count, uint32_t seed, uint32_t mask, uint32_t base) {
  for (int64_t i = blockIdx.x * (int64_t) blockDim.x + threadIdx.x; i < count; i += (int64_t) gridDim.x * blockDim.x) {
    uint64_t z = (i + seed * 0x100000001ull + 1) * 0x9E3779B97F4A7C15ull;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    out[i] = ((uint32_t) (z >> 31) & mask) | base;
  }
}

__global__ void fillFloats(float* out, int64_t count, float value) {
  for (int64_t i = blockIdx.x * (int64_t) blockDim.x + threadIdx.x; i < count; i += (int64_t) gridDim.x * blockDim.x) {
    out[i] = value;
  }
}

__global__ void __launch_bounds__(512) readAll(const uint4* in, int64_t count, uint32_t* out) {
  uint32_t sum = 0;
  int64_t stride = (int64_t) gridDim.x * blockDim.x;
  int64_t i = blockIdx.x * (int64_t) blockDim.x + threadIdx.x;
  for (; i + 7 * stride < count; i += 8 * stride) {
    uint4 v[8];
#pragma unroll
    for (int j = 0; j < 8; j++) v[j] = __ldcs(in + i + j * stride);
#pragma unroll
    for (int j = 0; j < 8; j++) sum += v[j].x ^ v[j].y ^ v[j].z ^ v[j].w;
  }
  if (sum == 0x12345678) *out = sum;
}

// Memory of the benchmark: no canaries, freed at the end of the process.
template <typename T>
static T* allocate(int64_t count) {
  T* memory;
  CHECK(cudaMalloc(&memory, count * sizeof(T)));
  return memory;
}

static uint32_t seed = 1;

// Numbers of either sign between 2^-7 and 2^-5 in size.
static char* randomWeights(int64_t bytes) {
  char* memory = allocate<char>(bytes);
  fillWeights<<<1024, 256>>>((uint32_t*) memory, bytes / 4, seed++, 0x80FF80FFu, 0x3C003C00u);
  return memory;
}

static char* randomBits(int64_t bytes) {
  char* memory = allocate<char>(bytes);
  fillWeights<<<1024, 256>>>((uint32_t*) memory, bytes / 4, seed++, ~0u, 0);
  return memory;
}

static float* floats(int64_t count, float value) {
  float* memory = allocate<float>(count);
  fillFloats<<<64, 256>>>(memory, count, value);
  return memory;
}

constexpr int SPARSE = 100, GROUPED = 200, LOOKUP = 300;   // planes above them: such codes of so many bits more
constexpr int MIXED = 400, MIX[] = {1, SPARSE + 4, -16, GROUPED + 2, 2, LOOKUP + 3, SPARSE + 2, GROUPED + 4};

// What a tenant of a batch has.
static int codeOf(int planes, int tenant) { return planes == MIXED ? MIX[tenant % std::size(MIX)] : planes; }

struct Shape { const char* name; int outputs, columns; };
static const Shape SHAPES[] = {{"qkv", 3 * HIDDEN, HIDDEN}, {"o", HIDDEN, HIDDEN},
                               {"gateup", 2 * INTERMEDIATE, HIDDEN}, {"down", HIDDEN, INTERMEDIATE},
                               {"head", VOCABULARY, HIDDEN}};
constexpr int HEAD_SLOT = 4 * LAYERS, EMBEDDING_SLOT = HEAD_SLOT + 1, SLOTS = EMBEDDING_SLOT + 1;

struct Model {
  std::vector<char*> weights;           // by slot
  float* norm = floats(HIDDEN, 1);
  float* speeds = floats(HEAD / 2, 0.01f);
  char* embedding = randomWeights(tilesOf(VOCABULARY) * weightTileBytes(HIDDEN));
  std::vector<Projection*> tenants;     // device tables
  int planes = 0;
  bf16* cache = nullptr;
  int* tables = allocate<int>(MAX_ROWS * 64);
  Step* step = allocate<Step>(1);
  float* residual = floats(MAX_ROWS * HIDDEN, 0);
  bf16* normed = (bf16*) randomWeights(MAX_ROWS * HIDDEN * 2);
  bf16* qkv = (bf16*) randomWeights(MAX_ROWS * 3 * HIDDEN * 2);
  bf16* attended = (bf16*) randomWeights(MAX_ROWS * HIDDEN * 2);
  bf16* inner = (bf16*) randomWeights(MAX_ROWS * INTERMEDIATE * 2);
  float* difference = floats(MAX_ROWS * VOCABULARY, 0);
  uint32_t* arrivals = (uint32_t*) floats(2, 0);
  float* logits = floats(MAX_ROWS * VOCABULARY, 0);
  int* chosen = allocate<int>(MAX_ROWS);
  CacheShape shape = {LAYERS, HEADS, HEAD, PAGE_TOKENS};

  Model() {
    for (int slot = 0; slot <= HEAD_SLOT; slot++) {
      const Shape& s = shapeOf(slot);
      weights.push_back(randomWeights(tilesOf(s.outputs) * weightTileBytes(s.columns)));
    }
  }
  static const Shape& shapeOf(int slot) { return SHAPES[slot == HEAD_SLOT ? 4 : slot % 4]; }

  // The matrices that a merged projection consists of.
  static int membersOf(int slot) { return slot % 4 == 0 ? 3 : slot % 4 == 2 ? 2 : 1; }

  // A tenant's, as they are read.
  static int64_t deltaBytes(int planes) {
    if (planes > SPARSE) return codeBytes(planes);
    if (planes > 0) return signBytes() * planes;
    int64_t sum = 0;
    for (int slot = 0; slot < 4; slot++) {
      sum += LAYERS * -2ll * planes * (SHAPES[slot].outputs + (int64_t) membersOf(slot) * SHAPES[slot].columns);
    }
    return sum;
  }

  void lowRank(Projection& projection, int slot, int rank, const float* scales) {
    const Shape& s = shapeOf(slot);
    int members = membersOf(slot), units = ceilDiv(rank, RANK_UNIT), rows = s.outputs / members;
    bool interleaved = members == 2;
    projection.parts = members;
    projection.outputs = s.outputs;
    for (int i = 0; i < members; i++) {
      char* up = randomWeights(tilesOf(rows) * units * UNIT_BYTES);
      char* down = randomWeights(units * weightTileBytes(s.columns));
      tenantMemory.push_back(up);
      tenantMemory.push_back(down);
      projection.part[i] = {up, scales, interleaved ? 8 * i : rows * i, interleaved ? s.outputs : rows, PART_LOW_RANK, 1, 0,
                            {(uint8_t) units}, interleaved, {}};
      projection.extra[i] = down;
    }
  }

  void coded(Projection& projection, int slot, int code, const float* scales) {
    const Shape& s = shapeOf(slot);
    int members = membersOf(slot), rows = s.outputs / members;
    bool interleaved = members == 2;
    projection.parts = members;
    projection.outputs = s.outputs;
    static char* tables = randomWeights(INTERMEDIATE * sizeof(LookupTable));
    static GroupedExtra* extra = (GroupedExtra*) floats(sizeof(GroupedExtra) / 4, 0);
    for (int i = 0; i < members; i++) {
      int64_t bytes = codeBytes(rows, s.columns, code);
      char* codes = allocate<char>(bytes);
      fillWeights<<<1024, 256>>>((uint32_t*) codes, bytes / 4, seed++, 0x88888888u, 0x44444444);   // Patterns 4 and 12.
      tenantMemory.push_back(codes);
      projection.part[i] = {codes, scales, interleaved ? 8 * i : rows * i, interleaved ? s.outputs : rows,
                            code > LOOKUP ? PART_LOOKUP : code > GROUPED ? PART_GROUPED : PART_SPARSE, 1, 0, {(uint8_t) (code % 100)}, interleaved, 0,
                            {(uint8_t) ((1 << code % 100) - 1), 0}};
      if (code > GROUPED) projection.extra[i] = code > LOOKUP ? (const void*) tables : extra;
    }
  }
  static int64_t codeBytes(int rows, int columns, int code) {
    if (code > LOOKUP) return tilesOf(rows) * signTileBytes(columns) * (code % 100);
    int blocks = code > GROUPED ? groupedBlocks(columns) : sparseBlocks(columns);
    return (int64_t) tilesOf(rows) * blocks * codeBlockUnits(code % 100) * UNIT_BYTES;
  }
  static int64_t codeBytes(int code) {
    int64_t sum = 0;
    for (int slot = 0; slot < 4; slot++) sum += LAYERS * codeBytes(SHAPES[slot].outputs, SHAPES[slot].columns, code);
    return sum;
  }

  static int64_t signBytes() {
    int64_t sum = 0;
    for (int i = 0; i < 4; i++) sum += LAYERS * tilesOf(SHAPES[i].outputs) * signTileBytes(SHAPES[i].columns);
    return sum;
  }
  static int64_t weightBytes() {
    int64_t sum = 2ll * VOCABULARY * HIDDEN;
    for (int i = 0; i < 4; i++) sum += 2ll * LAYERS * SHAPES[i].outputs * SHAPES[i].columns;
    return sum;
  }
  static int64_t cacheBytes(int rows, int positions) { return 4ll * LAYERS * HIDDEN * positions * rows; }

  void makeTenants(int count, int planesOfAll) {
    if (planes != planesOfAll) {
      for (Projection* t : tenants) CHECK(cudaFree(t));
      for (char* m : tenantMemory) CHECK(cudaFree(m));
      tenants.clear();
      tenantMemory.clear();
    }
    planes = planesOfAll;
    float* scales = floats(4 * 2 * INTERMEDIATE, 0.001f);
    while ((int) tenants.size() < count) {
      int planes = codeOf(planesOfAll, tenants.size());
      std::vector<Projection> table(SLOTS);
      char* memory = planes > 0 && planes < SPARSE ? randomBits(signBytes() * planes) : nullptr;
      if (memory != nullptr) tenantMemory.push_back(memory);
      for (int slot = 0; slot < HEAD_SLOT; slot++) {
        const Shape& s = shapeOf(slot);
        table[slot] = {};
        if (planes < 0) {
          lowRank(table[slot], slot, -planes, scales);
          continue;
        }
        if (planes > SPARSE) {
          coded(table[slot], slot, planes, scales);
          continue;
        }
        table[slot].part[0] = {memory, scales, 0, s.outputs, PART_SIGNS, (uint8_t) planes, 0, {0}, 0, {}};
        table[slot].parts = 1;
        table[slot].outputs = s.outputs;
        memory += planes * tilesOf(s.outputs) * signTileBytes(s.columns);
      }
      tenants.push_back(allocate<Projection>(SLOTS));
      CHECK(cudaMemcpy(tenants.back(), table.data(), SLOTS * sizeof(Projection), cudaMemcpyHostToDevice));
    }
  }

  void prepare(int rows, int tenantCount, int planeCount, int positions) {
    makeTenants(tenantCount, planeCount);
    int perRow = ceilDiv(positions, PAGE_TOKENS);
    if (cache == nullptr) cache = (bf16*) randomWeights(cacheIndex(shape, MAX_ROWS * 32, 0, 0, 0, 0) * 2);
    std::vector<int> entries(rows * perRow);
    Random random(7);
    for (int i = 0; i < (int) entries.size(); i++) entries[i] = i;
    for (int i = (int) entries.size() - 1; i > 0; i--) std::swap(entries[i], entries[random.below(i + 1)]);
    CHECK(cudaMemcpy(tables, entries.data(), entries.size() * 4, cudaMemcpyHostToDevice));
    static const float** vectors = allocate<const float*>(2 * LAYERS + 1);
    CHECK(cudaMemset(vectors, 0, (2 * LAYERS + 1) * 8));
    Step s = {};
    s.rows = rows;
    for (int row = 0; row < rows; row++) {
      s.row[row] = {row * 7, positions - 1, row * perRow, row < tenantCount ? row + 1 : 0};
      if (row < tenantCount) s.run[s.runs++] = {tenants[row], vectors, row, 1, {}};
    }
    CHECK(cudaMemcpy(step, &s, sizeof s, cudaMemcpyHostToDevice));
    CHECK(cudaDeviceSynchronize());
  }
  std::vector<char*> tenantMemory;
};

struct Launches { int rows, tenants; LaunchOptions options; Kinds kinds = ANY_KIND; };

static void linear(Model& m, int slot, void* out, const bf16* x, int finish, const Launches& run) {
  const Shape& s = Model::shapeOf(slot);
  float* difference = run.tenants > 0 && slot != HEAD_SLOT ? m.difference : nullptr;
  fusedLinear({out, x, m.weights[slot], m.step, difference, m.arrivals, slot, run.rows, s.columns, s.outputs, s.outputs, finish},
              run.options, run.kinds);
}

static void attention(Model& m, int layer, const Launches& run) {
  pagedDecode(m.attended, m.qkv, m.cache, m.step, m.tables, m.shape, layer, HEADS, run.rows,
              1 / std::sqrt((float) HEAD), m.speeds, run.options);
}

static void wholeStep(Model& m, const Launches& run) {
  launch(embedding_gather_f32, dim3(run.rows), 256, 0, 1, run.options, m.residual, m.embedding, m.step,
         EMBEDDING_SLOT, VOCABULARY, HIDDEN);
  auto norm = [&](int slot) {
    rmsNorm(m.normed, m.residual, m.norm, m.step, slot, run.rows, HIDDEN, 1e-5f, run.options);
  };
  for (int layer = 0; layer < LAYERS; layer++) {
    int slot = 4 * layer;
    norm(2 * layer);
    linear(m, slot, m.qkv, m.normed, STORE_BF16, run);
    attention(m, layer, run);
    linear(m, slot + 1, m.residual, m.attended, ADD_F32, run);
    norm(2 * layer + 1);
    linear(m, slot + 2, m.inner, m.normed, SILU_BF16, run);
    linear(m, slot + 3, m.residual, m.inner, ADD_F32, run);
  }
  norm(2 * LAYERS);
  linear(m, HEAD_SLOT, m.logits, m.normed, STORE_F32, run);
  launch(argmax_f32, dim3(run.rows), 1024, 0, 1, run.options, m.chosen, m.logits, VOCABULARY);
}

static void linears(Model& m, const Launches& run, int only) {
  for (int slot = 0; slot < HEAD_SLOT; slot += 4) {
    if (only < 0 || only == 0) linear(m, slot, m.qkv, m.normed, STORE_BF16, run);
    if (only < 0 || only == 1) linear(m, slot + 1, m.residual, m.attended, ADD_F32, run);
    if (only < 0 || only == 2) linear(m, slot + 2, m.inner, m.normed, SILU_BF16, run);
    if (only < 0 || only == 3) linear(m, slot + 3, m.residual, m.inner, ADD_F32, run);
  }
  if (only < 0 || only == 4) linear(m, HEAD_SLOT, m.logits, m.normed, STORE_F32, run);
}

template <typename Body>
static double milliseconds(Body body, double forMs) {
  cudaStream_t stream;
  CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  body(stream);
  CHECK(cudaStreamEndCapture(stream, &graph));
  CHECK(cudaGraphInstantiate(&exec, graph, 0));
  cudaEvent_t begin, end;
  CHECK(cudaEventCreate(&begin));
  CHECK(cudaEventCreate(&end));
  double best = 1e30;
  for (int pass = 0; pass < 2; pass++) {
    std::vector<float> times;
    double total = 0;
    for (int i = 0; i < 3; i++) CHECK(cudaGraphLaunch(exec, stream));
    while (total < forMs || times.size() < 5) {
      CHECK(cudaEventRecord(begin, stream));
      CHECK(cudaGraphLaunch(exec, stream));
      CHECK(cudaEventRecord(end, stream));
      CHECK(cudaEventSynchronize(end));
      float ms;
      CHECK(cudaEventElapsedTime(&ms, begin, end));
      times.push_back(ms);
      total += ms;
    }
    std::sort(times.begin(), times.end());
    best = std::min(best, (double) times[times.size() / 2]);
  }
  CHECK(cudaGraphExecDestroy(exec));
  CHECK(cudaGraphDestroy(graph));
  CHECK(cudaStreamDestroy(stream));
  return best;
}

static double readBandwidth() {
  int64_t bytes = 8ll << 30;
  char* memory = randomBits(bytes);
  uint32_t* out = allocate<uint32_t>(1);
  double ms = milliseconds([&](cudaStream_t stream) { readAll<<<132 * 4, 512, 0, stream>>>((uint4*) memory, bytes / 16, out); }, 60);
  CHECK(cudaFree(memory));
  return bytes / ms / 1e6;
}

struct Job { int rows, tenants, planes, context; bool byAnyKind = false; };

static void report(const char* what, const Job& job, double ms, double bytes, double bandwidth) {
  double bound = bytes / bandwidth / 1e6;
  printf("%-10s rows %2d  tenants %2d  planes %d  context %4d  %8.3f ms  bound %7.3f  ratio %.3f  %5.0f GB/s\n",
         what, job.rows, job.tenants, job.planes, job.context, ms, bound, ms / bound, bytes / ms / 1e6);
  fflush(stdout);
}

static double run(Model& m, const Job& job, const char* what, double bandwidth, bool overlaps = true) {
  m.prepare(job.rows, job.tenants, job.planes, job.context);
  double delta = 0;
  for (int i = 0; i < job.tenants; i++) delta += Model::deltaBytes(codeOf(job.planes, i));
  double bytes, ms;
  LaunchOptions options;
  options.overlaps = overlaps;
  Kinds kinds = job.byAnyKind || job.planes == MIXED ? ANY_KIND : alone(job.planes < 0 ? PART_LOW_RANK : job.planes > LOOKUP ? PART_LOOKUP
                    : job.planes > GROUPED ? PART_GROUPED : job.planes > SPARSE ? PART_SPARSE : PART_SIGNS);
  auto time = [&](auto body) {
    return milliseconds([&](cudaStream_t s) { options.stream = s; body(Launches{job.rows, job.tenants, options, kinds}); }, 60);
  };
  if (strcmp(what, "step") == 0) {
    bytes = Model::weightBytes() + delta + Model::cacheBytes(job.rows, job.context);
    ms = time([&](const Launches& r) { wholeStep(m, r); });
  } else if (strcmp(what, "linears") == 0) {
    bytes = Model::weightBytes() + delta;
    ms = time([&](const Launches& r) { linears(m, r, -1); });
  } else if (strcmp(what, "attention") == 0) {
    bytes = Model::cacheBytes(job.rows, job.context);
    ms = time([&](const Launches& r) { for (int i = 0; i < LAYERS; i++) attention(m, i, r); });
  } else {
    int only = 0;
    while (strcmp(SHAPES[only].name, what) != 0) only++;
    double weights = (double) SHAPES[only].outputs * SHAPES[only].columns;
    bytes = (only == 4 ? 1 : LAYERS) * weights * 2 + (only == 4 ? 0 : LAYERS * weights / 8 * job.planes * job.tenants);
    ms = time([&](const Launches& r) { linears(m, r, only); });
  }
  report(overlaps ? what : "no overlap", job, ms, bytes, bandwidth);
  return ms;
}

// What a mixed step takes beside what its parts take: the base, and of each code a tenant's share of a step of its own.
static void mixed(Model& m, int tenants, int context, double bandwidth) {
  double base = run(m, {tenants, 0, 1, context}, "step", bandwidth), parts = base;
  std::vector<double> shares;
  double byAny = base;
  for (int i = 0; i < tenants && i < (int) std::size(MIX); i++) {
    shares.push_back((run(m, {tenants, tenants, MIX[i], context}, "step", bandwidth) - base) / tenants);
    double any = run(m, {tenants, tenants, MIX[i], context, true}, "step", bandwidth);
    byAny += (any - base) / std::size(MIX);
    printf("  over the base: %.3f ms a tenant, %.3f by the kernel of any kind, %.3f of bytes\n", shares.back(),
           (any - base) / tenants, Model::deltaBytes(MIX[i]) / bandwidth / 1e6);
  }
  for (int i = 0; i < tenants; i++) parts += shares[i % shares.size()];
  double whole = run(m, {tenants, tenants, MIXED, context}, "step", bandwidth);
  printf("mixed step of %d tenants: %.3f ms; the base and its parts by themselves: %.3f ms; ratio %.3f; parts by the kernel of any kind: %.3f ms\n",
         tenants, whole, parts, whole / parts, byAny);
}

int main(int count, char** arguments) {
  cudaDeviceProp device;
  CHECK(cudaGetDeviceProperties(&device, 0));
  double bandwidth = readBandwidth();
  printf("%s, %d multiprocessors, read %.0f GB/s\n", device.name, device.multiProcessorCount, bandwidth);
  Model m;
  if (count == 4 && strcmp(arguments[1], "mixed") == 0) {
    mixed(m, atoi(arguments[2]), atoi(arguments[3]), bandwidth);
    return 0;
  }
  if (count >= 5) {
    Job job = {atoi(arguments[1]), atoi(arguments[2]), atoi(arguments[3]), atoi(arguments[4])};
    run(m, job, count > 5 ? arguments[5] : "step", bandwidth, count <= 6);
    return 0;
  }
  for (int rows : {1, 32}) {
    for (const char* what : {"qkv", "o", "gateup", "down", "head", "attention"}) run(m, {rows, 0, 1, 512}, what, bandwidth);
  }
  for (int rows : {1, 8, 16, 32}) {
    run(m, {rows, 0, 1, 512}, "linears", bandwidth);
    run(m, {rows, 0, 1, 512}, "step", bandwidth);
  }
  run(m, {1, 0, 1, 512}, "step", bandwidth, false);
  for (const char* what : {"qkv", "o", "gateup", "down"}) run(m, {16, 16, 1, 512}, what, bandwidth);
  run(m, {32, 1, 1, 512}, "linears", bandwidth);
  for (int tenants : {1, 8, 16, 32}) {
    run(m, {tenants, tenants, 1, 512}, "linears", bandwidth);
    run(m, {tenants, tenants, 1, 512}, "step", bandwidth);
  }
  run(m, {8, 8, 2, 512}, "linears", bandwidth);
  run(m, {8, 8, 2, 512}, "step", bandwidth);
  for (int bits : {2, 4}) run(m, {8, 8, SPARSE + bits, 512}, "step", bandwidth);
  run(m, {16, 16, SPARSE + 4, 512}, "step", bandwidth);
  for (int bits : {2, 4}) run(m, {8, 8, GROUPED + bits, 512}, "step", bandwidth);
  for (int bits : {2, 3, 4}) run(m, {8, 8, LOOKUP + bits, 512}, "step", bandwidth);
  mixed(m, 8, 512, bandwidth);
  return 0;
}
