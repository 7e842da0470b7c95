// What the device tests and benchmarks share: checked calls, guarded memory, launches, random bits.
#pragma once
#include <cuda_runtime.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>
#include "../../main/cuda/attention/paged_decode.cu"
#include "../../main/cuda/delta/embedding_gather.cu"
#include "../../main/cuda/delta/fused_linear.cu"
#include "../../main/cuda/delta/pack_index_tiles.cu"
#include "../../main/cuda/delta/pack_sign_tiles.cu"
#include "../../main/cuda/delta/pack_weight_tiles.cu"
#include "../../main/cuda/norm/rms_norm.cu"
#include "../../main/cuda/rope/rope_and_cache.cu"
#include "../../main/cuda/sampling/argmax.cu"

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

// A linear layer. Where `operands` names memory for tenants' differences, all blocks must run at once.
inline void fusedLinear(LinearOperands operands, const LaunchOptions& options) {
  int rowTiles = operands.rows <= 8 ? 1 : operands.rows <= 16 ? 2 : 4;
  auto kernel = rowTiles == 1 ? fused_linear_8 : rowTiles == 2 ? fused_linear_16 : fused_linear_32;
  int clusters = options.clusters > 0 ? options.clusters : multiprocessors() / CLUSTER_BLOCKS;
  int bytes = linearSharedBytes(rowTiles, operands.columns, operands.outputs, clusters);
  while (bytes > 225 * 1024) {
    bytes = linearSharedBytes(rowTiles, operands.columns, operands.outputs, clusters += multiprocessors() / 2);
  }
  CHECK(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
  launch(kernel, dim3(clusters * CLUSTER_BLOCKS), 32 * LINEAR_WARPS, bytes, CLUSTER_BLOCKS, options, operands);
}

inline void rmsNorm(bf16* out, const float* x, const float* weight, const Step* step, int slot,
                    int rows, int columns, float epsilon, const LaunchOptions& options) {
  launch(rms_norm_bf16, dim3(rows), NORM_THREADS, 0, 1, options, out, x, weight, step, slot, columns, epsilon);
}

inline void ropeAndCache(bf16* qkv, bf16* cache, const Step* step, const int* tables,
                         const float* speeds, CacheShape shape, int layer, int heads, int rotated,
                         int rows, const LaunchOptions& options) {
  launch(rope_and_cache_bf16, dim3(rows, heads + 2 * shape.heads), ceilDiv(shape.headSize / 2, 32) * 32,
         0, 1, options, qkv, cache, step, tables, speeds, shape, layer, heads, rotated, 1.0f);
}

inline void pagedDecode(bf16* out, const bf16* qkv, const bf16* cache, const Step* step,
                        const int* tables, CacheShape shape, int layer, int heads, int rows,
                        float scale, const LaunchOptions& options) {
  int group = heads / shape.heads;
  auto kernel = shape.headSize == 64
      ? (group == 1 ? paged_decode_64_1 : group == 2 ? paged_decode_64_2
         : group == 4 ? paged_decode_64_4 : paged_decode_64_8)
      : (group == 1 ? paged_decode_128_1 : paged_decode_128_4);
  launch(kernel, dim3(SPLITS, shape.heads, rows), 32 * DECODE_WARPS, 0, SPLITS, options, out, qkv,
         cache, step, tables, shape, layer, scale);
}

// Weight tiles of row-major matrices, merged: part i begins at firsts[i].
inline void packWeights(char* tiles, const bf16* rows, int outputs, int columns, Placement at) {
  pack_weight_tiles<<<outputs, 256>>>((uint4*) tiles, (const uint4*) rows, columns, at);
  CHECK(cudaGetLastError());
}

inline void packSigns(uint32_t* tiles, const uint32_t* rows, int outputs, int columns, Placement at) {
  pack_sign_tiles<<<outputs, 128>>>(tiles, rows, columns, at);
  CHECK(cudaGetLastError());
}

inline void packIndices(char* tiles, const uint8_t* rows, int bands, int columns) {
  pack_index_tiles<<<bands, 128>>>(tiles, (const uint64_t*) rows, columns);
  CHECK(cudaGetLastError());
}
