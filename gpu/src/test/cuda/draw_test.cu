// draw against its definition, in double on the host: all filters, ties, odd vocabularies, poisoned
// outputs, equal choices whoever shares the batch; then how often tokens come. Exit status 0 when all hold.
//   draw_test [small | bench]
#include "harness.cuh"
#include "../../main/cuda/sampling/draw.cu"
#include <numeric>

static int failures = 0;

static void expect(bool holds, const std::string& what) {
  if (holds) return;
  failures++;
  printf("FAILED  %s\n", what.c_str());
}

struct Choice64 {
  int token;
  double margin;   // how near the draw came to another token, as a share of all
};

static Choice64 definition(const float* logits, int n, const Draw& draw) {
  std::vector<int> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return logits[a] > logits[b]; });
  if (draw.scale == 0) return {order[0], 1};
  double largest = logits[order[0]], margin = 1;
  auto weight = [&](int token) { return std::exp2((logits[token] - largest) * (double) draw.scale); };
  size_t count = draw.topK > 0 && draw.topK < n ? draw.topK : n;
  double mass = 0, reached = 0;
  for (size_t i = 0; i < count; i++) mass += weight(order[i]);
  if (draw.topP < 1) {
    for (size_t i = 0; i < count; i++) {
      reached += weight(order[i]);
      margin = std::min(margin, std::abs(reached - draw.topP * mass) / mass);
      if (reached >= draw.topP * mass) {
        count = i + 1;
        break;
      }
    }
  }
  for (size_t i = 1; i < count; i++) {
    margin = std::min(margin, std::abs(weight(order[i]) - draw.minP));
    if (weight(order[i]) < draw.minP) count = i;
  }
  order.resize(count);
  std::sort(order.begin(), order.end());
  mass = 0;
  for (int token : order) mass += weight(token);
  double target = draw.unit * 0x1p-64 * mass;
  reached = 0;
  Choice64 choice = {-1, margin};
  for (int token : order) {
    reached += weight(token);
    choice.margin = std::min(choice.margin, std::abs(reached - target) / mass);
    if (choice.token < 0 && reached > target) choice.token = token;
  }
  return choice;
}

static std::vector<int> run(const std::vector<float>& logits, const std::vector<Draw>& draws, int n) {
  Device<float> device(logits);
  Device<Draw> deviceDraws(draws);
  Device<int> out(draws.size());
  launch(draw_f32, dim3(draws.size()), DRAW_THREADS, 0, 1, {}, out.get(), device.get(), deviceDraws.get(), n);
  CHECK(cudaDeviceSynchronize());
  expect(out.intact(), "fences of the choices");
  return out.read();
}

static unsigned long long anyUnit(Random& random) { return (unsigned long long) random.bits() << 32 | random.bits() & ~0x7FFu; }

static void cases() {
  Random random(5);
  int near = 0, all = 0;
  for (int n : {1, 7, 32, 33, 257, 1000, 4099, 32000, 32016, 128256}) {
    for (int spread : {0, 1, 8}) {   // 0: few different logits, so that there are ties
      std::vector<Draw> draws;
      for (float temperature : {0.0f, 0.2f, 1.0f, 2.0f}) {
        for (int topK : {0, 1, 2, 40, n, n + 1}) {
          for (float topP : {1.0f, 0.9f, 0.3f, 1e-6f}) {
            float minP = random.below(3) == 0 ? 0.05f : 0.0f;
            draws.push_back({anyUnit(random), temperature == 0 ? 0 : 1.44269504f / temperature, topP, minP, topK});
          }
        }
      }
      std::vector<float> logits;
      for (size_t i = 0; i < draws.size() * n; i++) {
        float v = spread == 0 ? (float) random.below(4) : spread * (random.uniform() + random.uniform() + random.uniform());
        logits.push_back(random.below(50) == 0 && i % n > 0 ? -INFINITY : v);
      }
      std::vector<int> found = run(logits, draws, n);
      for (size_t row = 0; row < draws.size(); row++) {
        Choice64 wanted = definition(&logits[row * n], n, draws[row]);
        all++;
        if (found[row] == wanted.token) continue;
        near++;
        char text[256];
        snprintf(text, sizeof text, "N=%d spread=%d row %zu: scale %g top-k %d top-p %g min-p %g unit %g: found %d, wanted %d, margin %g",
                 n, spread, row, draws[row].scale, draws[row].topK, draws[row].topP, draws[row].minP,
                 draws[row].unit * 0x1p-64, found[row], wanted.token, wanted.margin);
        expect(wanted.margin < 1e-5 && found[row] >= 0, text);
      }
      std::vector<float> last(logits.end() - n, logits.end());
      expect(run(last, {draws.back()}, n)[0] == found.back(), "alone as in the batch, N=" + std::to_string(n));
    }
  }
  printf("draws: %d, of which on the verge of another token %d\n", all, near);
  expect(near * 200 < all, "few draws on the verge");
}

static void refused() {
  std::vector<float> logits;
  for (float odd : {NAN, INFINITY, -INFINITY}) {
    for (int n = 0; n < 100; n++) logits.push_back(n == 57 ? odd : odd == -INFINITY ? -INFINITY : 0.5f);
  }
  Draw draw = {1ull << 63, 1.44269504f, 1, 0, 0}, greedy = {0, 0, 1, 0, 0};
  std::vector<int> found = run(logits, {draw, draw, draw}, 100);
  for (int row = 0; row < 3; row++) expect(found[row] == -1, "refused row " + std::to_string(row));
  found = run(logits, {greedy, greedy, greedy}, 100);
  expect(found[0] == 0 && found[1] == 57 && found[2] == 0, "greedy with odd logits");
}

// Chi-squared of a million draws over 8 tokens.
static void frequencies() {
  const int n = 8, rows = 4096, rounds = 256;
  Random random(9);
  std::vector<float> logits, all;
  for (int i = 0; i < n; i++) logits.push_back(2 * random.uniform());
  for (int row = 0; row < rows; row++) all.insert(all.end(), logits.begin(), logits.end());
  std::vector<long> counts(n);
  for (int round = 0; round < rounds; round++) {
    std::vector<Draw> draws;
    for (int row = 0; row < rows; row++) draws.push_back({anyUnit(random), 1.44269504f, 1, 0, 0});
    for (int token : run(all, draws, n)) counts[token]++;
  }
  double mass = 0, square = 0;
  for (float v : logits) mass += std::exp((double) v);
  for (int i = 0; i < n; i++) {
    double wanted = std::exp((double) logits[i]) / mass * rows * rounds;
    square += (counts[i] - wanted) * (counts[i] - wanted) / wanted;
  }
  printf("chi-squared of 7 degrees of freedom: %.2f\n", square);
  expect(square < 29.9, "frequencies (one in 10,000 is above)");
}

static void bench() {
  for (int n : {32000, 128256}) {
    Random random(3);
    const int rows = 32;
    std::vector<float> logits;
    for (int i = 0; i < rows * n; i++) logits.push_back(3 * (random.uniform() + random.uniform() + random.uniform()));
    Device<float> device(logits);
    Device<int> out(rows);
    for (int kind = 0; kind < 4; kind++) {
      std::vector<Draw> draws;
      for (int row = 0; row < rows; row++) {
        draws.push_back({anyUnit(random), kind == 0 ? 0 : 1.44269504f, kind >= 2 ? 0.9f : 1.0f, 0, kind == 3 ? 40 : 0});
      }
      Device<Draw> deviceDraws(draws);
      cudaEvent_t begin, end;
      CHECK(cudaEventCreate(&begin));
      CHECK(cudaEventCreate(&end));
      float best = 1e9f;
      for (int round = 0; round < 5; round++) {
        CHECK(cudaEventRecord(begin));
        for (int i = 0; i < 50; i++) {
          launch(draw_f32, dim3(rows), DRAW_THREADS, 0, 1, {}, out.get(), device.get(), deviceDraws.get(), n);
        }
        CHECK(cudaEventRecord(end));
        CHECK(cudaEventSynchronize(end));
        float ms;
        CHECK(cudaEventElapsedTime(&ms, begin, end));
        best = std::min(best, ms / 50);
      }
      const char* names[] = {"greedy", "temperature", "top-p", "top-k and top-p"};
      printf("%d rows of %d, %s: %.1f us\n", rows, n, names[kind], best * 1000);
    }
  }
}

int main(int count, char** arguments) {
  bool small = count > 1 && std::string(arguments[1]) == "small";
  refused();
  if (small) {
    Random random(1);
    std::vector<float> logits;
    for (int i = 0; i < 3 * 4099; i++) logits.push_back(random.uniform());
    run(logits, {{anyUnit(random), 2, 0.9f, 0.1f, 40}, {anyUnit(random), 2, 1, 0, 0}, {0, 0, 1, 0, 0}}, 4099);
  } else {
    cases();
    frequencies();
    if (count > 1) bench();
  }
  printf(failures == 0 ? "all hold\n" : "%d failures\n", failures);
  return failures != 0;
}
