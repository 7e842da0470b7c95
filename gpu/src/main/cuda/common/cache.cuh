// The paged key-value cache: bf16 [pages][layers][2: keys, values][K heads][P positions][S].
#pragma once
#include <cstdint>

struct CacheShape {
  int layers, heads, headSize, pageTokens;   // layers, K, S, P
};

__host__ __device__ __forceinline__ int64_t cacheIndex(const CacheShape& shape, int page, int layer,
                                                       int isValue, int head, int slot) {
  return (((((int64_t) page * shape.layers + layer) * 2 + isValue) * shape.heads + head) *
              shape.pageTokens + slot) * shape.headSize;
}
