// fill_random: words of random bits, for measuring speed with weights that are made on the device.
//
//   out[i] = (hash of seed and i) & mask | base
//
//   out u32 [count]
//   Launch    any grid, block 256.
//   Numerics  exact; the same for a seed, whatever the grid.
//   Cost      4 bytes written a word.
#include <cstdint>

extern "C" __global__ void __launch_bounds__(256)
fill_random(uint32_t* __restrict__ out, int64_t count, uint32_t seed, uint32_t mask, uint32_t base) {
  int64_t stride = (int64_t) gridDim.x * blockDim.x;
  for (int64_t i = blockIdx.x * (int64_t) blockDim.x + threadIdx.x; i < count; i += stride) {
    uint64_t z = (i + seed * 0x100000001ull + 1) * 0x9E3779B97F4A7C15ull;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    out[i] = ((uint32_t) (z >> 31) & mask) | base;
  }
}
