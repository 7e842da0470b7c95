// What device tests need of any kernel: checked calls, guarded memory, launches, random bits.
#pragma once
#include <cuda_bf16.h>
#include <cuda_runtime.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#define CHECK(CALL)                                                                       \
  do {                                                                                    \
    cudaError_t result = (CALL);                                                          \
    if (result != cudaSuccess) {                                                          \
      fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #CALL, cudaGetErrorString(result)); \
      exit(2);                                                                            \
    }                                                                                     \
  } while (0)

using bf16 = __nv_bfloat16;

// Device memory between two canaries; every byte is 0xFF (a NaN of any width) until written.
template <typename T>
class Device {
 public:
  explicit Device(size_t count) : count(count) {
    CHECK(cudaMalloc(&memory, bytes() + 2 * GUARD));
    CHECK(cudaMemset(memory, CANARY, bytes() + 2 * GUARD));
    CHECK(cudaMemset(get(), 0xFF, bytes()));
  }
  explicit Device(const std::vector<T>& from) : Device(from.size()) { set(from); }
  Device(Device&& other) noexcept : count(other.count), memory(other.memory) { other.memory = nullptr; }
  Device(const Device&) = delete;
  Device& operator=(Device&& other) noexcept {
    std::swap(count, other.count);
    std::swap(memory, other.memory);
    return *this;
  }
  ~Device() { if (memory != nullptr) cudaFree(memory); }

  T* get() const { return (T*) (memory + GUARD); }
  size_t bytes() const { return count * sizeof(T); }
  void zero() { CHECK(cudaMemset(get(), 0, bytes())); }
  void set(const std::vector<T>& from) {
    CHECK(cudaMemcpy(get(), from.data(), from.size() * sizeof(T), cudaMemcpyHostToDevice));
  }
  std::vector<T> read() const {
    std::vector<T> to(count);
    CHECK(cudaMemcpy(to.data(), get(), bytes(), cudaMemcpyDeviceToHost));
    return to;
  }
  bool intact() const {
    std::vector<unsigned char> guard(2 * GUARD);
    CHECK(cudaMemcpy(guard.data(), memory, GUARD, cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(guard.data() + GUARD, memory + GUARD + bytes(), GUARD, cudaMemcpyDeviceToHost));
    for (unsigned char byte : guard) if (byte != CANARY) return false;
    return true;
  }

 private:
  static constexpr size_t GUARD = 1024;
  static constexpr int CANARY = 0xA5;
  size_t count;
  char* memory = nullptr;
};

struct Random {
  uint64_t state;
  explicit Random(uint64_t seed) : state(seed * 0x9E3779B97F4A7C15ull + 1) {}
  uint32_t bits() {
    state += 0x9E3779B97F4A7C15ull;
    uint64_t z = state;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    return (uint32_t) (z >> 32);
  }
  int below(int n) { return (int) (bits() % n); }
  float uniform() { return bits() * 0x1p-31f - 1.0f; }
  // Mostly small, at times large: like activations.
  float skewed() { float u = uniform(); return below(100) == 0 ? 50 * u : u * u * u; }
};

inline float round16(float v) { return __bfloat162float(__float2bfloat16(v)); }

struct LaunchOptions {
  cudaStream_t stream = nullptr;
  bool overlaps = true;
  int clusters = 0;   // of a linear layer; 0: as many as the device holds at once
};

template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, int block, size_t shared, int cluster,
            const LaunchOptions& options, Arguments... arguments) {
  cudaLaunchAttribute attributes[2];
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared;
  config.stream = options.stream;
  config.attrs = attributes;
  if (options.overlaps) {
    attributes[config.numAttrs].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attributes[config.numAttrs++].val.programmaticStreamSerializationAllowed = 1;
  }
  if (cluster > 1) {
    attributes[config.numAttrs].id = cudaLaunchAttributeClusterDimension;
    attributes[config.numAttrs].val.clusterDim.x = cluster;
    attributes[config.numAttrs].val.clusterDim.y = 1;
    attributes[config.numAttrs++].val.clusterDim.z = 1;
  }
  CHECK(cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...));
}

inline int multiprocessors() {
  static int count = 0;
  if (count == 0) CHECK(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, 0));
  return count;
}
